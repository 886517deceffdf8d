"""Bumble's credit-based channels, made to keep SDUs apart, to count what the peer does, and to do what they should not."""

import asyncio
import struct
import zlib
from collections import deque

from bumble import l2cap
from bumble.core import InvalidStateError

from scenario import tell

SIGNALLING = l2cap.L2CAP_LE_SIGNALING_CID
CREDIT = l2cap.CommandCode.L2CAP_LE_FLOW_CONTROL_CREDIT
REQUEST = l2cap.CommandCode.L2CAP_LE_CREDIT_BASED_CONNECTION_REQUEST


def make_table():
    """65,536 octets that do not repeat soon, twice, as interop/rust/src/bin/channels/octets.rs makes them."""
    octets, state = bytearray(), 1
    for _ in range(1 << 16):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        octets.append(state >> 24)
    return bytes(octets) * 2


TABLE = make_table()


def sdu(seed, index, length):
    """What the SDU at this place of a stream holds: no two SDUs begin alike."""
    at = (seed * 40503 + index * 7919) & 0xFFFF
    return TABLE[at:at + length]


class Channel(l2cap.LeCreditBasedChannel):
    """A channel with its number, and with what has come in on it."""

    numbers = 0

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        Channel.numbers += 1
        self.number = Channel.numbers
        self.sink = self.on_sdu
        self.arrived = deque()
        self.come = asyncio.Event()
        self.on_arrival = None
        # Of all that came, as one stream.
        self.whole = 0, 0
        self.credits_at_first = self.credits
        self.grants = []
        self.frames = 0
        self.merges = False
        self.silent = False
        self.crosses = False
        # Bumble has no word for "no credits at first": those are given one by one while somebody receives.
        self.wanted = 0
        self.by_hand = self.peer_max_credits == 0
        if self.by_hand:
            self.peer_credits_threshold = -1

    def tell_opened(self):
        tell(event='opened', channel=self.number, psm=self.psm, our_mtu=self.mtu, peer_mtu=self.peer_mtu,
             cids=dict(ours=self.source_cid, peers=self.destination_cid), peer_mps=self.peer_mps)

    def on_connection_response(self, response):
        # Bumble knows the channel by its other end when the task that opens it goes on: credits that come with the response are lost.
        if response.result == 0:
            channels = self.manager.le_coc_channels.setdefault(self.connection.handle, {})
            channels[response.destination_cid] = self
            self.credits_at_first = response.initial_credits
        super().on_connection_response(response)

    def on_credits(self, credits):
        self.grants.append(credits)
        super().on_credits(credits)

    def give(self, credits):
        self.peer_credits += credits
        self.send_control_frame(l2cap.L2CAP_LE_Flow_Control_Credit(
            identifier=self.manager.next_identifier(self.connection), cid=self.source_cid, credits=credits))

    def on_pdu(self, pdu):
        self.frames += 1
        # Bumble looks at neither (Vol 3, Part A, 10.1 and 3.4.3).
        if self.peer_credits == 0:
            tell(event='error', text=f'a frame of {len(pdu)} octets for which there is no credit')
        if len(pdu) > self.mps:
            tell(event='error', text=f'a frame of {len(pdu)} octets, and the MPS is {self.mps}')
        super().on_pdu(pdu)
        if self.by_hand and self.wanted > len(self.arrived) and self.state == self.State.CONNECTED:
            self.give(1)

    def on_sdu(self, octets):
        self.arrived.append((len(octets), zlib.crc32(octets)))
        self.whole = self.whole[0] + len(octets), zlib.crc32(octets, self.whole[1])
        self.come.set()
        if self.on_arrival:
            self.on_arrival(octets)

    async def next(self):
        """The length and the checksum of the next SDU, or nothing when the channel has ended."""
        while not self.arrived:
            if self.state != self.State.CONNECTED:
                return None
            self.come.clear()
            await self.come.wait()
        return self.arrived.popleft()

    def process_output(self):
        """Bumble joins what waits into SDUs as long as the MTU allows, and has no empty ones."""
        if self.merges:
            return super().process_output()
        while self.credits > 0 and (self.out_sdu or self.out_queue):
            if not self.out_sdu:
                whole = self.out_queue.popleft()
                self.out_sdu = struct.pack('<H', len(whole)) + whole
            frame, self.out_sdu = self.out_sdu[:self.peer_mps], self.out_sdu[self.peer_mps:]
            self.send_pdu(frame)
            self.credits -= 1
        # Bumble's own says so only while it has a credit left.
        if not self.out_sdu and not self.out_queue:
            self.drained.set()

    async def send(self, seed, lengths, merges=False):
        self.merges = merges
        if self.state != self.State.CONNECTED:
            raise InvalidStateError('not connected')
        for index, length in enumerate(lengths):
            assert merges or length <= self.peer_mtu, f'{length} octets, and the MTU is {self.peer_mtu}'
            self.write(sdu(seed, index, length))
        ended = asyncio.create_task(self.wait_closed())
        drained = asyncio.create_task(self.drain())
        await asyncio.wait([ended, drained], return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if drained.done():
            tell(event='sent', channel=self.number)
        else:
            drained.cancel()
            tell(event='failed', text='ChannelClosed')

    async def wait_closed(self):
        while self.state != self.State.DISCONNECTED:
            self.come.clear()
            await self.come.wait()

    async def receive(self, sdus, octets):
        """Takes so many SDUs, or so many octets as one stream, or what there is before the channel ends."""
        taken = []
        self.wanted = sdus
        if self.by_hand and self.peer_credits == 0 and sdus > len(self.arrived) and self.state == self.State.CONNECTED:
            self.give(1)
        while self.whole[0] < octets if octets else len(taken) < sdus:
            if (one := await self.next()) is None:
                break
            taken.append(one)
            self.wanted -= 1
        self.wanted = 0
        tell(event='received', channel=self.number, sdus=[self.whole] if octets else taken)

    def traffic(self):
        tell(event='traffic', frames=self.frames, credits_at_first=self.credits_at_first, grants=len(self.grants),
             largest=max(self.grants, default=0), credits=self.credits_at_first + sum(self.grants))

    def on_disconnection_request(self, request):
        if self.silent:
            return
        if self.crosses:
            # As if ours had left before theirs came.
            self.send_control_frame(l2cap.L2CAP_Disconnection_Request(
                identifier=self.manager.next_identifier(self.connection),
                destination_cid=self.destination_cid, source_cid=self.source_cid))
        super().on_disconnection_request(request)

    def _change_state(self, state):
        super()._change_state(state)
        if state == self.State.DISCONNECTED:
            self.come.set()
            tell(event='closed', channel=self.number)


class Manager(l2cap.ChannelManager):
    """Tells what signals come but credits, and answers as it is told."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # Code and data of the answers to connection requests; nothing is no answer.
        self.answers = deque()

    def on_control_frame(self, connection, cid, frame):
        if frame.code != CREDIT:
            tell(event='signal', code=int(frame.code), identifier=frame.identifier, data=bytes(frame)[4:].hex())
        if frame.code == REQUEST and self.answers:
            code, data = self.answers.popleft()
            if code is not None:
                self.signal(connection, code, frame.identifier, bytes.fromhex(data))
            return
        super().on_control_frame(connection, cid, frame)

    def signal(self, connection, code, identifier, data):
        header = struct.pack('<BBH', code, identifier or self.next_identifier(connection), len(data))
        self.host.send_l2cap_pdu(connection.handle, SIGNALLING, header + data)

    def on_channel_closed(self, channel):
        # Bumble forgets one end alone, and would refuse the peer's when it comes again: an identifier may be used again when the
        # channel is gone (Vol 3, Part A, 2.1).
        super().on_channel_closed(channel)
        self.le_coc_channels.get(channel.connection.handle, {}).pop(channel.destination_cid, None)


def install():
    """Before a device is made."""
    l2cap.LeCreditBasedChannel = Channel
    l2cap.ChannelManager = Manager
