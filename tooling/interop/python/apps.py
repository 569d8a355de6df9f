"""Named Celery apps, and what every operation needs of them."""
from celery import Celery
from celery.app.task import Context
from celery.result import result_from_tuple

from tagged import from_tagged, to_tagged

APPS = {}


class OracleApp(Celery):
    """A Celery app whose MongoDB backend may be given in-memory collections."""
    fake_collections = None

    def _get_backend(self):
        backend = super()._get_backend()
        if self.fake_collections:
            backend.__dict__['collection'], backend.__dict__['group_collection'] = self.fake_collections
        return backend


def configure(r):
    name = r.get('app', 'default')
    old = APPS.pop(name, None)
    if old is not None:
        try:
            old.close()
        except Exception:                                 # its server may be gone, which is no matter any more
            pass
    app = OracleApp('oracle-' + name, broker=r.get('broker') or 'memory://', backend=r['backend'], set_as_current=True)
    app.conf.update({key: from_tagged(value) for key, value in (r.get('conf') or {}).items()})
    if r.get('fake_mongo'):
        from fake_mongo import FakeCollection
        app.fake_collections = (FakeCollection(), FakeCollection())

    @app.task(name='oracle.body')
    def body(*args, **kwargs):
        return None

    APPS[name] = app
    app.set_current()
    backend = app.backend
    return {
        'backend_class': type(backend).__module__ + '.' + type(backend).__name__,
        'expires': to_tagged(backend.expires),
        'serializer': backend.serializer,
        'content_type': backend.content_type,
        'accept': sorted(backend.accept or []),
    }


def get_app(r):
    name = r.get('app', 'default')
    if name not in APPS:
        raise KeyError('no app %r: send configure first' % name)
    app = APPS[name]
    app.set_current()
    _forget_pending(app)
    return app


def make_request(app, r, **base):
    """The task request that a worker would hand to the backend; None where the caller gave none."""
    fields = dict(base)
    given = dict(r.get('request') or {})
    children = given.pop('children', None)
    fields.update({key: from_tagged(value, app) for key, value in given.items()})
    if not fields and 'request' not in r:
        return None
    fields.setdefault('id', r.get('task_id'))
    if children is not None:
        fields['_children'] = [result_from_tuple(child, app) for child in children]
    return Context(fields)


def value_of(app, r):
    """What a task ended with: its exception `exc`, else its `result`."""
    return from_tagged(r['exc'] if 'exc' in r else r.get('result'), app)


def _forget_pending(app):
    """Celery registers one result object per task id and ignores later ones for the same id (they then never
    resolve in GroupResult.get): drop registrations left behind by earlier operations of this thread."""
    backend = app.backend
    for results in getattr(backend, '_pending_results', None) or ():
        results.clear()
    messages = getattr(backend, '_pending_messages', None)
    if messages is not None and hasattr(messages, 'clear'):
        messages.clear()
        messages.total = 0
