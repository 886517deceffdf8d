"""What both sides of the interop scenarios agree on."""

import json
import struct
import sys

from bumble.core import UUID

SERVICE = UUID.from_16_bits(0x181A)
LONG = UUID('7D2E0001-5C0B-4F5A-9A3E-6B1F0C2D4E01')
WRITABLE = UUID('7D2E0002-5C0B-4F5A-9A3E-6B1F0C2D4E01')
NOTIFYING = UUID('7D2E0003-5C0B-4F5A-9A3E-6B1F0C2D4E01')
INDICATING = UUID('7D2E0004-5C0B-4F5A-9A3E-6B1F0C2D4E01')
REFUSED = UUID('7D2E0005-5C0B-4F5A-9A3E-6B1F0C2D4E01')
INCLUDED = UUID.from_16_bits(0x180F)
INCLUDED_WIDE = UUID('7D2E0009-5C0B-4F5A-9A3E-6B1F0C2D4E01')
LEVEL = UUID.from_16_bits(0x2A19)

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
