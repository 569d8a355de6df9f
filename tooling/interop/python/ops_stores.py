"""Operations that only one kind of store has: Redis chords, RPC reply queues, MongoDB documents."""
import base64

from celery.app.task import Context

from apps import get_app, make_request, value_of
from tagged import to_tagged
from wire import send

CHORD_CALLS = []


def set_chord_size(r):
    get_app(r).backend.set_chord_size(r['group_id'], r['size'])


def chord_part(r):
    """One header task is done. The call of the chord's body is recorded instead of sent."""
    app = get_app(r)
    body = app.tasks['oracle.body']
    signature = body.s()
    signature.options['task_id'] = r.get('body_id', 'body-' + r['group_id'])
    if 'chord_size' in r:
        signature['chord_size'] = r['chord_size']
    state = r.get('state', 'FAILURE' if 'exc' in r else 'SUCCESS')
    request = Context({'id': r['task_id'], 'group': r['group_id'], 'group_index': r.get('index'), 'chord': signature})

    def record(task, args=None, kwargs=None, **options):
        CHORD_CALLS.append({'args': to_tagged(list(args or ())), 'kwargs': to_tagged(kwargs or {}),
                            'task_id': options.get('task_id')})
        return app.AsyncResult(options.get('task_id') or 'x')

    task_class = type(body)
    original = task_class.apply_async
    task_class.apply_async = record
    try:
        app.backend.on_chord_part_return(request, state, value_of(app, r))
    finally:
        task_class.apply_async = original


def chord_calls(r):
    calls, CHORD_CALLS[:] = list(CHORD_CALLS), []
    return calls


def rpc_client_info(r):
    app = get_app(r)
    with app.pool.acquire_channel(block=True) as (_, channel):
        app.backend.binding(channel).declare()
    return {'reply_to': app.thread_oid, 'queue': app.backend.binding.name}


def rpc_wait(r):
    reply_to = rpc_client_info(r)['reply_to']
    app = get_app(r)
    found = app.AsyncResult(r['task_id'])
    app.backend.add_pending_result(found)
    send({'id': r.get('id'), 'event': 'ready', 'reply_to': reply_to})
    messages = []
    value = found.get(timeout=r.get('timeout', 10), propagate=r.get('propagate', True), disable_sync_subtasks=False,
                      on_message=lambda message: messages.append(to_tagged(dict(message))))
    return {'value': to_tagged(value), 'state': found.state, 'messages': messages}


def rpc_reply(r):
    app = get_app(r)
    request = make_request(app, r, reply_to=r['reply_to'], correlation_id=r.get('correlation_id', r['task_id']),
                           id=r['task_id'])
    app.backend.store_result(r['task_id'], value_of(app, r), r['state'], traceback=r.get('traceback'), request=request)


def _fake_collection(r):
    return get_app(r).fake_collections[0 if r.get('collection', 'task') == 'task' else 1]


def mongo_put(r):
    _fake_collection(r).put_raw(base64.b64decode(r['bson']))


def mongo_dump(r):
    raw = _fake_collection(r).documents.get(r['doc_id'])
    return None if raw is None else base64.b64encode(raw).decode()


OPS = [set_chord_size, chord_part, chord_calls, rpc_client_info, rpc_wait, rpc_reply, mongo_put, mongo_dump]
