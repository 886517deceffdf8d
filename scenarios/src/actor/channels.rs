//! What an application does with channels: it opens them, listens for them, sends and takes octets, ends them.

use super::{Held, apply::OCTETS};
use jelling_host::{ChannelHandle, ChannelOptions, Core, ListenerHandle, Transmit, wire::l2cap::Psm};
use std::task::Poll;

/// Something about channels that an application may ask of its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the verbs of the core are")]
pub enum Channelling {
    Listen { psm: u8, options: u8 },
    Unlisten,
    Open { psm: u8, options: u8 },
    Accept { psm: u8, options: u8 },
    Send { which: u8, length: u8 },
    Take { which: u8, room: u8 },
    Close { which: u8 },
    Release { which: u8 },
}

impl Channelling {
    /// What three octets say.
    pub fn from_octets([kind, a, b]: [u8; 3]) -> Self {
        match kind % 13 {
            0 | 1 => Channelling::Listen { psm: a, options: b },
            2 if b > 200 => Channelling::Unlisten,
            2..=4 => Channelling::Open { psm: a, options: b },
            5 | 6 => Channelling::Accept { psm: a, options: b },
            7 | 8 => Channelling::Send { which: a, length: b },
            9 | 10 => Channelling::Take { which: a, room: b },
            11 => Channelling::Close { which: a },
            _ => Channelling::Release { which: a },
        }
    }
}

/// Channels that there are at most.
pub(super) const CHANNELS: usize = 3;
/// Frame buffers of each.
pub(super) const FRAMES: usize = 2;

/// The channels of an application.
#[derive(Debug)]
pub(super) struct Channels {
    listener: Option<ListenerHandle>,
    /// Each with the SDU that is sent in part: its length, and how much of it is.
    open: Vec<(ChannelHandle, Option<(usize, usize)>)>,
    /// Of the transport.
    frames: Box<[[u8; 64]; CHANNELS * FRAMES]>,
}

impl Default for Channels {
    fn default() -> Self {
        Channels { listener: None, open: vec![], frames: Box::new([[0; 64]; CHANNELS * FRAMES]) }
    }
}

impl Channels {
    /// What goes out, as octets.
    pub(super) fn octets(&mut self, transmit: Transmit<'_>) -> (jelling_host::wire::PacketKind, Vec<u8>) {
        match transmit {
            Transmit::Packet(packet) => (packet.kind, packet.data.to_vec()),
            Transmit::Part(part) => {
                let packet = part.packet(&mut self.frames[usize::from(part.frame())]);
                (packet.kind, packet.data.to_vec())
            }
        }
    }

    /// The application ends: what the transport has stays.
    pub(super) fn let_go(&mut self, core: &mut Core<'_>) {
        if let Some(listener) = self.listener.take() {
            core.unlisten(listener);
        }
        for (channel, _) in self.open.drain(..) {
            core.release_channel(channel);
        }
    }
}

fn options(octet: u8) -> ChannelOptions {
    let (mtu, mps) = ([22, 23, 64, 300][usize::from(octet & 3)], [23, 50, 100, 247][usize::from(octet >> 2 & 3)]);
    ChannelOptions::new(mtu).mps(mps).credits(u16::from(octet >> 4 & 3))
}

fn psm(octet: u8) -> Psm {
    Psm(0x80 + u16::from(octet & 1))
}

pub(super) fn apply(core: &mut Core<'_>, held: &mut Held, asked: Channelling) {
    let link = held.links.first().copied();
    let channels = &mut held.channels;
    let pick = |which: u8, count: usize| usize::from(which).checked_rem(count);
    match (asked, link) {
        (Channelling::Listen { psm: of, options: how }, _) if channels.listener.is_none() => {
            channels.listener = core.listen(psm(of), &options(how)).ok();
        }
        (Channelling::Unlisten, _) => {
            channels.listener.take().into_iter().for_each(|listener| core.unlisten(listener));
        }
        (Channelling::Open { psm: of, options: how }, Some(link)) => {
            channels.open.extend(core.open_channel(link, psm(of), &options(how)).ok().map(|channel| (channel, None)));
        }
        (Channelling::Accept { psm: of, options: how }, Some(link)) => {
            channels.open.extend(core.accept_channel(link, psm(of), &options(how)).ok().map(|channel| (channel, None)));
        }
        (Channelling::Send { which, length }, _) => {
            let Some(at) = pick(which, channels.open.len()) else { return };
            let (channel, under_way) = channels.open[at];
            let (length, mut done) = under_way.unwrap_or((usize::from(length), 0));
            channels.open[at].1 = under_way;
            while let Ok(number) = core.free_frame(channel) {
                let frame = &mut channels.frames[usize::from(number)];
                let Ok(taken) = core.send_frame(channel, &OCTETS[..length], done, frame) else { break };
                done += taken;
                channels.open[at].1 = (done < length).then_some((length, done));
                if done == length {
                    break;
                }
            }
        }
        (Channelling::Take { which, room }, _) => {
            let Some(at) = pick(which, channels.open.len()) else { return };
            take(core, channels.open[at].0, usize::from(room));
        }
        (Channelling::Close { which }, _) => {
            let Some(at) = pick(which, channels.open.len()) else { return };
            core.close_channel(channels.open[at].0);
        }
        (Channelling::Release { which }, _) => {
            let Some(at) = pick(which, channels.open.len()) else { return };
            core.release_channel(channels.open.remove(at).0);
        }
        _ => {}
    }
}

fn take(core: &mut Core<'_>, channel: ChannelHandle, room: usize) {
    let mut octets = [0; 255];
    let available = core.available(channel);
    match core.receive(channel, &mut octets[..room]) {
        Poll::Ready(Ok(received)) => {
            assert!(received.length <= room && received.length <= available, "more than there was")
        }
        Poll::Ready(Err(_)) | Poll::Pending => {}
    }
}

/// Takes the channels that came, and lets go of those that are over and have nothing left.
pub(super) fn look(core: &mut Core<'_>, channels: &mut Channels) {
    while let Some(listener) = channels.listener
        && let Poll::Ready(taken) = core.take_channel(listener)
    {
        match taken {
            Ok(channel) => channels.open.push((channel, None)),
            Err(_) => channels.listener = None,
        }
    }
    channels.open.retain(|(channel, _)| {
        let over = core.channel_closed(*channel).is_ready() && core.available(*channel) == 0;
        if over && matches!(core.receive(*channel, &mut [0; 1]), Poll::Ready(Err(_))) {
            core.release_channel(*channel);
            return false;
        }
        true
    });
}
