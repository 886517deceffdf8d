"""central.py PORT NAME [--rtt] [--peer-disconnects]: a Bumble central, as interop/rust/src/central.rs is."""

import asyncio
import statistics
import sys
import time

from scenario import (INDICATING, INDICATIONS, LONG, LONG_VALUE, NOTIFICATIONS, NOTIFYING, SERVICE, WRITABLE, central,
                      counter, tell)


async def values(characteristic, count, prefer_notify):
    queue = asyncio.Queue()
    await characteristic.subscribe(queue.put_nowait, prefer_notify)
    for i in range(count):
        value = await asyncio.wait_for(queue.get(), 5)
        assert bytes(value) == counter(i), f'{value.hex()} in place of {i}'


async def main():
    options = sys.argv[3:]
    async with central() as (connection, peer):
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
