"""server.py PORT NAME: a Bumble server with a part of every kind, for interop/rust/src/client.rs."""

import asyncio
import struct
import sys

from bumble import att
from bumble.core import AdvertisingData
from bumble.device import Device
from bumble.gatt import (GATT_CHARACTERISTIC_USER_DESCRIPTION_DESCRIPTOR, Characteristic, CharacteristicValue,
                         Descriptor, IncludedServiceDeclaration, Service)
from bumble.hci import Address
from bumble.transport import open_transport

from scenario import (INCLUDED, INCLUDED_WIDE, LEVEL, LONG, LONG_VALUE, NOTIFYING, REFUSED, SERVICE, WRITABLE, counter,
                      tell, transport)

UPDATES = 10


def refuse(code):
    raise att.ATT_Error(error_code=code)


async def main():
    name = sys.argv[2]
    async with await open_transport(transport()) as hci:
        device = Device.with_hci(name, Address('F0:F1:F2:F3:F4:F7'), hci.source, hci.sink)
        done = asyncio.get_running_loop().create_future()
        tasks = []
        properties = Characteristic.Properties
        permissions = Characteristic.Permissions
        both = permissions.READABLE | permissions.WRITEABLE

        def level(value):
            return Characteristic(LEVEL, properties.READ, permissions.READABLE, value)

        short = Service(INCLUDED, [level(b'\x01')], primary=False)
        wide = Service(INCLUDED_WIDE, [level(b'\x02\x03')], primary=False)
        description = Descriptor(GATT_CHARACTERISTIC_USER_DESCRIPTION_DESCRIPTOR, both, b'how long')
        long = Characteristic(LONG, properties.READ | properties.WRITE, both, LONG_VALUE, [description])
        writable = Characteristic(WRITABLE, properties.READ | properties.WRITE | properties.WRITE_WITHOUT_RESPONSE, both, b'')
        refused = Characteristic(
            REFUSED, properties.READ | properties.WRITE, both,
            CharacteristicValue(read=lambda connection: refuse(0x81), write=lambda connection, value: refuse(0x82)))
        notifying = Characteristic(NOTIFYING, properties.NOTIFY | properties.INDICATE, permissions.READABLE, bytes(4))

        async def update(connection, send):
            for i in range(UPDATES):
                await send(connection, notifying, counter(i))

        def on_subscription(connection, notify_enabled, indicate_enabled):
            if notify_enabled:
                tasks.append(asyncio.create_task(update(connection, device.notify_subscriber)))
            elif indicate_enabled:
                tasks.append(asyncio.create_task(update(connection, device.indicate_subscriber)))

        notifying.on('subscription', on_subscription)
        main_service = Service(SERVICE, [long, writable, refused, notifying], included_services=[short, wide])
        # What is included goes before: Bumble would put it inside.
        for service in (short, wide, main_service):
            device.add_service(service)
        # Bumble cuts the UUID of an included service to two octets; one of 128 bits is left out (Vol 3, Part G, 3.2).
        for attribute in device.gatt_server.attributes:
            if isinstance(attribute, IncludedServiceDeclaration) and attribute.service is wide:
                attribute.value = struct.pack('<HH', wide.handle, wide.end_group_handle)

        def on_connection(connection):
            connection.on('disconnection', lambda reason: done.done() or done.set_result(reason))

        device.on('connection', on_connection)
        await device.power_on()
        device.advertising_data = bytes(AdvertisingData([
            (AdvertisingData.FLAGS, bytes([6])),
            (AdvertisingData.COMPLETE_LOCAL_NAME, name.encode()),
        ]))
        await device.start_advertising(advertising_interval_min=30, advertising_interval_max=30)
        tell(ready=True)
        reason = await asyncio.wait_for(done, 30)
        assert not any(device.gatt_server.prepared_writes.values()), 'prepared writes were left'
        tell(disconnected=reason)


asyncio.run(main())
