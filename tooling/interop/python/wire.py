"""The oracle's own line to its caller: JSON lines on what was standard output when it started."""
import json
import os
import sys
import threading

# Import this module before Celery: whatever anybody prints then goes to stderr and cannot corrupt the protocol.
_out = os.fdopen(os.dup(1), 'w', buffering=1, encoding='utf-8')
sys.stdout = sys.stderr

_lock = threading.Lock()


def send(message):
    """Writes one message; safe to call from any thread."""
    line = json.dumps(message, ensure_ascii=True)
    with _lock:
        _out.write(line + '\n')
        _out.flush()
