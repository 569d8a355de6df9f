"""Real Python on the other side: one JSON request per line, one JSON answer per line.

{"pickle": base64, "protocol": n} -> {"tagged": what Python read (as tagged.ts writes it), "pickle": it pickled again}
"""

import base64
import datetime as dt
import decimal
import json
import math
import pickle
import struct
import sys
import uuid
import zoneinfo

SAFE = 2**53 - 1


def tagged(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if -SAFE <= value <= SAFE else {'$int': str(value)}
    if isinstance(value, float):
        return {'$float': 'nan' if math.isnan(value) else struct.pack('>d', value).hex()}
    if isinstance(value, complex):
        return {'$complex': [tagged(value.real), tagged(value.imag)]}
    if isinstance(value, bytes):
        return {'$bytes': value.hex()}
    if isinstance(value, list):
        return [tagged(item) for item in value]
    if isinstance(value, tuple):
        return {'$tuple': [tagged(item) for item in value]}
    if isinstance(value, (set, frozenset)):
        return {'$' + type(value).__name__: in_order([tagged(item) for item in value])}
    if isinstance(value, dict):
        return {'$dict': in_order([[tagged(key), tagged(item)] for key, item in value.items()])}
    if isinstance(value, dt.datetime):
        zone = value.tzinfo.key if isinstance(value.tzinfo, zoneinfo.ZoneInfo) else None
        return {'$datetime': [value.isoformat(), zone]}
    if isinstance(value, (dt.date, dt.time)):
        return {'$' + type(value).__name__: value.isoformat()}
    if isinstance(value, dt.timedelta):
        return {'$timedelta': [value.days, value.seconds, value.microseconds]}
    if isinstance(value, decimal.Decimal):
        return {'$decimal': str(value)}
    if isinstance(value, uuid.UUID):
        return {'$uuid': value.hex}
    raise TypeError(type(value))


def in_order(items):
    return sorted(items, key=lambda item: json.dumps(item, separators=(',', ':')))


if hasattr(sys, 'set_int_max_str_digits'):
    sys.set_int_max_str_digits(0)
for line in sys.stdin:
    request = json.loads(line)
    try:
        value = pickle.loads(base64.b64decode(request['pickle']))
        again = pickle.dumps(value, request['protocol'])
        answer = {'tagged': tagged(value), 'pickle': base64.b64encode(again).decode()}
    except Exception as error:
        answer = {'error': repr(error)}
    print(json.dumps(answer), flush=True)
