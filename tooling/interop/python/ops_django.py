"""Operations on a Django project that keeps its results by django-celery-results; only where Django is installed."""
import os
import time

from tagged import to_tagged

APPS = ['django.contrib.contenttypes', 'django.contrib.auth', 'django.contrib.sessions', 'django.contrib.messages',
        'django.contrib.admin', 'django_celery_results']


def django_database(r):
    import pymysql
    pymysql.version_info = (2, 2, 1, 'final', 0)          # Django asks for mysqlclient, of which PyMySQL plays the part
    pymysql.install_as_MySQLdb()
    import django
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    zone = {'USE_TZ': r.get('use_tz', True), 'TIME_ZONE': r.get('time_zone', 'UTC')}
    if not settings.configured:
        settings.configure(DATABASES={'default': r['database']}, INSTALLED_APPS=APPS, SECRET_KEY='oracle',
                           ROOT_URLCONF=__name__, ALLOWED_HOSTS=['*'], MIDDLEWARE=MIDDLEWARE, TEMPLATES=TEMPLATES,
                           DEFAULT_AUTO_FIELD='django.db.models.AutoField', **zone)
        django.setup()
    for name, value in zone.items():
        setattr(settings, name, value)
    os.environ['TZ'] = settings.TIME_ZONE                 # as settings in a module of their own do
    time.tzset()
    # One database after another as the same `default`.
    connections.close_all()
    connections.settings = connections.configure_settings({'default': r['database']})
    del connections['default']
    migration = [r['migration']] if 'migration' in r else []
    call_command('migrate', 'django_celery_results', *migration, verbosity=0)


def django_row(r):
    """The row as Django's own model reads it, by `task_id` or `group_id`; None where there is none."""
    from django_celery_results import models
    key, model = ('task_id', models.TaskResult) if 'task_id' in r else ('group_id', models.GroupResult)
    return to_tagged(model.objects.filter(**{key: r[key]}).values().first())


def django_admin(r):
    """The page of a task result in Django's admin, as text."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client
    from django_celery_results.models import TaskResult
    call_command('migrate', verbosity=0)
    user, _ = User.objects.get_or_create(username='admin', is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    row = TaskResult.objects.get(task_id=r['task_id'])
    page = client.get('/admin/django_celery_results/taskresult/%d/change/' % row.pk)
    return {'status': page.status_code, 'text': page.content.decode()}


class _Urls(list):
    """Made when Django first asks for them: its admin can only be imported once settings are there."""

    def __iter__(self):
        from django.contrib import admin
        from django.urls import path
        if not len(self):
            self.append(path('admin/', admin.site.urls))
        return super().__iter__()


urlpatterns = _Urls()

MIDDLEWARE = ['django.contrib.sessions.middleware.SessionMiddleware',
              'django.contrib.auth.middleware.AuthenticationMiddleware',
              'django.contrib.messages.middleware.MessageMiddleware']

TEMPLATES = [{'BACKEND': 'django.template.backends.django.DjangoTemplates', 'APP_DIRS': True, 'OPTIONS': {
    'context_processors': ['django.template.context_processors.request', 'django.contrib.auth.context_processors.auth',
                           'django.contrib.messages.context_processors.messages']}}]

OPS = [django_database, django_row, django_admin]
