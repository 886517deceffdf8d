//! A controller as a transport: by the clock of embassy-time, real or virtual.

use crate::{air::Controller, room::room};
use core::{convert::Infallible, future::Future, pin::Pin, task::Poll};
use embassy_time::{Instant, Timer};
use jelling_transport::{PacketRead, PacketWrite};
use jelling_wire::{Packet, copy};

/// What the controller says. Each packet is read once, by whichever reader comes first.
#[derive(Debug)]
pub struct SimReader {
    controller: Controller,
}

/// What the controller is told. A host that leaves 128 packets of the controller unread waits here until it reads.
#[derive(Debug)]
pub struct SimWriter {
    controller: Controller,
}

impl SimReader {
    pub(crate) fn new(controller: Controller) -> Self {
        SimReader { controller }
    }
}

impl SimWriter {
    pub(crate) fn new(controller: Controller) -> Self {
        SimWriter { controller }
    }
}

fn now() -> u64 {
    Instant::now().as_micros()
}

/// Waits for the controller's next packet. Dropping the future loses nothing.
pub(crate) async fn next_packet(controller: &Controller) -> (jelling_wire::PacketKind, Vec<u8>) {
    let mut timer: Option<(u64, Timer)> = None;
    core::future::poll_fn(|context| {
        loop {
            let (packet, next) = controller.air.with(|world| {
                world.advance(now());
                match world.read(controller.who) {
                    Some(packet) => (Some(packet), None),
                    None => (None, world.wait(controller.who, context.waker())),
                }
            });
            if let Some(packet) = packet {
                return Poll::Ready(packet);
            }
            match next {
                None => timer = None,
                Some(at) if timer.as_ref().is_some_and(|(set, _)| *set == at) => {}
                Some(at) => timer = Some((at, Timer::at(Instant::from_micros(at)))),
            }
            let fired = timer.as_mut().is_some_and(|(_, t)| Pin::new(t).poll(context).is_ready());
            if !fired {
                return Poll::Pending;
            }
            timer = None;
        }
    })
    .await
}

impl PacketRead for SimReader {
    type Error = Infallible;

    async fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Packet<'b>, Infallible> {
        loop {
            let (kind, octets) = next_packet(&self.controller).await;
            if octets.len() <= buffer.len() {
                let n = copy(buffer, &octets);
                return Ok(Packet::new(kind, &buffer[..n]));
            }
        }
    }
}

impl PacketWrite for SimWriter {
    type Error = Infallible;

    async fn write(&mut self, packet: Packet<'_>) -> Result<(), Infallible> {
        room(&self.controller).await;
        self.controller.air.with(|world| {
            world.advance(now());
            world.write(self.controller.who, packet);
        });
        Ok(())
    }
}
