"""peripheral.py PORT NAME: a Bumble peripheral that serves one central, as interop/rust/src/peripheral.rs does."""

import asyncio
import sys

from bumble.core import AdvertisingData
from bumble.device import Device
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.hci import Address
from bumble.transport import open_transport

from scenario import (INDICATING, INDICATIONS, LONG, LONG_VALUE, NOTIFICATIONS, NOTIFYING, SERVICE, WRITABLE, counter,
                      tell, transport)


async def main():
    name = sys.argv[2]
    async with await open_transport(transport()) as hci:
        device = Device.with_hci(name, Address('F0:F1:F2:F3:F4:F5'), hci.source, hci.sink)
        done = asyncio.get_running_loop().create_future()
        stored = bytearray()
        tasks = []

        def write(connection, value):
            stored[:] = value
            tell(written=value.hex())
            if value == b'bye':
                tasks.append(asyncio.create_task(connection.disconnect()))

        properties = Characteristic.Properties
        permissions = Characteristic.Permissions
        long = Characteristic(LONG, properties.READ, permissions.READABLE, LONG_VALUE)
        writable = Characteristic(
            WRITABLE, properties.READ | properties.WRITE | properties.WRITE_WITHOUT_RESPONSE,
            permissions.READABLE | permissions.WRITEABLE,
            CharacteristicValue(read=lambda connection: bytes(stored), write=write))
        notifying = Characteristic(NOTIFYING, properties.NOTIFY, permissions.READABLE, bytes(4))
        indicating = Characteristic(INDICATING, properties.INDICATE, permissions.READABLE, bytes(4))

        async def notify(connection):
            for i in range(NOTIFICATIONS):
                await device.notify_subscriber(connection, notifying, counter(i))
            tell(notified=NOTIFICATIONS)

        async def indicate(connection):
            for i in range(INDICATIONS):
                await device.indicate_subscriber(connection, indicating, counter(i))
            tell(indicated=INDICATIONS)

        def on_notifying(connection, notify_enabled, indicate_enabled):
            if notify_enabled:
                tasks.append(asyncio.create_task(notify(connection)))

        def on_indicating(connection, notify_enabled, indicate_enabled):
            if indicate_enabled:
                tasks.append(asyncio.create_task(indicate(connection)))

        notifying.on('subscription', on_notifying)
        indicating.on('subscription', on_indicating)
        device.add_service(Service(SERVICE, [long, writable, notifying, indicating]))

        def on_connection(connection):
            tell(connected=str(connection.peer_address))
            connection.on('disconnection', lambda reason: done.done() or done.set_result(reason))

        device.on('connection', on_connection)
        await device.power_on()
        device.advertising_data = bytes(AdvertisingData([
            (AdvertisingData.FLAGS, bytes([6])),
            (AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, bytes(SERVICE)),
            (AdvertisingData.COMPLETE_LOCAL_NAME, name.encode()),
        ]))
        await device.start_advertising(advertising_interval_min=30, advertising_interval_max=30)
        tell(ready=True)
        tell(disconnected=await asyncio.wait_for(done, 30))


asyncio.run(main())
