"""bumbles.py SPEC SPEC pair|pair-legacy|channel: two Bumble hosts with each other, on two controllers."""

import asyncio
import hashlib
import sys

from bumble import l2cap
from bumble.core import AdvertisingData
from bumble.device import Device
from bumble.hci import Address
from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig
from bumble.transport import open_transport

from scenario import tell

PSM = 0x81
SDUS = 40
SDU = 1000


async def two_hosts(transports):
    devices = []
    for i, hci in enumerate(transports):
        device = Device.with_hci(f'bumble-{i}', Address(f'F0:F1:F2:F3:F4:0{i}'), hci.source, hci.sink)
        device.keystore = MemoryKeyStore()
        await device.power_on()
        devices.append(device)
    return devices


async def connect(central, peripheral):
    arrived = asyncio.get_running_loop().create_future()
    peripheral.once('connection', arrived.set_result)
    peripheral.advertising_data = bytes(AdvertisingData([(AdvertisingData.FLAGS, bytes([6]))]))
    await peripheral.start_advertising(advertising_interval_min=30, advertising_interval_max=30)
    ours = await central.connect(peripheral.random_address, timeout=10)
    return ours, await asyncio.wait_for(arrived, 10)


async def pair(central, peripheral, secure):
    kind = PairingConfig.AddressType.RANDOM
    config = PairingConfig(sc=secure, mitm=False, bonding=True, identity_address_type=kind)
    for device in (central, peripheral):
        device.pairing_config_factory = lambda connection: config
    ours, theirs = await connect(central, peripheral)
    stored = [asyncio.get_running_loop().create_future() for _ in range(2)]
    central.once('key_store_update', lambda: stored[0].set_result(None))
    peripheral.once('key_store_update', lambda: stored[1].set_result(None))
    await asyncio.wait_for(ours.pair(), 10)
    await asyncio.wait_for(asyncio.gather(*stored), 10)
    assert ours.is_encrypted and theirs.is_encrypted
    keys = [await device.keystore.get_all() for device in (central, peripheral)]
    ltk = [(k[0][1].ltk or k[0][1].ltk_central).value for k in keys]
    assert ltk[0] == ltk[1]
    if not secure:
        # Of the two legacy keys Bumble's responder looks up the one that the initiator gave it; the link is encrypted with its own.
        name, own = keys[1][0]
        own.ltk_peripheral = own.ltk_central
        await peripheral.keystore.update(name, own)
    # The link's key is refreshed in place, then used again on a new link.
    # Bumble's encrypt() waits for the change of an encryption only, which a refresh is not.
    refreshed = [asyncio.get_running_loop().create_future() for _ in range(2)]
    ours.once('connection_encryption_key_refresh', lambda: refreshed[0].set_result(None))
    theirs.once('connection_encryption_key_refresh', lambda: refreshed[1].set_result(None))
    encryption = asyncio.ensure_future(ours.encrypt())
    await asyncio.wait_for(asyncio.gather(*refreshed), 10)
    encryption.cancel()
    gone = asyncio.get_running_loop().create_future()
    theirs.once('disconnection', gone.set_result)
    await ours.disconnect()
    await asyncio.wait_for(gone, 10)
    ours, theirs = await connect(central, peripheral)
    await asyncio.wait_for(ours.encrypt(), 10)
    assert ours.is_encrypted
    await ours.disconnect()
    tell(paired=True, secure=secure)


async def channel(central, peripheral):
    received = bytearray()
    done = asyncio.get_running_loop().create_future()

    def on_channel(incoming):
        def sink(sdu):
            received.extend(sdu)
            if len(received) == SDUS * SDU:
                done.set_result(None)
        incoming.sink = sink

    peripheral.create_l2cap_server(spec=l2cap.LeCreditBasedChannelSpec(psm=PSM, mtu=SDU, mps=247), handler=on_channel)
    ours, _ = await connect(central, peripheral)
    outgoing = await ours.create_l2cap_channel(spec=l2cap.LeCreditBasedChannelSpec(psm=PSM, mtu=SDU, mps=247))
    sent = bytes(i * 7 % 256 for i in range(SDUS * SDU))
    for i in range(SDUS):
        outgoing.write(sent[i * SDU:(i + 1) * SDU])
    await outgoing.drain()
    await asyncio.wait_for(done, 20)
    assert received == sent
    await outgoing.disconnect()
    await ours.disconnect()
    tell(channel=hashlib.sha256(received).hexdigest())


async def main():
    specs, what = sys.argv[1:3], sys.argv[3]
    async with await open_transport(specs[0]) as one:
        async with await open_transport(specs[1]) as two:
            central, peripheral = await two_hosts((one, two))
            if what == 'channel':
                await channel(central, peripheral)
            else:
                await pair(central, peripheral, what == 'pair')


asyncio.run(main())
