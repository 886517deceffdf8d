"""pairing.py PORT: a Bumble host that pairs as it is told. A command is a JSON line on stdin, what happens is one on stdout;
interop/rust/src/bin/pairings tells, and is the user of both sides."""

import asyncio
import contextlib
import secrets

from bumble import att, smp
from bumble.core import AdvertisingData, ProtocolError
from bumble.device import Device, Peer
from bumble.gatt import Characteristic, Service
from bumble.hci import Address, HCI_Error, HCI_LE_Set_Random_Address_Command, Role
from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport import open_transport

from scenario import DOORS, FAST, SizedSession, find, obey, tell, transport

IO = {'none': 3, 'display': 0, 'yes_no': 1, 'keyboard': 2, 'keyboard_display': 4}
VALUE = b'told in secret'


class Delegate(PairingDelegate):
    """The user's part, played by whoever sends the commands."""

    def __init__(self, io, key_size, accepts):
        super().__init__(PairingDelegate.IoCapability(IO[io]), maximum_encryption_key_size=key_size)
        self.accepts = accepts
        self.answers = asyncio.Queue()

    async def accept(self):
        return self.accepts

    async def compare_numbers(self, number, digits):
        tell(event='compare', passkey=number)
        return await self.answers.get() is not None

    async def get_number(self):
        tell(event='input')
        return await self.answers.get()

    async def display_number(self, number, digits):
        tell(event='display', passkey=number)

    async def generate_passkey(self):
        # Bumble takes 0 for no passkey.
        return 1 + secrets.randbelow(999_999)


class Session(SizedSession):
    """Bumble's session, which tells how it ends, and does what it should not when it is told to."""

    player = None

    def send_command(self, command):
        opcode, player = int(command.code), self.player
        if isinstance(command, smp.SMP_Pairing_Failed_Command):
            self.failed(command.reason, 'self')
        elif opcode == player.settings.get('silent_from'):
            player.silent = True
        elif opcode == player.settings.get('spoils'):
            command.payload = bytes([command.payload[0] ^ 1]) + command.payload[1:]
        elif opcode == player.settings.get('echoes'):
            command.payload = self.peer_public_key_x + self.peer_public_key_y
        if player.silent:
            tell(event='kept', opcode=opcode)
        else:
            super().send_command(command)

    def on_smp_pairing_failed_command(self, command):
        self.failed(command.reason, 'peer')
        super().on_smp_pairing_failed_command(command)

    def failed(self, reason, by):
        if not self.completed:
            tell(event='failed', reason=int(reason), by=by)
        # Bumble would take the next request for one more of this session.
        asyncio.get_running_loop().call_soon(self.manager.on_session_end, self)

    async def on_pairing(self):
        if self.completed:
            return
        await super().on_pairing()
        if not self.sc and self.is_responder:
            # Bumble's responder stores the key it has distributed as the one it encrypts with as central, and the other way round.
            for name, keys in await self.manager.device.keystore.get_all():
                keys.ltk_central, keys.ltk_peripheral = keys.ltk_peripheral, keys.ltk_central
        tell(event='paired', key_size=self.size, secure_connections=self.sc,
             authenticated=self.pairing_method != smp.PairingMethod.JUST_WORKS)


