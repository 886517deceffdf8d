//! Controllers and the air between them, without time: a command is answered while it is written, data is in the peer's inbox
//! and reported as completed at once. An inbox that is full holds the writers back; nothing is lost here.

#![no_std]

extern crate alloc;

mod connections;
mod encryption;
mod ours;
mod theirs;

pub use theirs::Malformed;

use alloc::{boxed::Box, collections::VecDeque, vec, vec::Vec};
use connections::Connections;
use core::{
    cell::{Cell, RefCell},
    future::poll_fn,
    task::{Poll, Waker},
};

/// The controllers' buffers for ACL data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffers {
    /// Octets of data in each.
    pub length: u16,
    /// How many.
    pub count: u8,
}

/// Kinds of HCI packets, as H4 numbers them.
const COMMAND: u8 = 1;
const ACL: u8 = 2;
const EVENT: u8 = 4;

/// Packets that a controller holds for its host.
const INBOX: usize = 64;
/// Octets of the longest packet.
const LONGEST: usize = 264;
/// Packets that one which is sent may leave in an inbox: an answer, and the connections that follow.
const MORE: usize = 3;

struct Slot {
    kind: u8,
    length: usize,
    octets: [u8; LONGEST],
}

/// A controller's end of HCI.
#[derive(Default)]
struct Controller {
    inbox: VecDeque<Box<Slot>>,
    advertises: bool,
    /// To whose address.
    initiates: Option<[u8; 6]>,
    reader: Option<Waker>,
}

/// The controllers, and who is connected to whom.
pub struct Air {
    controllers: RefCell<Vec<Controller>>,
    connections: RefCell<Connections>,
    /// Octets that packets had as they were written, and again as they were read.
    moved: Cell<u64>,
    /// Inboxes without room for what a packet may leave there.
    crowded: Cell<usize>,
    /// Slots that are in no inbox.
    #[allow(clippy::vec_box, reason = "a packet goes from inbox to inbox without being copied")]
    spare: RefCell<Vec<Box<Slot>>>,
    /// Who waits for room in the inboxes.
    writers: RefCell<Vec<Option<Waker>>>,
    buffers: Buffers,
    /// Of LE Rand.
    random: Cell<u64>,
}

impl Air {
    /// Two controllers that are not connected.
    pub fn new(buffers: Buffers) -> Self {
        Air::of(2, buffers)
    }

    /// So many controllers that are not connected.
    pub fn of(count: usize, buffers: Buffers) -> Self {
        let slot = || Box::new(Slot { kind: 0, length: 0, octets: [0; LONGEST] });
        Air {
            controllers: RefCell::new((0..count).map(|_| Controller::default()).collect()),
            connections: RefCell::default(),
            moved: Cell::new(0),
            crowded: Cell::new(0),
            spare: RefCell::new((0..count * (INBOX + 2)).map(|_| slot()).collect()),
            writers: RefCell::new(vec![None; count]),
            buffers,
            random: Cell::new(0),
        }
    }

    /// Octets that this has copied: each packet out of a host's buffer, and into one.
    pub fn moved(&self) -> u64 {
        self.moved.get()
    }

    /// The public address of a controller.
    pub const fn address(side: usize) -> [u8; 6] {
        [side as u8 + 1, 0x53, 0, 0x5e, 0, 0]
    }
}

/// A host's access to its controller.
#[derive(Clone, Copy)]
pub struct Port<'a> {
    /// All controllers.
    pub air: &'a Air,
    /// Which of them, from 0.
    pub side: usize,
}

