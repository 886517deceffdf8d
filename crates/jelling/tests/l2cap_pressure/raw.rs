//! A host of octets. It advertises, answers what a link needs, opens whatever channel its peer asks for, and says what a test has it
//! say, by no rule of L2CAP.

use core::{
    cell::{Cell, RefCell},
    convert::Infallible,
    future::poll_fn,
    task::{Poll, Waker},
};
use jelling::{Packet, PacketKind, PacketRead, PacketWrite, sim::Controller};
use std::collections::VecDeque;

/// The CID of its first channel; the next ones have the next.
pub(crate) const FIRST: u16 = 0x60;
/// The fixed channels (Vol 3, Part A, 2.1).
const ATT: u16 = 4;
const SIGNALLING: u16 = 5;

/// Packets that its controller has room for.
const ROOM: u8 = 6;

/// A channel that the peer has opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opened {
    /// The peer's CID: where to send to.
    pub(crate) cid: u16,
    /// What the peer has given: SDU, segment, credits.
    pub(crate) mtu: u16,
    pub(crate) mps: u16,
    pub(crate) credits: u16,
}

/// See the module.
pub(crate) struct Raw<'c> {
    controller: &'c Controller,
    link: Cell<u16>,
    /// Packets that the controller has room for.
    room: Cell<u8>,
    /// The controller takes a command.
    may_command: Cell<bool>,
    /// Packets for the controller.
    out: RefCell<VecDeque<(PacketKind, Vec<u8>)>>,
    /// The frame that is coming.
    frame: RefCell<Vec<u8>>,
    /// Credits that a channel is opened with.
    pub(crate) credits: Cell<u16>,
    pub(crate) opened: RefCell<Vec<Opened>>,
    /// Frames that came, by channel, except for what it answers itself; and disconnection requests.
    pub(crate) heard: RefCell<Vec<(u16, Vec<u8>)>>,
    wakers: RefCell<Vec<Waker>>,
}

impl<'c> Raw<'c> {
    pub(crate) fn new(controller: &'c Controller) -> Self {
        Raw {
            controller,
            link: Cell::new(0),
            room: Cell::new(ROOM),
            may_command: Cell::new(true),
            out: RefCell::default(),
            frame: RefCell::default(),
            credits: Cell::new(0),
            opened: RefCell::default(),
            heard: RefCell::default(),
            wakers: RefCell::default(),
        }
    }

    fn push(&self, kind: PacketKind, octets: Vec<u8>) {
        self.out.borrow_mut().push_back((kind, octets));
        self.wake();
    }

    fn wake(&self) {
        self.wakers.take().into_iter().for_each(Waker::wake);
    }

    fn command(&self, opcode: u16, parameters: &[u8]) {
        let length = u8::try_from(parameters.len()).unwrap();
        self.push(PacketKind::Command, [&opcode.to_le_bytes()[..], &[length], parameters].concat());
    }

    /// Sends a frame, in one packet.
    pub(crate) fn frame(&self, channel: u16, payload: &[u8]) {
        let number = |length: usize| u16::try_from(length).unwrap().to_le_bytes();
        let header =
            [self.link.get().to_le_bytes(), number(payload.len() + 4), number(payload.len()), channel.to_le_bytes()];
        self.push(PacketKind::Acl, [header.as_flattened(), payload].concat());
    }

    /// Sends a K-frame that is a whole SDU.
    pub(crate) fn sdu(&self, channel: u16, octets: &[u8]) {
        self.frame(channel, &[&u16::try_from(octets.len()).unwrap().to_le_bytes(), octets].concat());
    }

    /// Gives credits for one of its channels (Vol 3, Part A, 4.24).
    pub(crate) fn give(&self, own: u16, credits: u16) {
        let (own, credits) = (own.to_le_bytes(), credits.to_le_bytes());
        self.frame(SIGNALLING, &[0x16, 9, 4, 0, own[0], own[1], credits[0], credits[1]]);
    }

    /// Asks for the end of one of its channels (4.6).
    pub(crate) fn end(&self, own: u16, peer: u16) {
        let [[p0, p1], [o0, o1]] = [peer, own].map(u16::to_le_bytes);
        self.frame(SIGNALLING, &[0x06, 11, 4, 0, p0, p1, o0, o1]);
    }

    /// Shows itself, after a link too: LE Set Advertising Enable.
    pub(crate) fn advertise(&self) {
        self.command(0x200a, &[1]);
    }

    /// How many frames came on a channel.
    pub(crate) fn count(&self, channel: u16) -> usize {
        self.heard.borrow().iter().filter(|(on, _)| *on == channel).count()
    }

    /// How often the peer asked for the end of a channel.
    pub(crate) fn ends(&self) -> usize {
        self.heard.borrow().iter().filter(|(on, said)| *on == SIGNALLING && said.first() == Some(&0x06)).count()
    }