class Player:
    def __init__(self, device):
        self.device = device
        self.connection = None
        self.settings = {}
        self.silent = False
        device.on('connection', self.on_connection)
        device.smp_session_proxy = type('Session', (Session,), {'player': self})
        device.pairing_config_factory = lambda connection: self.config
        permissions = Characteristic.Permissions
        doors = {'encrypted': permissions.READ_REQUIRES_ENCRYPTION, 'authenticated': permissions.READ_REQUIRES_AUTHENTICATION}
        device.add_service(Service(DOORS['service'], [
            Characteristic(DOORS[name], Characteristic.Properties.READ, permissions.READABLE | permission, VALUE)
            for name, permission in doors.items()]))

    def on_connection(self, connection):
        self.connection = connection
        connection.on('disconnection', lambda reason: tell(event='disconnected', reason=int(reason)))
        connection.on('connection_encryption_change', lambda: tell(event='encrypted' if connection.is_encrypted else 'plain'))
        connection.on('connection_encryption_failure', lambda status: tell(event='not_encrypted', status=int(status)))
        connection.on('security_request', lambda request: tell(event='security_requested'))
        connection.on('pairing_start', lambda: tell(event='pairing'))
        # Who has subscribed on an earlier link is told without having asked on this one.
        Peer(connection).gatt_client.on_att_handle_value_notification = lambda update: tell(
            event='told', value=update.attribute_value.hex())
        tell(event='connected', peer=str(connection.peer_resolvable_address or connection.peer_address).lower())

    async def begin(self, **settings):
        """A host that nobody knows."""
        for connection in list(self.device.connections.values()):
            with contextlib.suppress(HCI_Error):
                await connection.disconnect()
        if self.device.is_advertising:
            await self.device.stop_advertising()
        self.device.keystore = MemoryKeyStore()
        self.device.irk = secrets.token_bytes(16)
        self.device.static_address = Address(settings['address'])
        await self.device.refresh_resolving_list()
        await self.go_by(settings.get('privacy', False))
        await self.settle(**settings)

    async def settle(self, **settings):
        """What is settled before a pairing."""
        self.settings = settings
        self.silent = False
        self.device.smp_manager._ecc_key = None
        self.device.smp_manager.debug_mode = settings.get('debug_key', False)
        self.delegate = Delegate(settings['io'], settings.get('key_size', 16), settings.get('accepts', True))
        self.context = smp.OobContext()
        self.config = PairingConfig(
            sc=settings['secure'], mitm=settings.get('mitm', False), bonding=settings.get('bond', True),
            delegate=self.delegate, identity_address_type=PairingConfig.AddressType.RANDOM)
        share = self.context.share()
        tell(event='ready', identity=str(self.device.static_address).lower(), identity_key=self.device.irk.hex(),
             confirm=share.c.hex(), random=share.r.hex())

    async def rotate(self):
        await self.go_by(True)
        tell(event='rotated')

    async def go_by(self, privacy):
        """Another resolvable address, or the identity."""
        device = self.device
        device.random_address = Address.generate_private_address(device.irk) if privacy else device.static_address
        await device.send_sync_command(HCI_LE_Set_Random_Address_Command(random_address=device.random_address))

    async def oob(self, temporary_key=None, confirm=None, random=None):
        """What came from the peer by another way; nothing, where the peer alone has something of ours."""
        peer = confirm and smp.OobSharedData(c=bytes.fromhex(confirm), r=bytes.fromhex(random))
        legacy = temporary_key and smp.OobLegacyContext(bytes.fromhex(temporary_key))
        self.config.oob = PairingConfig.OobConfig(self.context, peer or None, legacy or None)

    async def advertise(self, name):
        device = self.device
        device.advertising_data = bytes(AdvertisingData([
            (AdvertisingData.FLAGS, bytes([6])), (AdvertisingData.COMPLETE_LOCAL_NAME, name.encode())]))
        await device.start_advertising(advertising_interval_min=30, advertising_interval_max=30)
        address = device.random_address
        tell(event='advertising', address=str(address).lower(), kind='random')

    async def connect(self, address, kind):
        if kind == 'name':
            peer = await find(self.device, address)
        else:
            peer = Address(address + ('/P' if kind == 'public' else ''))
        await self.device.connect(peer, timeout=10, connection_parameters_preferences=FAST)

    async def pair(self):
        """As a central with a request, as a peripheral with the wish for one."""
        if self.connection.role == Role.CENTRAL:
            with contextlib.suppress(ProtocolError, asyncio.CancelledError):
                await self.connection.pair()
        else:
            self.connection.request_pairing()

    async def encrypt(self):
        """As a central with what the store has, as a peripheral with the wish for it."""
        if self.connection.role != Role.CENTRAL:
            return self.connection.request_pairing()
        with contextlib.suppress(HCI_Error, asyncio.CancelledError):
            await self.connection.encrypt()

    async def answer(self, passkey):
        self.delegate.answers.put_nowait(passkey)

    async def cancel(self):
        self.device.smp_manager.sessions[self.connection.handle].send_pairing_failed(smp.ErrorCode.UNSPECIFIED_REASON)

    async def read(self, door):
        answer = await self.connection.gatt_client.send_request(att.ATT_Read_By_Type_Request(
            starting_handle=1, ending_handle=0xFFFF, attribute_type=DOORS[door]))
        if isinstance(answer, att.ATT_Error_Response):
            tell(event='refused', code=int(answer.error_code))
        else:
            (_, value), = answer.attributes
            tell(event='read', value=value.hex())

    async def subscribe(self):
        peer = Peer(self.connection)
        await peer.discover_services()
        service, = peer.get_services_by_uuid(DOORS['service'])
        await service.discover_characteristics()
        told, = service.get_characteristics_by_uuid(DOORS['told'])
        await told.subscribe(lambda value: tell(event='told', value=value.hex()))
        tell(event='subscribed')

    async def disconnect(self):
        await self.connection.disconnect()

    async def forget(self):
        self.device.keystore = MemoryKeyStore()
        await self.device.refresh_resolving_list()
        tell(event='forgotten')

    async def bonds(self):
        """Every key that the store has, in the order of the air."""
        def key(one):
            return one and dict(value=one.value.hex(), diversifier=one.ediv or 0, random=(one.rand or bytes(8)).hex(),
                                authenticated=one.authenticated)
        bonds = []
        for name, keys in await self.device.keystore.get_all():
            bonds.append(dict(
                peer=name.lower().removesuffix('/p'), identity_key=keys.irk and keys.irk.value.hex(),
                central_key=key(keys.ltk or keys.ltk_central), peripheral_key=key(keys.ltk or keys.ltk_peripheral)))
        tell(event='bonds', bonds=bonds)


async def main():
    async with await open_transport(transport()) as hci:
        device = Device.with_hci('bumble', Address('F0:F1:F2:F3:F4:F8'), hci.source, hci.sink)
        player = Player(device)
        await device.power_on()
        await obey(player)


asyncio.run(main())
