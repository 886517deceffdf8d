//! A controller that answers at once, with a peer behind it that says what a script says.
#![allow(dead_code, reason = "each test uses a part of it")]

use core::{
    cell::{Cell, RefCell},
    convert::Infallible,
    future::poll_fn,
    task::{Poll, Waker},
};
use jelling::{AddressKind, Config, Connection, Device, Host, Packet, PacketKind, PacketRead, PacketWrite, sim};
use std::{collections::VecDeque, rc::Rc};

/// What the peer says to an ATT PDU: none, one or several.
pub(crate) type Script<'s> = Box<dyn FnMut(&[u8]) -> Vec<Vec<u8>> + 's>;

const HANDLE: [u8; 2] = [0x40, 0x00];

/// The controller, its one link, and the peer.
pub(crate) struct Peer<'s> {
    to_host: RefCell<VecDeque<(PacketKind, Vec<u8>)>>,
    waker: RefCell<Option<Waker>>,
    script: RefCell<Script<'s>>,
    /// ATT PDUs of the host since they were last taken.
    heard: RefCell<Vec<Vec<u8>>>,
    /// So many updates of the link follow each LE Rand, and there were so many.
    chatter: Cell<u16>,
    updates: Cell<u16>,
}

impl<'s> Peer<'s> {
    pub(crate) fn new() -> Rc<Self> {
        let peer = Peer {
            to_host: RefCell::default(),
            waker: RefCell::default(),
            script: RefCell::new(Box::new(|_| vec![])),
            heard: RefCell::default(),
            chatter: Cell::default(),
            updates: Cell::default(),
        };
        Rc::new(peer)
    }

    /// From now on the peer answers so.
    pub(crate) fn answers(&self, script: impl FnMut(&[u8]) -> Vec<Vec<u8>> + 's) {
        *self.script.borrow_mut() = Box::new(script);
    }

    /// From now on the controller tells so many new intervals of the link behind each answer to LE Rand.
    pub(crate) fn chatters(&self, updates: u16) {
        self.chatter.set(updates);
    }

    /// The interval that it told last, in units of 1.25 ms.
    pub(crate) fn last_interval(&self) -> u16 {
        self.updates.get() + 24
    }

    /// ATT PDUs that the host sent since the last call.
    pub(crate) fn heard(&self) -> Vec<Vec<u8>> {
        self.heard.take()
    }

    /// The peer says an ATT PDU unasked.
    pub(crate) fn say(&self, pdu: &[u8]) {
        let length = u8::try_from(pdu.len()).unwrap();
        let head = [HANDLE[0], HANDLE[1] | 0x20, length + 4, 0, length, 0, 4, 0];
        self.push(PacketKind::Acl, [&head, pdu].concat());
    }

    fn push(&self, kind: PacketKind, octets: Vec<u8>) {
        self.to_host.borrow_mut().push_back((kind, octets));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// An event of the controller.
    pub(crate) fn event(&self, code: u8, parameters: &[u8]) {
        self.push(PacketKind::Event, [&[code, parameters.len() as u8], parameters].concat());
    }

    fn command(&self, octets: &[u8]) {
        let opcode = [octets[0], octets[1]];
        let complete = |rest: &[u8]| self.event(0x0e, &[&[1, opcode[0], opcode[1], 0], rest].concat());
        match u16::from_le_bytes(opcode) {
            0x1001 => complete(&[12, 0, 0, 12, 0xff, 0xff, 0, 0]),
            0x1002 => complete(&[0xff; 64]),
            0x1003 | 0x2003 => complete(&[0x20, 0, 0, 0, 0, 0, 0, 0]),
            0x2002 => complete(&[251, 0, 8]),
            0x1009 => complete(&[1, 2, 3, 4, 5, 6]),
            // LE Rand
            0x2018 => {
                complete(&[1, 2, 3, 4, 5, 6, 7, 8]);
                for _ in 0..self.chatter.get() {
                    self.updates.set(self.updates.get() + 1);
                    let [low, high] = self.last_interval().to_le_bytes();
                    self.event(0x3e, &[0x03, 0, HANDLE[0], HANDLE[1], low, high, 0, 0, 0x2c, 1]);
                }
            }
            // LE Create Connection, and at once its link.
            0x200d => {
                self.event(0x0f, &[0, 1, opcode[0], opcode[1]]);
                let mut meta = vec![0x01, 0, HANDLE[0], HANDLE[1], 0, 0];
                meta.extend([1, 0x53, 0, 0x5e, 0, 0, 24, 0, 0, 0, 0x2c, 1, 0]);
                self.event(0x3e, &meta);
            }
            // Disconnect
            0x0406 => {
                self.event(0x0f, &[0, 1, opcode[0], opcode[1]]);
                self.event(0x05, &[0, HANDLE[0], HANDLE[1], 0x16]);
            }
            _ => complete(&[]),
        }
    }

    fn acl(&self, octets: &[u8]) {
        self.event(0x13, &[1, HANDLE[0], HANDLE[1], 1, 0]);
        assert_eq!(octets[6..8], [4, 0], "ATT alone is spoken here");
        assert_eq!(octets.len() - 8, usize::from(octets[4]), "every PDU goes in one packet");
        let pdu = &octets[8..];
        self.heard.borrow_mut().push(pdu.to_vec());
        let answers = (self.script.borrow_mut())(pdu);
        answers.iter().for_each(|answer| self.say(answer));
    }
}

/// The two halves of its transport.
struct Half<'s>(Rc<Peer<'s>>);

