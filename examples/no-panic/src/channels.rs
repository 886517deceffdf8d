//! Every verb of channels, with any arguments, and the frame buffers that the transport writes out of.

use crate::input::{out, word};
use core::task::Poll;
use jelling_host::{
    ChannelDemands, ChannelHandle, ChannelOptions, Core, Instant, ListenerHandle, TRANSMIT_BUFFER, Transmit,
    wire::l2cap::Psm,
};

static mut FRAMES: [[u8; 255]; 4] = [[0; 255]; 4];

/// Handles that may be old.
#[derive(Clone, Copy)]
struct Last {
    channel: Option<ChannelHandle>,
    listener: Option<ListenerHandle>,
}

static mut LAST: Last = Last { channel: None, listener: None };

#[inline(never)]
pub(crate) fn channels(core: &mut Core<'_>, octets: &[u8], target: &mut [u8]) {
    let last = unsafe { &mut *core::ptr::addr_of_mut!(LAST) };
    let (psm, options) = (Psm(word() as u16), options());
    let link = core.links().nth(word() as usize);
    if let Some(link) = link {
        let begun = match word() & 1 {
            0 => core.open_channel(link, psm, &options),
            _ => core.accept_channel(link, psm, &options),
        };
        last.channel = begun.ok().or(last.channel);
    }
    last.listener = core.listen(psm, &options).ok().or(last.listener);
    if let Some(listener) = last.listener {
        out(listener.index().into());
        if let Poll::Ready(Ok(channel)) = core.take_channel(listener) {
            last.channel = Some(channel);
        }
        if word() & 1 == 1 {
            core.unlisten(listener);
        }
    }
    if let Some(channel) = last.channel {
        carry(core, channel, octets, target);
    }
}

fn options() -> ChannelOptions {
    ChannelOptions::new(word() as u16)
        .mps(word() as u16)
        .credits(word() as u16)
        .demands(ChannelDemands::from_bits_truncate(word() as u8))
        .key_size(word() as u8)
}

#[inline(never)]
fn carry(core: &mut Core<'_>, channel: ChannelHandle, octets: &[u8], target: &mut [u8]) {
    out(channel.index().into());
    match word() % 8 {
        0 => core.close_channel(channel),
        1 => core.release_channel(channel),
        2 => {
            let frames = unsafe { &mut *core::ptr::addr_of_mut!(FRAMES) };
            if let Ok(number) = core.free_frame(channel)
                && let Some(frame) = frames.get_mut(usize::from(number))
            {
                let room = frame.get_mut(..word() as usize).unwrap_or_default();
                out(core.send_frame(channel, octets, word() as usize, room).unwrap_or(0) as u32);
            }
        }
        3 => {
            let target = target.get_mut(..word() as usize).unwrap_or_default();
            if let Poll::Ready(Ok(received)) = core.receive(channel, target) {
                out(received.length as u32 + u32::from(received.ends));
            }
        }
        4 => out(core.available(channel) as u32),
        5 => out(u32::from(core.flushed(channel).is_ready() || core.channel_closed(channel).is_ready())),
        6 => {
            if let Poll::Ready(Ok(info)) = core.channel(channel) {
                out(u32::from(info.psm ^ info.peer_mtu ^ info.peer_mps));
            }
        }
        _ => out(u32::from(core.is_channel_open(channel) || core.may_overflow())),
    }
}

/// A packet goes out, of either kind.
#[inline(never)]
pub(crate) fn transmit(core: &mut Core<'_>, now: Instant) {
    let mut buffer = [0; TRANSMIT_BUFFER];
    let frames = unsafe { &mut *core::ptr::addr_of_mut!(FRAMES) };
    match core.poll_transmit(now, &mut buffer) {
        None => {}
        Some(Transmit::Packet(packet)) => out(packet.data.len() as u32),
        Some(Transmit::Part(part)) => {
            if let Some(frame) = frames.get_mut(usize::from(part.frame())) {
                out(part.packet(frame).data.len() as u32);
            }
        }
    }
}
