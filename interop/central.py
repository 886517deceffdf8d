"""central.py PORT NAME [--rtt] [--peer-disconnects]: a Bumble central, as interop/rust/src/central.rs is."""

import asyncio
import statistics
import sys
import time

from bumble.core import AdvertisingData
from bumble.device import Device, Peer
from bumble.hci import Address
from bumble.transport import open_transport

from scenario import (INDICATING, INDICATIONS, LONG, LONG_VALUE, NOTIFICATIONS, NOTIFYING, SERVICE, WRITABLE, counter,
                      tell, transport)


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


async def values(characteristic, count, prefer_notify):
    queue = asyncio.Queue()
    await characteristic.subscribe(queue.put_nowait, prefer_notify)
    for i in range(count):
        value = await asyncio.wait_for(queue.get(), 5)
        assert bytes(value) == counter(i), f'{value.hex()} in place of {i}'


async def main():
    name, options = sys.argv[2], sys.argv[3:]
    async with await open_transport(transport()) as hci:
        device = Device.with_hci('central', Address('F0:F1:F2:F3:F4:F6'), hci.source, hci.sink)
        await device.power_on()
        address = await find(device, name)
        connection = await device.connect(address, timeout=10)
        peer = Peer(connection)
        gone = asyncio.get_running_loop().create_future()
        connection.on('disconnection', lambda reason: gone.done() or gone.set_result(reason))
        await peer.discover_services()
        service = peer.get_services_by_uuid(SERVICE)[0]
        await service.discover_characteristics()
        one = {uuid: service.get_characteristics_by_uuid(uuid)[0] for uuid in (LONG, WRITABLE, NOTIFYING, INDICATING)}
        writable = one[WRITABLE]
        if '--rtt' in options:
            await peer.request_mtu(247)
            await writable.write_value(bytes([7] * 20), with_response=True)
            times = []
            for _ in range(300):
                start = time.perf_counter()
                await writable.read_value()
                times.append(time.perf_counter() - start)
            print(int(statistics.median(times) * 1e6), flush=True)
            await writable.write_value(b'bye', with_response=True)
            await asyncio.wait_for(gone, 5)
            return
        assert await one[LONG].read_value() == LONG_VALUE, 'read at MTU 23'
        mtu = await peer.request_mtu(247)
        tell(mtu=mtu)
        assert await one[LONG].read_value() == LONG_VALUE, 'read at the larger MTU'
        await writable.write_value(b'answered', with_response=True)
        assert await writable.read_value() == b'answered'
        await writable.write_value(b'unanswered', with_response=False)
        assert await writable.read_value() == b'unanswered'
        await one[NOTIFYING].discover_descriptors()
        await values(one[NOTIFYING], NOTIFICATIONS, True)
        await one[INDICATING].discover_descriptors()
        await values(one[INDICATING], INDICATIONS, False)
        if '--peer-disconnects' in options:
            await writable.write_value(b'bye', with_response=True)
            tell(disconnected=await asyncio.wait_for(gone, 5))
        else:
            await connection.disconnect()
        tell(central='ok')


asyncio.run(main())
