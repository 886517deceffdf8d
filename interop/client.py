"""client.py PORT NAME: a Bumble central that tries everything a server does, on interop/rust/src/server.rs."""

import asyncio

from bumble import att
from bumble.core import UUID

from scenario import INDICATING, LONG, LONG_VALUE, NOTIFYING, SERVICE, WRITABLE, central, counter, tell

INCLUDED = UUID('7D2E1000-5C0B-4F5A-9A3E-6B1F0C2D4E01')
HOOKED = UUID('7D2E0005-5C0B-4F5A-9A3E-6B1F0C2D4E01')
DEFERRED = UUID('7D2E0006-5C0B-4F5A-9A3E-6B1F0C2D4E01')
OWN = UUID('7D2E2000-5C0B-4F5A-9A3E-6B1F0C2D4E01')
LEVEL, SAME, USER_DESCRIPTION, PRESENTATION = map(UUID.from_16_bits, (0x2A19, 0x2A6E, 0x2901, 0x2904))
# Error codes of an attribute behind a door, when it is read and when it is written.
DOORS = {3001: (0x05, 0x05), 3002: (0x08, 0x08), 3003: (None, 0x03), 3004: (0x02, None)}
REFUSED = 0x80


async def refused(awaitable, code):
    """Wants an error."""
    try:
        await awaitable
    except att.ATT_Error as error:
        assert error.error_code == code, f'{error.error_code:#04x} in place of {code:#04x}'
    else:
        raise AssertionError(f'no error {code:#04x}')


