#!/usr/bin/env python3
"""Celery result-backend oracle: JSON-lines over stdin/stdout, driving *real* Celery.

Each input line is one request object; each output line one response object.

  request : {"id": 1, "op": "...", "app": "default", "background": false, ...op args}
  response: {"id": 1, "ok": true,  "result": <tagged value>}
            {"id": 1, "ok": false, "error": {"type", "module", "message", "traceback"}}
  event   : {"id": 1, "event": "subscribed" | "ready", ...}     (before the response, for waiting ops)

"background": true runs the op in its own thread so that other requests go on meanwhile; the response comes
when it is done.  (Celery keeps one backend - and for rpc one reply queue - per thread.)

Tagged values (both directions).  Plain JSON stands for itself; everything else is a one-key object:
  {"$int": "18446744073709551616"}  ints beyond +-(2^53-1)     {"$float": "1.0"|"nan"|"inf"|"-inf"|"-0.0"} integral/non-finite floats
  {"$bytes": b64} {"$tuple": [..]} {"$set": [..]} {"$frozenset": [..]} {"$dict": [[k, v], ..]} (non-string keys, or a key starting with $)
  {"$datetime": iso} {"$date": iso} {"$time": iso} {"$timedelta": [days, seconds, microseconds]} {"$uuid": hex} {"$decimal": str}
  {"$exception": {"module", "type", "args": [..], (out only:) "str", "repr", "mro": [..], "cause"}}
  {"$result": as_tuple}   AsyncResult / GroupResult, as [[id, parent], children|null]
  {"$repr": "..."}        (out only) anything else

Ops
  info                                                     versions
  configure  app, backend, broker?, conf?                  (re)create a named app; conf values may be tagged;  fake_mongo: true
                                                           replaces pymongo collections by in-memory ones (no mongod needed)
  store_result task_id, result, state, traceback?, request?
  mark_as_started task_id, meta?, request? | mark_as_done task_id, result, request? | mark_as_failure task_id, exc, traceback?, request?
  mark_as_retry task_id, exc, traceback?, request?  | mark_as_revoked task_id, reason, request?
       request: {"task","args","kwargs","hostname","retries","delivery_info","group","parent_id","reply_to","correlation_id",
                 "children": [as_tuple..], "stamps", "stamped_headers", ...}
  get_task_meta task_id, cache?=false                      backend.get_task_meta
  result task_id                                           every AsyncResult attribute
  get task_id, timeout?=10, propagate?=true                AsyncResult.get; emits event "subscribed" once it listens
  join task_ids, timeout?, propagate?                      ResultSet join (join_native where the backend has it)
  save_group tuple: as_tuple | restore_group group_id | delete_group group_id | group_get group_id, timeout?, propagate?
  forget task_id | cleanup
  set_chord_size group_id, size | chord_part group_id, task_id, index, result|exc, state?, chord_size?   (redis chord protocol; the
       body task "oracle.body" is sent to a memory:// broker and the call recorded; chord_calls returns and clears them)
  rpc_client_info                                          declares this thread's reply queue -> {"reply_to", "queue"}
  rpc_wait task_id, timeout?, propagate?                   declares the queue, emits event "ready" {"reply_to"}, then AsyncResult.get
  rpc_reply reply_to, correlation_id?, task_id, result|exc, state, traceback?, request?   act as the worker
  dumps serializer, value -> {content_type, content_encoding, body: b64} | loads content_type, content_encoding, body, accept?
  compress method, body -> {content_type, body} | decompress method, body
  compress_payload method, body -> b64 | decompress_payload body -> b64      result_compression of Celery 5.7, with its marker
  register_type marker, body: text -> {repr, body: text}      kombu >= 5.3: reads Registered(value) and writes it again
  pickle_dumps value, protocol? -> b64 | pickle_loads body
  fernet_encrypt keys, body -> token | fernet_decrypt keys, token -> b64      MultiFernet; Celery 5.2 and 5.6, as all of these
  make_certificate names: [[NameOID attribute, value]..], serial?, days?=1, password? -> {key, certificate}
  auth_dumps key, password?, certificate, value, digest?, serializer? -> text | auth_loads certificate, data, digest?
  xaes_encrypt key: b64, body: b64, associated_data: text -> b64 | xaes_decrypt
  mongo_put collection(task|group), bson | mongo_dump collection, doc_id  (fake_mongo only; documents as base64 BSON)
  django_database database: {ENGINE, NAME, ..}, use_tz?=true, time_zone?='UTC', migration?=latest
                                                           the environment with Django: migrates it; from then on the backend is 'django-db'
  django_row task_id | group_id -> columns by name         as django-celery-results' own models read the row
  django_admin task_id -> {status, text}                   the row's page in Django's admin
  exit
"""
import json
import logging
import os
import sys
import threading
import traceback
import warnings

from wire import send

import compat  # noqa: F401

warnings.simplefilter('ignore')
logging.disable(logging.NOTSET if os.environ.get('ORACLE_DEBUG') else logging.CRITICAL)

import ops_codecs  # noqa: E402
import ops_django  # noqa: E402
import ops_results  # noqa: E402
import ops_security  # noqa: E402
import ops_stores  # noqa: E402
from tagged import describe_exception  # noqa: E402

OPS = {op.__name__: op for op in ops_results.OPS + ops_stores.OPS + ops_codecs.OPS + ops_security.OPS + ops_django.OPS}


def handle(request):
    request_id = request.get('id')
    try:
        op = OPS.get(request['op'])
        if op is None:
            raise KeyError('unknown op %r' % request['op'])
        send({'id': request_id, 'ok': True, 'result': op(request)})
    except BaseException as error:  # SystemExit can be a stored exception
        send({'id': request_id, 'ok': False, 'error': {
            'type': type(error).__qualname__,
            'module': type(error).__module__,
            'message': str(error),
            'exception': describe_exception(error),
            'traceback': traceback.format_exc()[-4000:],
        }})


def main():
    if sys.argv[1:] in (['-h'], ['--help']):
        print(__doc__)
        return
    for line in sys.stdin:
        request = json.loads(line)
        if request.get('op') == 'exit':
            send({'id': request.get('id'), 'ok': True, 'result': None})
            break
        if request.get('background'):
            threading.Thread(target=handle, args=(request,), daemon=True).start()
        else:
            handle(request)
    os._exit(0)                                           # Celery's own threads would keep a normal exit waiting


if __name__ == '__main__':
    main()