impl Port<'_> {
    /// Waits until a packet may be sent.
    async fn room(self) {
        poll_fn(|context| {
            if self.air.crowded.get() == 0 {
                return Poll::Ready(());
            }
            self.air.writers.borrow_mut()[self.side] = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Sends a packet, which `write` puts into the buffer it gets; it gives the length. To be called when there is room.
    fn send(self, kind: u8, write: impl FnOnce(&mut [u8]) -> usize) {
        let mut slot = self.air.spare.borrow_mut().pop().expect("room was awaited");
        slot.length = write(&mut slot.octets);
        self.count(&slot);
        slot.kind = kind;
        if kind == ACL {
            // Vol 4, Part E, 5.4.2: a first fragment is 00b from the host, and 10b to the host.
            if slot.octets[1] & 0x30 == 0 {
                slot.octets[1] |= 0x20;
            }
            let (low, high) = (slot.octets[0], slot.octets[1] & 0x0f);
            self.deliver(self.peer([low, high]), slot);
            return self.event(self.side, &[0x13, 5, 1, low, high, 1, 0]);
        }
        assert_eq!(kind, COMMAND, "no other kind is sent to a controller");
        let opcode = u16::from_le_bytes([slot.octets[0], slot.octets[1]]);
        let parameters = slot.octets;
        self.air.spare.borrow_mut().push(slot);
        self.command(opcode, &parameters[3..]);
    }

    /// Waits for the next packet; `read` gets its kind and its octets.
    async fn receive<R>(self, read: impl FnOnce(u8, &[u8]) -> R) -> R {
        let slot = poll_fn(|context| {
            let controller = &mut self.air.controllers.borrow_mut()[self.side];
            match controller.inbox.pop_front() {
                Some(slot) => {
                    if controller.inbox.len() + MORE == INBOX {
                        self.air.crowded.set(self.air.crowded.get() - 1);
                    }
                    Poll::Ready(slot)
                }
                None => {
                    controller.reader = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await;
        let result = read(slot.kind, &slot.octets[..slot.length]);
        self.count(&slot);
        self.air.spare.borrow_mut().push(slot);
        if self.air.crowded.get() == 0 {
            let writers = &mut *self.air.writers.borrow_mut();
            writers.iter_mut().filter_map(Option::take).for_each(Waker::wake);
        }
        result
    }

    fn deliver(self, side: usize, slot: Box<Slot>) {
        let controller = &mut self.air.controllers.borrow_mut()[side];
        controller.inbox.push_back(slot);
        if controller.inbox.len() + MORE == INBOX + 1 {
            self.air.crowded.set(self.air.crowded.get() + 1);
        }
        if let Some(waker) = controller.reader.take() {
            waker.wake();
        }
    }

    fn event(self, side: usize, octets: &[u8]) {
        let mut slot = self.air.spare.borrow_mut().pop().expect("room was awaited");
        (slot.kind, slot.length) = (EVENT, octets.len());
        slot.octets[..octets.len()].copy_from_slice(octets);
        self.count(&slot);
        self.deliver(side, slot);
    }

    fn count(self, slot: &Slot) {
        self.air.moved.set(self.air.moved.get() + slot.length as u64);
    }

    /// Command Complete.
    fn complete(self, opcode: u16, returned: &[u8]) {
        let [low, high] = opcode.to_le_bytes();
        let mut octets = vec![0x0e, returned.len() as u8 + 3, 1, low, high];
        octets.extend_from_slice(returned);
        self.event(self.side, &octets);
    }

    /// Command Status.
    fn status(self, opcode: u16, status: u8) {
        let [low, high] = opcode.to_le_bytes();
        self.event(self.side, &[0x0f, 4, status, 1, low, high]);
    }

    fn command(self, opcode: u16, parameters: &[u8]) {
        let side = self.side;
        match opcode {
            // Connection Update, Read Remote Features.
            0x2013 | 0x2016 => self.status(opcode, 0),
            0x0406 => self.disconnect(opcode, [parameters[0], parameters[1]]),
            0x2018 => self.draw(),
            0x2019 => self.enable_encryption(parameters),
            0x201a | 0x201b => self.key(opcode, parameters),
            0x200d => {
                self.status(opcode, 0);
                assert_eq!(parameters[4], 0, "the accept list is not known here");
                self.air.controllers.borrow_mut()[side].initiates = parameters[6..].first_chunk().copied();
                self.connect();
            }
            0x200a => {
                self.complete(opcode, &[0]);
                self.air.controllers.borrow_mut()[side].advertises = parameters[0] == 1;
                self.connect();
            }
            // Versions; supported commands: none but those that every controller has; features of an LE controller.
            0x1001 => self.complete(opcode, &[0, 0x0e, 0, 0, 0x0e, 0xff, 0xff, 0, 0]),
            0x1002 => self.complete(opcode, &[0; 65]),
            0x1003 => self.complete(opcode, &[0, 0, 0, 0, 0, 0x60, 0, 0, 0]),
            0x1009 => {
                let [a, b, c, d, e, f] = Air::address(side);
                self.complete(opcode, &[0, a, b, c, d, e, f]);
            }
            0x2002 => {
                let [low, high] = self.air.buffers.length.to_le_bytes();
                self.complete(opcode, &[0, low, high, self.air.buffers.count]);
            }
            // LE Encryption.
            0x2003 => self.complete(opcode, &[0, 1, 0, 0, 0, 0, 0, 0, 0]),
            // RSSI.
            0x1405 => self.complete(opcode, &[0, parameters[0], parameters[1], 0xc4]),
            0x200f => self.complete(opcode, &[0, 8]),
            // Reset; masks; host buffers; random address; advertising parameters and data; suggested data length; how long a
            // resolvable address lasts.
            0x0c03 | 0x0c01 | 0x0c63 | 0x0c33 | 0x2001 | 0x2005 | 0x2006 | 0x2008 | 0x2009 | 0x2024 | 0x202e => {
                self.complete(opcode, &[0]);
            }
            // Unknown HCI Command.
            _ => self.complete(opcode, &[1]),
        }
    }
}
