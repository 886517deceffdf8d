"""channel.py PORT: a Bumble host with credit-based channels, which does as it is told. A command is a JSON line on stdin, what
happens is one on stdout; interop/rust/src/bin/channels tells."""

import asyncio
import contextlib
import logging
import secrets
import statistics
import time
import zlib

from bumble import l2cap
from bumble.core import AdvertisingData, ConnectionParameterUpdateError
from bumble.device import Device
from bumble.hci import Address, HCI_Error, HCI_LE_Set_Random_Address_Command
from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport import open_transport

import coc
from scenario import FAST, SizedSession, obey, tell, transport


class Complaints(logging.Handler):
    """Bumble writes its own exceptions into the log, and goes on. That a channel is refused is none."""

    def emit(self, record):
        if record.getMessage() != 'connection failed':
            tell(event='error', text=self.format(record))


class Player:
    def __init__(self, device):
        self.device = device
        self.manager = device.l2cap_channel_manager
        self.connection = None
        self.channels = {}
        self.servers = {}
        device.on('connection', self.on_connection)
        device.smp_session_proxy = SizedSession

    def on_connection(self, connection):
        self.connection = connection
        connection.on('disconnection', lambda reason: tell(event='disconnected', reason=int(reason)))
        connection.on('connection_parameters_update', lambda: tell(
            event='interval', micros=int(connection.parameters.connection_interval * 1000)))
        self.hurry = asyncio.create_task(self.lengthen(connection))
        tell(event='connected')

    async def lengthen(self, connection):
        """Where the air takes its time, it carries more at a time. RootCanal does not know each of its links by its handle."""
        with contextlib.suppress(HCI_Error):
            await connection.set_data_length(251, 2120)

    async def begin(self, address):
        """A host that nobody knows."""
        for connection in list(self.device.connections.values()):
            with contextlib.suppress(HCI_Error):
                await connection.disconnect()
        if self.device.is_advertising:
            await self.device.stop_advertising()
        for server in self.servers.values():
            server.close()
        self.channels, self.servers = {}, {}
        self.manager.answers.clear()
        device = self.device
        device.keystore = MemoryKeyStore()
        device.irk = secrets.token_bytes(16)
        device.static_address = device.random_address = Address(address)
        await device.send_sync_command(HCI_LE_Set_Random_Address_Command(random_address=device.random_address))
        tell(event='ready')

    async def advertise(self, name):
        device = self.device
        device.advertising_data = bytes(AdvertisingData([
            (AdvertisingData.FLAGS, bytes([6])), (AdvertisingData.COMPLETE_LOCAL_NAME, name.encode())]))
        await device.start_advertising(advertising_interval_min=30, advertising_interval_max=30)
        tell(event='advertising', address=str(device.random_address).lower(), kind='random')

    async def connect(self, address, kind):
        peer = Address(address + ('/P' if kind == 'public' else ''))
        await self.device.connect(peer, timeout=10, connection_parameters_preferences=FAST)

    async def disconnect(self):
        await self.connection.disconnect()

    async def agree(self, key_size):
        delegate = PairingDelegate(maximum_encryption_key_size=key_size)
        config = PairingConfig(sc=True, mitm=False, bonding=True, delegate=delegate)
        self.device.pairing_config_factory = lambda connection: config
        tell(event='agreed')

    async def pair(self):
        await self.connection.pair()
        tell(event='paired')

    async def update(self, micros):
        """By L2CAP."""
        try:
            await self.connection.update_parameters(micros / 1000, micros / 1000, 0, 5000, use_l2cap=True)
        except ConnectionParameterUpdateError as error:
            tell(event='failed', text=str(error))

    def spec(self, psm, options):
        spec = l2cap.LeCreditBasedChannelSpec(psm=psm, mtu=options['mtu'], mps=options['mps'])
        # What it would not take when it is made: none at first.
        spec.max_credits = options['credits']
        return spec

    async def listen(self, psm, options):
        def on_channel(channel):
            self.channels[channel.number] = channel
            channel.tell_opened()
        self.servers[psm] = self.device.create_l2cap_server(self.spec(psm, options), on_channel)
        tell(event='listening', psm=psm)

    async def unlisten(self, psm):
        self.servers.pop(psm).close()
        tell(event='deaf', psm=psm)

    # It does not listen once, but it does no harm.
    accept = listen

    async def open(self, psm, options):
        try:
            channel = await self.connection.create_l2cap_channel(self.spec(psm, options))
        except l2cap.L2capError as error:
            return tell(event='refused', result=int(error.error_code))
        self.channels[channel.number] = channel
        channel.tell_opened()

    async def send(self, channel, seed, lengths, merges):
        await self.channels[channel].send(seed, lengths, merges)

    async def receive(self, channel, sdus, octets):
        await self.channels[channel].receive(sdus, octets)

    async def close(self, channel):
        channel = self.channels[channel]
        # The peer may have been faster.
        with contextlib.suppress(l2cap.InvalidStateError):
            await channel.disconnect()

    async def traffic(self, channel):
        self.channels[channel].traffic()

    async def credit(self, channel, credits):
        self.channels[channel].give(credits)
        tell(event='done')

    async def misbehave(self, channel, how):
        setattr(self.channels[channel], how, True)
        tell(event='done')

    async def answer(self, code, data):
        """How the next connection request is answered."""
        self.manager.answers.append((code, data))
        tell(event='done')

    async def signal(self, code, data, identifier):
        self.manager.signal(self.connection, code, identifier, bytes.fromhex(data))
        tell(event='done')

    async def frame(self, cid, data, times):
        for _ in range(times):
            self.manager.host.send_l2cap_pdu(self.connection.handle, cid, bytes.fromhex(data))
        tell(event='done')

    async def echo(self, channel, count):
        """Sends back what comes, so many times."""
        channel = self.channels[channel]
        channel.on_arrival = channel.write
        tell(event='echoes')
        for _ in range(count):
            await channel.next()

    async def ping(self, channel, count, length):
        """The median time that an SDU takes to the peer and back."""
        channel = self.channels[channel]
        times = []
        for index in range(count):
            octets = coc.sdu(0, index, length)
            start = time.perf_counter()
            channel.write(octets)
            back = await asyncio.wait_for(channel.next(), 5)
            times.append(time.perf_counter() - start)
            assert back == (length, zlib.crc32(octets)), f'{back} came back'
        tell(event='pinged', micros=int(statistics.median(times) * 1e6))


async def main():
    logging.getLogger().addHandler(Complaints(logging.ERROR))
    coc.install()
    async with await open_transport(transport()) as hci:
        device = Device.with_hci('bumble', Address('F0:F1:F2:F3:F4:F8'), hci.source, hci.sink)
        player = Player(device)
        await device.power_on()
        await obey(player)


asyncio.run(main())
