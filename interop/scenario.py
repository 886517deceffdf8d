"""What both sides of the interop scenarios agree on."""

import json
import struct
import sys

from bumble.core import UUID

SERVICE = UUID.from_16_bits(0x181A)
LONG = UUID('6E400001-B5A3-F393-E0A9-E50E24DCCA9E')
WRITABLE = UUID('6E400002-B5A3-F393-E0A9-E50E24DCCA9E')
NOTIFYING = UUID('6E400003-B5A3-F393-E0A9-E50E24DCCA9E')
INDICATING = UUID('6E400004-B5A3-F393-E0A9-E50E24DCCA9E')

NOTIFICATIONS = 100
INDICATIONS = 20
LONG_VALUE = bytes(i % 251 for i in range(300))


def counter(i):
    """The octets of the i-th update."""
    return struct.pack('<I', i)


def tell(**event):
    """Prints what happened, a line each."""
    print(json.dumps(event), flush=True)


def transport():
    """The transport to the controller, from the first argument."""
    return f'tcp-client:127.0.0.1:{sys.argv[1]}'