impl PacketRead for Half<'_> {
    type Error = Infallible;
    async fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Packet<'b>, Infallible> {
        let (kind, octets) = poll_fn(|context| match self.0.to_host.borrow_mut().pop_front() {
            Some(packet) => Poll::Ready(packet),
            None => {
                *self.0.waker.borrow_mut() = Some(context.waker().clone());
                Poll::Pending
            }
        })
        .await;
        buffer[..octets.len()].copy_from_slice(&octets);
        Ok(Packet::new(kind, &buffer[..octets.len()]))
    }
}

impl PacketWrite for Half<'_> {
    type Error = Infallible;
    async fn write(&mut self, packet: Packet<'_>) -> Result<(), Infallible> {
        match packet.kind {
            PacketKind::Command => self.0.command(packet.data),
            PacketKind::Acl => self.0.acl(packet.data),
            _ => panic!("a host sends commands and data"),
        }
        Ok(())
    }
}

/// Runs an application with a host that is connected to a scripted peer.
pub(crate) fn play<R>(application: impl AsyncFnOnce(Host<'_>, Connection<'_>, &Peer<'_>) -> R) -> R {
    let mut memory = Box::new(sim::Memory::new());
    let (host, mut runner) = jelling::new(&mut *memory, Config::default());
    let peer = Peer::new();
    let halves = (Half(peer.clone()), Half(peer.clone()));
    sim::Simulation::new(1).block_on(async {
        let work = async {
            let device = Device::new(AddressKind::Public, [0, 0, 0x5e, 0, 0x53, 1]);
            let connection = host.connect(device).await.unwrap();
            let result = application(host, connection, &peer).await;
            host.stop().await;
            let pools = host.pools();
            let used = [pools.links, pools.blocks, pools.queues, pools.controller_buffers].map(|usage| usage.used);
            assert_eq!(used, [0; 4], "{pools:?}");
            result
        };
        match embassy_futures::select::select(work, runner.run(halves.0, halves.1)).await {
            embassy_futures::select::Either::First(result) => result,
            embassy_futures::select::Either::Second(_) => panic!("the runner ended"),
        }
    })
}

/// A server of one service: declaration, include, characteristic, value, CCCD, user description.
pub(crate) mod honest {
    /// The service, the characteristic, the handle of its value.
    pub(crate) const SERVICE: u16 = 0x181a;
    pub(crate) const CHARACTERISTIC: u16 = 0x2a6e;
    pub(crate) const VALUE: u16 = 0x0013;

    fn error(request: u8, handle: u16, code: u8) -> Vec<u8> {
        let [low, high] = handle.to_le_bytes();
        vec![0x01, request, low, high, code]
    }

    /// Its answer to a request.
    pub(crate) fn answer(request: &[u8]) -> Vec<Vec<u8>> {
        let number = |at: usize| request.get(at..at + 2).map_or(0, |n| u16::from_le_bytes([n[0], n[1]]));
        let (start, end) = (number(1), number(3));
        let within = |handle: u16| start <= handle && handle <= end;
        let none = || error(request[0], start, 0x0a);
        let answer = match request[0] {
            0x02 => vec![0x03, 23, 0],
            0x04 => match (0x10..=0x15).find(|h| within(*h)) {
                Some(handle) => {
                    let types: [u16; 6] = [0x2800, 0x2802, 0x2803, CHARACTERISTIC, 0x2902, 0x2901];
                    let [low, high] = types[usize::from(handle) - 0x10].to_le_bytes();
                    vec![0x05, 1, handle as u8, 0, low, high]
                }
                None => none(),
            },
            0x06 if within(0x10) => vec![0x07, 0x10, 0, 0x1f, 0],
            0x10 if within(0x10) && number(5) == 0x2800 => vec![0x11, 6, 0x10, 0, 0x1f, 0, 0x1a, 0x18],
            0x08 => match number(5) {
                0x2802 if within(0x11) => vec![0x09, 8, 0x11, 0, 0x20, 0, 0x2f, 0, 0x0f, 0x18],
                0x2803 if within(0x12) => vec![0x09, 7, 0x12, 0, 0xbe, 0x13, 0, 0x6e, 0x2a],
                CHARACTERISTIC if within(VALUE) => vec![0x09, 4, 0x13, 0, 0xc4, 0x09],
                _ => none(),
            },
            0x06 | 0x10 => none(),
            0x0a => vec![0x0b, 0xc4, 0x09],
            0x0c => error(0x0c, start, 0x0b),
            0x0e => vec![0x0f, 0xc4, 0x09, 0xc4, 0x09],
            0x20 => vec![0x21, 2, 0, 0xc4, 0x09, 2, 0, 0xc4, 0x09],
            0x12 => vec![0x13],
            0x16 => [&[0x17], &request[1..]].concat(),
            0x18 => vec![0x19],
            // Commands and confirmations are not answered.
            _ => return vec![],
        };
        vec![answer]
    }
}