class Server:
    """Bumble's client, and what it has found."""

    def __init__(self, peer):
        self.client = peer.gatt_client
        self.peer = peer

    async def answer(self, request):
        """The answer to a PDU."""
        return await self.client.send_request(request)

    async def error(self, request, handle, code):
        """Wants an error response."""
        error = await self.answer(request)
        assert isinstance(error, att.ATT_Error_Response), error
        assert (error.attribute_handle_in_error, error.error_code) == (handle, code), error

    async def discover(self):
        services = {service.uuid: service for service in await self.client.discover_services()}
        assert SERVICE in services and INCLUDED not in services, 'a secondary service among the primary ones'
        self.service = services[SERVICE]
        assert (self.service.handle, self.service.end_group_handle) == (0x0100, 0x01FF)
        by_uuid = await self.client.discover_service(SERVICE)
        assert [(s.handle, s.end_group_handle) for s in by_uuid] == [(0x0100, 0x01FF)]
        # Bumble takes no UUID out of an include that holds none, as those of 128 bits.
        includes = await self.answer(att.ATT_Read_By_Type_Request(
            starting_handle=0x0100, ending_handle=0x01FF, attribute_type=UUID.from_16_bits(0x2802)))
        (handle, value), = includes.attributes
        assert handle == 0x0101 and len(value) == 4
        start, end = value[0] | value[1] << 8, value[2] | value[3] << 8
        secondary = await self.answer(att.ATT_Read_By_Group_Type_Request(
            starting_handle=1, ending_handle=0xFFFF, attribute_group_type=UUID.from_16_bits(0x2801)))
        assert secondary.attributes == [(start, end, bytes(INCLUDED))], secondary.attributes
        await self.service.discover_characteristics()
        uuids = [characteristic.uuid for characteristic in self.service.characteristics]
        assert uuids.count(SAME) == 3 and len(uuids) == 13, uuids
        long = self.one(LONG)
        assert long.handle == 0x0111
        found = {descriptor.type: descriptor for descriptor in await long.discover_descriptors()}
        assert set(found) == {USER_DESCRIPTION, PRESENTATION, OWN}, found
        assert await found[USER_DESCRIPTION].read_value() == b'a long value'
        assert len(await found[PRESENTATION].read_value()) == 7
        await found[OWN].write_value(b'written, and longer than the MTU of old', with_response=True)
        assert await found[OWN].read_value() == b'written, and longer than the MTU of old'
        attributes = await self.peer.discover_attributes()
        handles = [attribute.handle for attribute in attributes]
        assert handles == sorted(set(handles)) and 0x0100 in handles, handles

    def one(self, uuid):
        """The characteristic of a UUID that is there once."""
        found, = self.service.get_characteristics_by_uuid(uuid)
        return found

    async def read(self):
        assert await self.one(LONG).read_value() == LONG_VALUE
        long = self.one(LONG).handle
        await self.error(att.ATT_Read_Blob_Request(attribute_handle=long, value_offset=301), long, 0x07)
        same = self.service.get_characteristics_by_uuid(SAME)
        assert await self.client.read_characteristics_by_uuid(SAME, None) == [b'one', b'two', b'three']
        assert await self.client.read_characteristics_by_uuid(LEVEL, self.service) == []
        handles = [characteristic.handle for characteristic in same]
        several = await self.answer(att.ATT_Read_Multiple_Request(set_of_handles=handles))
        assert several.set_of_values == b'onetwothree'
        several = await self.answer(att.ATT_Read_Multiple_Variable_Request(set_of_handles=handles + handles[:1]))
        values = [(3, b'one'), (3, b'two'), (5, b'three'), (3, b'one')]
        assert list(several.length_value_tuple_list) == values, several.length_value_tuple_list
        await self.error(att.ATT_Read_Multiple_Request(set_of_handles=[handles[0], 0x01F0]), 0x01F0, 0x01)
        await self.error(att.ATT_Read_Request(attribute_handle=0), 0, 0x01)
        await self.error(att.ATT_Find_Information_Request(starting_handle=9, ending_handle=8), 9, 0x01)
        await self.error(att.ATT_Read_By_Group_Type_Request(
            starting_handle=1, ending_handle=0xFFFF, attribute_group_type=UUID.from_16_bits(0x2803)), 1, 0x10)

    async def write(self):
        writable = self.one(WRITABLE)
        await writable.write_value(b'answered', with_response=True)
        assert await writable.read_value() == b'answered'
        await writable.write_value(b'unanswered', with_response=False)
        assert await writable.read_value() == b'unanswered'
        await writable.write_value(LONG_VALUE, with_response=True)
        assert await writable.read_value() == LONG_VALUE
        # Several values as one, or none of them.
        first, second, _ = (one.handle for one in self.service.get_characteristics_by_uuid(SAME))
        for flags in (0, 1):
            for handle, offset, part in ((first, 0, b'ON'), (second, 0, b'TW'), (first, 2, b'E')):
                request = att.ATT_Prepare_Write_Request(
                    attribute_handle=handle, value_offset=offset, part_attribute_value=part)
                repeated = await self.answer(request)
                assert bytes(repeated)[1:] == bytes(request)[1:], repeated
            await self.answer(att.ATT_Execute_Write_Request(flags=flags))
            expected = [b'ONE', b'TW', b'three'] if flags else [b'one', b'two', b'three']
            assert await self.client.read_characteristics_by_uuid(SAME, self.service) == expected
        prepared = att.ATT_Prepare_Write_Request(attribute_handle=first, value_offset=9, part_attribute_value=b'x')
        assert isinstance(await self.answer(prepared), att.ATT_Prepare_Write_Response)
        await self.error(att.ATT_Execute_Write_Request(flags=1), first, 0x07)
        await self.error(att.ATT_Write_Request(attribute_handle=first, attribute_value=bytes(21)), first, 0x0D)

    async def decided(self):
        hooked, deferred = self.one(HOOKED), self.one(DEFERRED)
        for number in range(3):
            assert await hooked.read_value() == bytes([number + 1])
        await self.error(att.ATT_Read_Request(attribute_handle=hooked.handle), hooked.handle, REFUSED)
        request = att.ATT_Write_Request(attribute_handle=hooked.handle, attribute_value=bytes([7]))
        await self.error(request, hooked.handle, REFUSED)
        await hooked.write_value(bytes([0]), with_response=True)
        assert await hooked.read_value() == bytes([1])
        for number in range(2):
            assert await deferred.read_value() == bytes([ord('a'), number])
        request = att.ATT_Write_Request(attribute_handle=deferred.handle, attribute_value=b'no')
        await self.error(request, deferred.handle, REFUSED)
        await deferred.write_value(b'yes', with_response=True)
        # Every door, from both sides.
        for number, (read, write) in DOORS.items():
            door = self.one(UUID(f'7D2E{number}-5C0B-4F5A-9A3E-6B1F0C2D4E01'))
            for awaitable, code in ((door.read_value(), read), (door.write_value(b'in', with_response=True), write)):
                if code is None:
                    await awaitable
                else:
                    await refused(awaitable, code)

    async def told(self):
        for uuid, notify in ((NOTIFYING, True), (INDICATING, False)):
            characteristic = self.one(uuid)
            await characteristic.discover_descriptors()
            values = asyncio.Queue()
            await characteristic.subscribe(values.put_nowait, notify)
            for i in range(4):
                value = await asyncio.wait_for(values.get(), 5)
                assert bytes(value) == counter(i), f'{value.hex()} in place of {i}'
            assert await characteristic.read_value() == counter(3)
            await characteristic.unsubscribe()


async def main():
    async with central() as (connection, peer):
        server = Server(peer)
        await server.discover()
        await server.read()
        mtu = await peer.request_mtu(185)
        assert mtu == 185, mtu
        await server.read()
        await server.write()
        await server.decided()
        await server.told()
        await server.one(WRITABLE).write_value(b'bye', with_response=True)
        await connection.disconnect()
        tell(server='ok', mtu=mtu)


asyncio.run(main())
