#!/usr/bin/env python3
"""Makes a virtual environment of the running Python with pinned packages, once.

  make_venv.py DIRECTORY_PREFIX REQUIREMENTS PROBE

The directory is DIRECTORY_PREFIX-py<major.minor>. Prints one JSON line on stdout:
  {"directory", "python": path of its interpreter}        it stands
  {"failed": "version" | "venv" | "install" | "probe", "detail"}

All or nothing: a stamp is written last, after PROBE (a script) ran in it without error, and a directory without the right
stamp is made anew. (A virtual environment cannot be made elsewhere and renamed: its scripts hold its path.)
Safe when several processes want it at once: one works under a file lock, which the system releases however that process
ends; the others wait for it and find the stamp. A failure is told to all who ask within a minute, so that a machine
without a network does not wait for pip once per test file and name of Python.
"""
import hashlib
import json
import os
import subprocess
import sys
import time

OLDEST = (3, 9)
REMEMBER_S = 60


def main(prefix, requirements, probe):
    if sys.version_info < OLDEST:
        return failed('version', 'Python %d.%d' % sys.version_info[:2])
    import fcntl

    directory = '%s-py%d.%d' % ((prefix,) + sys.version_info[:2])
    python = os.path.join(directory, 'bin', 'python')
    os.makedirs(os.path.dirname(directory), exist_ok=True)
    stamp, failure = directory + '/rb-stamp', directory + '.failed'
    wanted = stamp_of(requirements)
    with open(directory + '.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if read(stamp) == wanted:
            return answer({'directory': directory, 'python': python})
        recent = json.loads(read(failure) or '{}')
        if recent.get('stamp') == wanted and time.time() - recent['at'] < REMEMBER_S:
            return failed(recent['failed'], recent['detail'])

        sys.stderr.write('interop: installing %s for Python %d.%d into %s (once)\n' % (
            (os.path.basename(prefix),) + sys.version_info[:2] + (directory,)))
        steps = (
            ('venv', [sys.executable, '-m', 'venv', '--clear', directory]),
            ('install', [python, '-m', 'pip', 'install', '-qq', '--no-input', '--disable-pip-version-check',
                         '--retries', '2', '-r', requirements]),
            ('probe', [python, probe]),
        )
        for step, command in steps:
            detail = run(command)
            if detail is not None:
                write(failure, json.dumps({'stamp': wanted, 'at': time.time(), 'failed': step, 'detail': detail}))
                return failed(step, detail)
        write(stamp, wanted)
        answer({'directory': directory, 'python': python})


def stamp_of(requirements):
    """Changes with the pins and with the Python that the environment points to."""
    return hashlib.sha256('\n'.join(pins_of(requirements) + [sys.executable, sys.version]).encode()).hexdigest()


def pins_of(requirements):
    """The text of the file and of those that it includes."""
    text = read(requirements)
    included = [line.split()[1] for line in text.splitlines() if line.startswith('-r ')]
    return [text] + [read(os.path.join(os.path.dirname(requirements), name)) for name in included]


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return None


def write(path, text):
    with open(path, 'w') as file:
        file.write(text)


def run(command):
    """None, or the end of what the failing command said."""
    # The probe reads its standard input to the end, and nobody must be asked anything.
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return None if done.returncode == 0 else done.stdout.decode(errors='replace').strip()[-2000:]


def failed(step, detail):
    answer({'failed': step, 'detail': detail})


def answer(message):
    print(json.dumps(message))


if __name__ == '__main__':
    main(*sys.argv[1:])
