//! A controller behind H4: octets both ways, with faults by offset, and the recovery of Vol 4, Part A, 4.

use crate::{air::Controller, room::room, transport::next_packet};
use core::convert::Infallible;
use embassy_time::Instant;
use embedded_io_async::{ErrorType, Read, Write};
use jelling_transport::Direction;
use jelling_wire::{Packet, PacketKind, hci::event::Event};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// What happens to an octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OctetFault {
    /// It is lost.
    Drop,
    /// This one comes before it.
    Add(u8),
    /// Its bits flip by this mask.
    Flip(u8),
    /// So many octets of noise come before this one.
    Burst(u16),
}

/// One fault of the line: what happens to the octet at this offset, counted from 0 in each direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineFault {
    /// Which way.
    pub direction: Direction,
    /// Which octet.
    pub offset: u64,
    /// What.
    pub fault: OctetFault,
}

/// An octet of noise: the same at the same place, and no pattern otherwise.
fn noise(place: u16) -> u8 {
    (u32::from(place).wrapping_mul(0x9e37_79b9) >> 24) as u8
}

#[derive(Debug, Default)]
struct Line {
    fault: Option<LineFault>,
    passed: [u64; 2],
}

impl Line {
    /// Sends octets down the line; true when one of them went wrong.
    fn pass(&mut self, direction: Direction, octets: &[u8], out: &mut impl Extend<u8>) -> bool {
        let mut wrong = false;
        let side = usize::from(direction == Direction::FromController);
        for octet in octets {
            let at = self.passed[side];
            self.passed[side] += 1;
            match self.fault {
                Some(f) if f.direction == direction && f.offset == at => {
                    self.fault = None;
                    wrong = true;
                    match f.fault {
                        OctetFault::Drop => {}
                        OctetFault::Add(more) => out.extend([more, *octet]),
                        OctetFault::Flip(mask) => out.extend([*octet ^ mask]),
                        OctetFault::Burst(length) => {
                            out.extend((0..length).map(noise));
                            out.extend([*octet]);
                        }
                    }
                }
                _ => out.extend([*octet]),
            }
        }
        wrong
    }
}

impl Controller {
    /// What the host knows and what is the case may be two things from now on, until the next Reset.
    fn look_away(&self) {
        self.air.with(|world| world.controllers[self.who].police.blind = true);
    }
}

/// The receiving half of a serial line to a controller.
#[derive(Debug)]
pub struct SerialReader {
    controller: Controller,
    line: Arc<Mutex<Line>>,
    buffered: VecDeque<u8>,
}

/// The sending half of a serial line to a controller. It waits, as for RTS, while its host leaves 128 packets of the
/// controller unread.
#[derive(Debug)]
pub struct SerialWriter {
    controller: Controller,
    line: Arc<Mutex<Line>>,
    received: Vec<u8>,
    /// Out of step: only Reset is looked for.
    lost: bool,
}

/// A serial line, to look at from outside.
#[derive(Clone, Debug)]
pub struct SerialLine {
    line: Arc<Mutex<Line>>,
}

impl SerialLine {
    /// Lets an octet go wrong, once.
    pub fn inject(&self, fault: LineFault) {
        self.line.lock().unwrap_or_else(PoisonError::into_inner).fault = Some(fault);
    }

    /// Octets that passed: to the controller, and from it.
    pub fn passed(&self) -> [u64; 2] {
        self.line.lock().unwrap_or_else(PoisonError::into_inner).passed
    }
}

impl Controller {
    /// A serial line to it that speaks H4.
    pub fn serial(&self) -> (SerialReader, SerialWriter, SerialLine) {
        let line = Arc::new(Mutex::new(Line::default()));
        let reader = SerialReader { controller: self.clone(), line: line.clone(), buffered: VecDeque::new() };
        let writer = SerialWriter { controller: self.clone(), line: line.clone(), received: vec![], lost: false };
        (reader, writer, SerialLine { line })
    }
}

impl ErrorType for SerialReader {
    type Error = Infallible;
}

impl ErrorType for SerialWriter {
    type Error = Infallible;
}

impl Read for SerialReader {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        while self.buffered.is_empty() {
            let (kind, octets) = next_packet(&self.controller).await;
            let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
            let wrong = line.pass(Direction::FromController, &[kind.indicator()], &mut self.buffered)
                | line.pass(Direction::FromController, &octets, &mut self.buffered);
            if wrong {
                self.controller.look_away();
            }
        }
        let n = buffer.len().min(self.buffered.len());
        for (target, octet) in buffer.iter_mut().zip(self.buffered.drain(..n)) {
            *target = octet;
        }
        Ok(n)
    }
}

impl Write for SerialWriter {
    async fn write(&mut self, octets: &[u8]) -> Result<usize, Infallible> {
        {
            let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
            if line.pass(Direction::ToController, octets, &mut self.received) {
                self.controller.look_away();
            }
        }
        self.take_packets().await;
        Ok(octets.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// HCI Reset with its indicator.
const RESET: [u8; 4] = [0x01, 0x03, 0x0c, 0x00];

impl SerialWriter {
    async fn take_packets(&mut self) {
        loop {
            if self.lost {
                // Vol 4, Part A, 4: the controller looks for Reset in the stream.
                let Some(at) = self.received.windows(RESET.len()).position(|w| w == RESET) else {
                    let keep = self.received.len().saturating_sub(RESET.len() - 1);
                    self.received.drain(..keep);
                    return;
                };
                self.received.drain(..at);
                self.lost = false;
            }
            let length = match self.received.as_slice() {
                [] => return,
                [0x01, _, _, length, ..] => 4 + usize::from(*length),
                [0x02, _, _, low, high, ..] => 5 + usize::from(u16::from_le_bytes([*low, *high])),
                [0x01 | 0x02, ..] => return,
                _ => usize::MAX,
            };
            // A command has 258 octets at most; data no more than the controller has room for.
            let acl_length = self.controller.air.with(|world| world.controllers[self.controller.who].config.acl_length);
            if length > 5 + usize::from(acl_length).max(255) {
                self.lost = true;
                self.controller.air.with(|world| {
                    world.controllers[self.controller.who].police.blind = true;
                    let error = Event::HardwareError { code: 0 };
                    world.event(self.controller.who, &error, crate::police::Notice::Nothing);
                });
                continue;
            }
            if self.received.len() < length {
                return;
            }
            room(&self.controller).await;
            let packet: Vec<u8> = self.received.drain(..length).collect();
            let kind = if packet[0] == 0x01 { PacketKind::Command } else { PacketKind::Acl };
            self.controller.air.with(|world| {
                world.advance(Instant::now().as_micros());
                world.write(self.controller.who, Packet::new(kind, &packet[1..]));
            });
        }
    }
}
