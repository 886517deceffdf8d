"""firmware.py PORT: a Bumble central at the sensor of examples/firmware: it pairs, and after a reset of the MCU it encrypts with the keys
of its store. `cargo xtask firmware run --peer bumble` resets the MCU when it reads `reset`."""

import asyncio
import pathlib
import struct
import tempfile

from bumble.att import ATT_Error
from bumble.core import UUID
from bumble.device import Device, Peer
from bumble.hci import Address
from bumble.keys import JsonKeyStore
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport import open_transport

from scenario import FAST, SERVICE, find, tell, transport

NAME = 'rust-temp'
TEMPERATURE = UUID.from_16_bits(0x2A6E)
INTERVAL = UUID.from_16_bits(0x2A21)
# Vol 3, Part F, 3.4.1.1: authentication or encryption is missing.
TOO_OPEN = (0x05, 0x0F)
SECONDS = 2


def temperature(value):
    """Hundredths of a degree; the sensor begins at 24.5, and each measurement is more."""
    (hundredths,) = struct.unpack('<h', value)
    assert 2450 <= hundredths < 4000, hundredths
    return hundredths


class Sensor:
    """A link to the sensor, with what it has."""

    def __init__(self, connection):
        self.connection = connection
        self.paired = 0
        self.gone = asyncio.get_running_loop().create_future()
        connection.on('pairing_start', self.on_pairing)
        connection.on('disconnection', lambda reason: self.gone.done() or self.gone.set_result(reason))

    def on_pairing(self):
        self.paired += 1

    async def discover(self):
        peer = Peer(self.connection)
        await peer.discover_services()
        (service,) = peer.get_services_by_uuid(SERVICE)
        await service.discover_characteristics()
        (self.temperature,) = service.get_characteristics_by_uuid(TEMPERATURE)
        (self.interval,) = service.get_characteristics_by_uuid(INTERVAL)
        await self.temperature.discover_descriptors()

    async def read(self):
        return temperature(await self.temperature.read_value())

    async def follow(self, count):
        """So many measurements, one after the other."""
        queue = asyncio.Queue()
        await self.temperature.subscribe(queue.put_nowait)
        values = [temperature(await asyncio.wait_for(queue.get(), 10)) for _ in range(count)]
        assert values == sorted(set(values)), values
        return values

    async def set_interval(self, seconds):
        await self.interval.write_value(struct.pack('<H', seconds), with_response=True)
        assert await self.interval.read_value() == struct.pack('<H', seconds)


async def connect(device):
    address = await find(device, NAME)
    sensor = Sensor(await device.connect(address, timeout=10, connection_parameters_preferences=FAST))
    await sensor.discover()
    return sensor


async def pairs(device):
    """An open link reads and follows; what is written needs a pairing."""
    sensor = await connect(device)
    tell(read=await sensor.read(), followed=await sensor.follow(2))
    try:
        await sensor.set_interval(SECONDS)
        raise AssertionError('an open link has written')
    except ATT_Error as error:
        assert error.error_code in TOO_OPEN, error
    await sensor.connection.pair()
    assert sensor.connection.is_encrypted and sensor.connection.sc
    ((peer, keys),) = await device.keystore.get_all()
    tell(paired=peer)
    await sensor.set_interval(SECONDS)
    tell(event='reset')
    tell(disconnected=int(await asyncio.wait_for(sensor.gone, 30)))
    return keys.ltk.value


async def returns(device, key):
    """The keys of the store encrypt, and nobody pairs."""
    sensor = await connect(device)
    assert not sensor.connection.is_encrypted
    await sensor.connection.encrypt()
    assert sensor.connection.is_encrypted and sensor.paired == 0
    ((_, keys),) = await device.keystore.get_all()
    assert keys.ltk.value == key, 'it has another key now'
    await sensor.set_interval(SECONDS)
    tell(read=await sensor.read(), followed=await sensor.follow(1))
    await sensor.connection.disconnect()


async def main():
    with tempfile.TemporaryDirectory() as folder:
        async with await open_transport(transport()) as hci:
            device = Device.with_hci('central', Address('F0:F1:F2:F3:F4:F6'), hci.source, hci.sink)
            delegate = PairingDelegate(PairingDelegate.IoCapability.NO_OUTPUT_NO_INPUT)
            device.pairing_config_factory = lambda connection: PairingConfig(sc=True, mitm=False, delegate=delegate)
            await device.power_on()
            device.keystore = JsonKeyStore('central', str(pathlib.Path(folder, 'keys.json')))
            key = await pairs(device)
            # Another store object: what is in the file is all that is left of the pairing.
            device.keystore = JsonKeyStore('central', str(pathlib.Path(folder, 'keys.json')))
            await returns(device, key)
    tell(central='ok')


asyncio.run(main())