    /// Waits until this is so.
    pub(crate) async fn until(&self, mut so: impl FnMut(&Self) -> bool) {
        poll_fn(|context| {
            if so(self) {
                return Poll::Ready(());
            }
            self.wakers.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// The channel that the peer opens next.
    pub(crate) async fn opened(&self, number: usize) -> Opened {
        self.until(|raw| raw.opened.borrow().len() > number).await;
        self.opened.borrow()[number]
    }

    fn event(&self, octets: &[u8]) {
        match *octets {
            // Command Complete and Command Status.
            [0x0e | 0x0f, ..] => self.may_command.set(true),
            // Number Of Completed Packets, of the one link.
            [0x13, _, 1, _, _, count, _] => self.room.set(self.room.get() + count),
            // LE Connection Complete: the link.
            [0x3e, _, 0x01, 0, low, high, ..] => self.link.set(u16::from_le_bytes([low, high])),
            // Disconnection Complete: with its link go the packets that were on their way.
            [0x05, ..] => {
                self.room.set(ROOM);
                self.out.borrow_mut().retain(|(kind, _)| *kind == PacketKind::Command);
            }
            _ => {}
        }
    }

    fn acl(&self, octets: &[u8]) {
        // Vol 4, Part E, 5.4.2: 0b01 goes on with a frame.
        if octets[1] >> 4 & 3 != 1 {
            self.frame.borrow_mut().clear();
        }
        self.frame.borrow_mut().extend(&octets[4..]);
        let frame = self.frame.borrow().clone();
        let [low, high, c0, c1, ref payload @ ..] = frame[..] else { return };
        if payload.len() < usize::from(u16::from_le_bytes([low, high])) {
            return;
        }
        let channel = u16::from_le_bytes([c0, c1]);
        match (channel, payload) {
            (SIGNALLING, [0x14, id, _, _, _, _, s0, s1, m0, m1, p0, p1, r0, r1]) => {
                let number = |low: &u8, high: &u8| u16::from_le_bytes([*low, *high]);
                let (cid, mtu, mps, credits) = (number(s0, s1), number(m0, m1), number(p0, p1), number(r0, r1));
                let own = FIRST + u16::try_from(self.opened.borrow().len()).unwrap();
                self.opened.borrow_mut().push(Opened { cid, mtu, mps, credits });
                let answer = [own, 500, 200, self.credits.get(), 0].map(u16::to_le_bytes);
                self.frame(SIGNALLING, &[&[0x15, *id, 10, 0], answer.as_flattened()].concat());
            }
            (SIGNALLING, [0x06, id, _, _, ids @ ..]) => {
                self.frame(SIGNALLING, &[&[0x07, *id, 4, 0], ids].concat());
                self.heard.borrow_mut().push((channel, payload.to_vec()));
            }
            // The client of the peer finds nothing here.
            (ATT, [request, ..]) if request % 2 == 0 => self.frame(ATT, &[0x01, *request, 0, 0, 0x06]),
            _ => self.heard.borrow_mut().push((channel, payload.to_vec())),
        }
    }

    async fn reads(&self, mut reader: impl PacketRead<Error = Infallible>) -> Infallible {
        let mut buffer = [0; 300];
        loop {
            let Ok(packet) = reader.read(&mut buffer).await;
            match packet.kind {
                PacketKind::Event => self.event(packet.data),
                _ => self.acl(packet.data),
            }
            self.wake();
        }
    }

    async fn writes(&self, mut writer: impl PacketWrite<Error = Infallible>) -> Infallible {
        loop {
            let packet = poll_fn(|context| {
                let mut out = self.out.borrow_mut();
                let may_go = match out.front() {
                    Some((PacketKind::Command, _)) => self.may_command.replace(false),
                    Some(_) => self.room.get() > 0,
                    None => false,
                };
                if may_go {
                    return Poll::Ready(out.pop_front());
                }
                self.wakers.borrow_mut().push(context.waker().clone());
                Poll::Pending
            })
            .await;
            let Some((kind, octets)) = packet else { continue };
            if kind == PacketKind::Acl {
                self.room.set(self.room.get() - 1);
            }
            let Ok(()) = writer.write(Packet::new(kind, &octets)).await;
        }
    }

    /// Is there, for whoever connects. Dropped, it neither reads nor writes any more.
    pub(crate) async fn run(&self) -> Infallible {
        let (reader, writer) = self.controller.transport();
        if self.link.get() == 0 {
            self.command(0x0c03, &[]);
            // Set Event Mask: the default one, and LE Meta Event.
            self.command(0x0c01, &[0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0, 0x20]);
            // LE Set Advertising Parameters: each 30 ms, connectable.
            self.command(0x2006, &[0x30, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0]);
            self.advertise();
        }
        super::support::both(self.reads(reader), self.writes(writer)).await
    }
}
