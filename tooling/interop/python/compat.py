"""What Celery and kombu 5.2 need to start on a recent Python. Import this module before them."""
import importlib.metadata
import sys

# They ask entry points with the mapping interface that Python 3.12 removed. Nothing that is stored or read depends on
# it, so the oracle supplies it rather than demand an older Python.
if sys.version_info >= (3, 12):
    importlib.metadata.EntryPoints.get = lambda self, group, default=(): self.select(group=group) or default
