"""Operations on results and groups, through Celery's own backend and client API."""
from celery.result import ResultSet, result_from_tuple

from apps import configure, get_app, make_request, value_of
from tagged import describe_exception, from_tagged, to_tagged
from wire import send


def store_result(r):
    app = get_app(r)
    stored = app.backend.store_result(r['task_id'], value_of(app, r), r['state'], traceback=r.get('traceback'),
                                      request=make_request(app, r))
    return to_tagged(stored)


def mark_as_started(r):
    app = get_app(r)
    return to_tagged(app.backend.mark_as_started(r['task_id'], **from_tagged(r.get('meta') or {})))


def mark_as_done(r):
    app = get_app(r)
    app.backend.mark_as_done(r['task_id'], value_of(app, r), request=make_request(app, r))


def mark_as_failure(r):
    app = get_app(r)
    app.backend.mark_as_failure(r['task_id'], value_of(app, r), traceback=r.get('traceback'),
                                request=make_request(app, r))


def mark_as_retry(r):
    app = get_app(r)
    app.backend.mark_as_retry(r['task_id'], value_of(app, r), traceback=r.get('traceback'),
                              request=make_request(app, r))


def mark_as_revoked(r):
    app = get_app(r)
    app.backend.mark_as_revoked(r['task_id'], r.get('reason', ''), request=make_request(app, r))


def get_task_meta(r):
    backend = get_app(r).backend
    if type(backend).__name__ == 'RPCBackend':            # its second parameter is another one
        return to_tagged(backend.get_task_meta(r['task_id']))
    return to_tagged(backend.get_task_meta(r['task_id'], cache=r.get('cache', False)))


ATTRIBUTES = ('state', 'result', 'traceback', 'date_done', 'children', 'name', 'args', 'kwargs', 'worker', 'retries', 'queue')
QUESTIONS = ('ready', 'successful', 'failed')


def result(r):
    """What each attribute of AsyncResult says; one that raises says so, and does not hide the others."""
    found = get_app(r).AsyncResult(r['task_id'])
    readers = {name: lambda name=name: getattr(found, name) for name in ATTRIBUTES}
    readers.update({name: getattr(found, name) for name in QUESTIONS})
    answers = {}
    for name, read in readers.items():
        try:
            answers[name] = to_tagged(read())
        except Exception as error:
            answers[name] = {'$exception': describe_exception(error)}
    return answers


def get(r):
    app = get_app(r)
    found = app.AsyncResult(r['task_id'])
    app.backend.add_pending_result(found)
    send({'id': r.get('id'), 'event': 'subscribed'})
    return to_tagged(found.get(interval=r.get('interval', 0.1), **_waiting(r)))


def join(r):
    app = get_app(r)
    results = ResultSet([app.AsyncResult(task_id) for task_id in r['task_ids']], app=app)
    wait = results.join_native if results.supports_native_join else results.join
    return to_tagged(wait(**_waiting(r)))


def save_group(r):
    group = result_from_tuple(r['tuple'], get_app(r))
    group.save()
    return to_tagged(group)


def restore_group(r):
    group = get_app(r).backend.restore_group(r['group_id'], cache=False)
    return {'type': type(group).__name__, 'value': to_tagged(group)}


def delete_group(r):
    get_app(r).backend.delete_group(r['group_id'])


def group_get(r):
    app = get_app(r)
    group = app.backend.restore_group(r['group_id'], cache=False)
    if isinstance(group, list):                           # MongoDB restores no GroupResult
        group = ResultSet(group, app=app)
    return to_tagged(group.get(**_waiting(r)))


def forget(r):
    get_app(r).AsyncResult(r['task_id']).forget()


def cleanup(r):
    get_app(r).backend.cleanup()


def _waiting(r):
    # The oracle plays every part in one process, which Celery takes for a task that waits for its own subtask.
    return {'timeout': r.get('timeout', 10), 'propagate': r.get('propagate', True), 'disable_sync_subtasks': False}


OPS = [
    configure, store_result, mark_as_started, mark_as_done, mark_as_failure, mark_as_retry, mark_as_revoked,
    get_task_meta, result, get, join, save_group, restore_group, delete_group, group_get, forget, cleanup,
]
