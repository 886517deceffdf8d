"""What both sides of the interop scenarios agree on."""

import asyncio
import contextlib
import json
import struct
import sys

from bumble import smp
from bumble.core import UUID, AdvertisingData
from bumble.device import ConnectionParametersPreferences, Device, Peer
from bumble.hci import Address, Phy
from bumble.transport import open_transport

SERVICE = UUID.from_16_bits(0x181A)
LONG = UUID('7D2E0001-5C0B-4F5A-9A3E-6B1F0C2D4E01')
WRITABLE = UUID('7D2E0002-5C0B-4F5A-9A3E-6B1F0C2D4E01')
NOTIFYING = UUID('7D2E0003-5C0B-4F5A-9A3E-6B1F0C2D4E01')
INDICATING = UUID('7D2E0004-5C0B-4F5A-9A3E-6B1F0C2D4E01')
REFUSED = UUID('7D2E0005-5C0B-4F5A-9A3E-6B1F0C2D4E01')
INCLUDED = UUID.from_16_bits(0x180F)
INCLUDED_WIDE = UUID('7D2E0009-5C0B-4F5A-9A3E-6B1F0C2D4E01')
LEVEL = UUID.from_16_bits(0x2A19)
# What a pairing opens.
DOORS = {
    'service': UUID('7D2E4000-5C0B-4F5A-9A3E-6B1F0C2D4E01'),
    'encrypted': UUID('7D2E4001-5C0B-4F5A-9A3E-6B1F0C2D4E01'),
    'authenticated': UUID('7D2E4002-5C0B-4F5A-9A3E-6B1F0C2D4E01'),
    'told': UUID('7D2E4003-5C0B-4F5A-9A3E-6B1F0C2D4E01'),
}

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


async def find(device, name):
    found = asyncio.get_running_loop().create_future()

    def on_advertisement(advertisement):
        text = advertisement.data.get(AdvertisingData.COMPLETE_LOCAL_NAME)
        if text == name and not found.done():
            found.set_result(advertisement.address)

    device.on('advertisement', on_advertisement)
    await device.start_scanning(active=True)
    address = await asyncio.wait_for(found, 10)
    await device.stop_scanning()
    return address


# The shortest interval: an air that takes its time gives a PDU each way in it.
FAST = {Phy.LE_1M: ConnectionParametersPreferences(connection_interval_min=7.5, connection_interval_max=7.5)}


@contextlib.asynccontextmanager
async def central():
    """A Bumble central that is connected to the peer whose name is the second argument: the connection, and Bumble's peer."""
    async with await open_transport(transport()) as hci:
        device = Device.with_hci('central', Address('F0:F1:F2:F3:F4:F6'), hci.source, hci.sink)
        await device.power_on()
        address = await find(device, sys.argv[2])
        connection = await device.connect(address, timeout=10, connection_parameters_preferences=FAST)
        yield connection, Peer(connection)


class SizedSession(smp.Session):
    """Bumble agrees on a size, and then uses the whole key. What is beyond the size is zero (Vol 3, Part H, 2.3.4)."""

    keys = {}

    @property
    def size(self):
        return min(self.preq[4], self.pres[4])

    def shortened(name):
        def shorten(self, key):
            self.keys = self.keys | {name: key and key[:self.size] + bytes(16 - self.size)}
        return property(lambda self: self.keys[name], shorten)

    ltk, stk = shortened('ltk'), shortened('stk')


async def obey(player):
    """Calls a method of the player for each line of stdin: a JSON object whose `do` is its name, and the rest its arguments."""
    async def one(do, **arguments):
        try:
            await getattr(player, do)(**arguments)
        except Exception as error:
            tell(event='error', text=f'{do}: {type(error).__name__} {error}')

    lines = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    tasks = set()
    while line := await lines.readline():
        task = asyncio.create_task(one(**json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
