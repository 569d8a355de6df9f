"""Operations on values alone: kombu's serializers and compression, Python's pickle, and the versions in use."""
import base64
import importlib
import pickle
import sys

import celery
import kombu
from kombu import compression, serialization

from tagged import from_tagged, to_tagged

try:                                                      # as an application adds it: kombu does not know it by itself
    import cbor2
    serialization.register('cbor', cbor2.dumps, cbor2.loads, 'application/cbor', 'binary')
except ImportError:
    pass

LIBRARIES = ('redis', 'sqlalchemy', 'psycopg2', 'pymysql', 'pymongo', 'msgpack', 'yaml', 'amqp')


def info(r):
    versions = {'python': sys.version.split()[0], 'celery': celery.__version__, 'kombu': kombu.__version__}
    for name in LIBRARIES:
        try:
            library = importlib.import_module(name)
            versions[name] = str(getattr(library, '__version__', getattr(library, 'version', '?')))
        except ImportError:
            versions[name] = None
    return versions


def dumps(r):
    content_type, content_encoding, body = serialization.dumps(from_tagged(r.get('value')), serializer=r['serializer'])
    return {'content_type': content_type, 'content_encoding': content_encoding,
            'body': _base64(body.encode('utf-8') if isinstance(body, str) else body)}


def loads(r):
    accept = serialization.prepare_accept_content(r.get('accept') or ['json', 'msgpack', 'yaml', 'pickle'])
    body = base64.b64decode(r['body'])
    return to_tagged(serialization.loads(body, r['content_type'], r.get('content_encoding'), accept=accept))


def compress(r):
    body, content_type = compression.compress(base64.b64decode(r['body']), r['method'])
    return {'content_type': content_type, 'body': _base64(body)}


def decompress(r):
    return {'body': _base64(compression.decompress(base64.b64decode(r['body']), r['method']))}


def compress_payload(r):
    from celery.backends.base import compress_payload
    return _base64(compress_payload(base64.b64decode(r['body']), r['method']))


def decompress_payload(r):
    from celery.backends.base import decompress_payload
    return _base64(decompress_payload(base64.b64decode(r['body'])))


def pickle_dumps(r):
    return _base64(pickle.dumps(from_tagged(r.get('value')), protocol=r.get('protocol', pickle.HIGHEST_PROTOCOL)))


def pickle_loads(r):
    return to_tagged(pickle.loads(base64.b64decode(r['body'])))


class Registered:
    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return 'Registered(%r)' % (self.value,)


def register_type(r):
    from kombu.utils import json as kombu_json
    kombu_json.register_type(Registered, r['marker'], lambda registered: registered.value, Registered)
    value = kombu_json.loads(r['body'])
    return {'repr': repr(value), 'body': kombu_json.dumps(value)}


def _base64(raw):
    return base64.b64encode(raw).decode()


OPS = [info, dumps, loads, compress, decompress, compress_payload, decompress_payload, pickle_dumps, pickle_loads,
       register_type]
