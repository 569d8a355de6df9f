"""Tagged values: Python values as JSON and back, without loss. celery_oracle.py lists the tags."""
import base64
import datetime as dt
import decimal
import importlib
import json
import math
import uuid

from celery.result import ResultBase, result_from_tuple

SAFE = 2 ** 53 - 1                                        # what a JavaScript number holds exactly


def to_tagged(value):
    if value is None or value is True or value is False or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if -SAFE <= value <= SAFE else {'$int': str(int(value))}
    if isinstance(value, float):
        plain = math.isfinite(value) and value != int(value)
        return value if plain else {'$float': repr(value)}
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {'$bytes': base64.b64encode(bytes(value)).decode()}
    if isinstance(value, ResultBase):                     # before tuple, which it may be compared with
        return {'$result': _as_lists(value.as_tuple())}
    if isinstance(value, tuple):
        return {'$tuple': [to_tagged(item) for item in value]}
    if isinstance(value, list):
        return [to_tagged(item) for item in value]
    if isinstance(value, (set, frozenset)):
        items = [to_tagged(item) for item in value]
        # Sets have no order: a fixed one makes two equal sets equal as JSON.
        items.sort(key=lambda item: json.dumps(item, sort_keys=True))
        return {'$frozenset' if isinstance(value, frozenset) else '$set': items}
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value) and not _looks_tagged(value):
            return {key: to_tagged(item) for key, item in value.items()}
        return {'$dict': [[to_tagged(key), to_tagged(item)] for key, item in value.items()]}
    if isinstance(value, dt.datetime):                    # before date, its base class
        return {'$datetime': value.isoformat()}
    if isinstance(value, dt.date):
        return {'$date': value.isoformat()}
    if isinstance(value, dt.time):
        return {'$time': value.isoformat()}
    if isinstance(value, dt.timedelta):
        return {'$timedelta': [value.days, value.seconds, value.microseconds]}
    if isinstance(value, uuid.UUID):
        return {'$uuid': value.hex}
    if isinstance(value, decimal.Decimal):
        return {'$decimal': str(value)}
    if isinstance(value, BaseException):
        return {'$exception': describe_exception(value)}
    return {'$repr': repr(value)}


def describe_exception(error):
    cls = type(error)
    try:
        args = [{'$repr': '<self>'} if arg is error else to_tagged(arg) for arg in error.args]
    except Exception:                                     # args may be anything that a subclass made of it
        args = [{'$repr': repr(error.args)}]
    cause = error.__cause__
    return {
        'module': cls.__module__,
        'type': cls.__qualname__,
        'args': args,
        'str': str(error),
        'repr': repr(error),
        'mro': [base.__module__ + '.' + base.__qualname__ for base in cls.__mro__],
        'cause': None if cause is None else describe_exception(cause),
    }


def from_tagged(value, app=None):
    """The inverse; `app` is what results belong to."""
    if isinstance(value, list):
        return [from_tagged(item, app) for item in value]
    if not isinstance(value, dict):
        return value
    if _looks_tagged(value):
        (tag, content), = value.items()
        if tag in _SCALARS:
            return _SCALARS[tag](content)
        if tag in _SEQUENCES:
            return _SEQUENCES[tag](from_tagged(item, app) for item in content)
        if tag == '$dict':
            return {from_tagged(key, app): from_tagged(item, app) for key, item in content}
        if tag == '$exception':
            return _make_exception(content, app)
        if tag == '$result':
            return result_from_tuple(content, app)
        raise ValueError('unknown tag %r' % tag)
    return {key: from_tagged(item, app) for key, item in value.items()}


_SCALARS = {
    '$int': int,
    '$float': float,
    '$bytes': base64.b64decode,
    '$datetime': lambda text: dt.datetime.fromisoformat(text.replace('Z', '+00:00')),
    '$date': dt.date.fromisoformat,
    '$time': dt.time.fromisoformat,
    '$timedelta': lambda parts: dt.timedelta(*parts),
    '$uuid': uuid.UUID,
    '$decimal': decimal.Decimal,
}
_SEQUENCES = {'$tuple': tuple, '$set': set, '$frozenset': frozenset}


def _looks_tagged(mapping):
    return len(mapping) == 1 and next(iter(mapping)).startswith('$')


def _as_lists(value):
    return [_as_lists(item) for item in value] if isinstance(value, (list, tuple)) else value


def _make_exception(content, app):
    """An instance of the named class, or of a new one of that name where there is none to import."""
    module, name = content.get('module') or 'builtins', content['type']
    try:
        cls = importlib.import_module(module)
        for part in name.split('.'):
            cls = getattr(cls, part)
    except (ImportError, AttributeError):
        cls = type(name, (Exception,), {'__module__': module, '__qualname__': name})
    return cls(*[from_tagged(arg, app) for arg in content.get('args', [])])
