//! How channels end: by each side, by the link, by the controller, at each step; who waits learns of it, and nothing stays.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server", feature = "security"))]
#![cfg(feature = "l2cap")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod support;

use core::{task::Poll, time::Duration};
use jelling_host::{
    wire::{PacketKind, l2cap::Psm},
    *,
};
use support::channels::{
    Bench, FAR, PSM,
    far::Far,
    near,
    scene::exchange,
    signals::{self, End, Signal},
};

/// How far the channel is when its end begins.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Accepting,
    /// The request has not gone out.
    Wanted,
    Connecting,
    Open,
    /// An SDU waits to be read.
    Unread,
    /// A part of one more has come too.
    HalfIn,
    /// A packet's worth of a frame has.
    HalfFrame,
    /// Frames wait to go out.
    Queued,
    /// The controller has them and completes none.
    Held,
    /// A part of an SDU has gone, and there are no credits for more.
    HalfOut,
    /// The host's request to disconnect has not gone out.
    Leaving,
    /// It has.
    Left,
}

use Step::*;

const STEPS: [Step; 12] =
    [Accepting, Wanted, Connecting, Open, Unread, HalfIn, HalfFrame, Queued, Held, HalfOut, Leaving, Left];

/// Who ends it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    Close,
    Release,
    /// The peer asks.
    Peer,
    /// Both ask before they have heard of it; the host's request is first on its way, or the peer's.
    Crossing {
        close: bool,
    },
    LinkLoss,
    Disconnect,
    HardwareError,
    Stop,
    TransportClosed,
}

use Ending::*;

const ENDINGS: [Ending; 10] = [
    Close,
    Release,
    Peer,
    Crossing { close: true },
    Crossing { close: false },
    LinkLoss,
    Disconnect,
    HardwareError,
    Stop,
    TransportClosed,
];

struct Play {
    bench: Bench,
    step: Step,
    channel: ChannelHandle,
    /// The peer's end, once there is one.
    far: Option<Far>,
    /// The identifier that the host waits with.
    waits: Option<u8>,
    neighbour: (ChannelHandle, Far),
}

const BESIDE: End = End { cid: 0x51, ..FAR };

impl Play {
    fn new(step: Step) -> Self {
        let mut bench = Bench::new(27, 2);
        let neighbour = bench.open(1, &near(), BESIDE);
        let link = bench.link(0);
        let (mut far, mut waits) = (None, None);
        let channel = match step {
            Accepting => bench.core().accept_channel(link, Psm(PSM), &near()).unwrap(),
            Wanted => bench.core().open_channel(link, Psm(PSM), &near()).unwrap(),
            Connecting => {
                let (channel, identifier, _) = bench.begin(0, &near());
                waits = Some(identifier);
                channel
            }
            _ => {
                let credits = if step == HalfOut { 1 } else { 20 };
                let (channel, there) = bench.open(0, &near(), End { credits, ..FAR });
                far = Some(there);
                channel
            }
        };
        let mut play = Play { bench, step, channel, far, waits, neighbour };
        play.goes();
        play
    }

    fn goes(&mut self) {
        let (bench, channel) = (&mut self.bench, self.channel);
        let Some(far) = &mut self.far else { return };
        let mut say = |payload: &[u8]| {
            far.may -= 1;
            bench.say(0, far.host.cid, payload);
        };
        match self.step {
            Unread => say(&[2, 0, 1, 2]),
            HalfIn => {
                say(&[2, 0, 1, 2]);
                say(&[9, 0, 3]);
            }
            HalfFrame => {
                say(&[2, 0, 1, 2]);
                let frame = [&[40, 0][..], &far.host.cid.to_le_bytes(), &[38, 0, 3, 4]].concat();
                bench.packet(0, true, &frame);
            }
            Queued => {
                assert_eq!(bench.send(channel, b"queued", 0), Ok((6, true)));
                assert_eq!(bench.send(channel, b"behind it", 0), Ok((9, true)));
            }
            Held => {
                bench.holds = true;
                assert_eq!(bench.send(channel, b"held", 0), Ok((4, true)));
                bench.settle();
                far.hear(b"\x04\x00held");
                assert_eq!(bench.heard(0).len(), 1);
            }
            HalfOut => {
                let (done, whole) = bench.send(channel, &[7; 100], 0).unwrap();
                assert!(done > 0 && !whole);
                bench.attend(&mut [far]);
            }
            Leaving | Left => {
                say(&[2, 0, 1, 2]);
                bench.core().close_channel(channel);
            }
            _ => {}
        }
        if self.step == Left {
            bench.settle();
            let asked = bench.signals(0);
            assert_eq!(asked, [signals::disconnect(asked[0].identifier, far.own.cid, far.host.cid)]);
            self.waits = Some(asked[0].identifier);
        }
    }

    /// True while the peer has a channel.
    fn is_there(&self) -> bool {
        self.far.is_some()
    }

    fn ends(&mut self, ending: Ending) {
        let (bench, channel) = (&mut self.bench, self.channel);
        let link = bench.link(0);
        let ends = self.far.as_ref().map(|far| (far.host.cid, far.own.cid));
        match ending {
            Close => bench.core().close_channel(channel),
            Release => bench.core().release_channel(channel),
            Peer => {
                if let Some((host, own)) = ends {
                    bench.signal(0, &signals::disconnect(0x70, host, own));
                }
            }
            Crossing { close } => {
                if close {
                    bench.core().close_channel(channel);
                } else {
                    bench.core().release_channel(channel);
                }
                if let Some((host, own)) = ends {
                    bench.signal(0, &signals::disconnect(0x70, host, own));
                }
            }
            LinkLoss => bench.part(0),
            Disconnect => bench.core().disconnect(link),
            HardwareError => bench.hear(PacketKind::Event, &[0x10, 1, 7]),
            Stop => bench.core().stop(),
            TransportClosed => bench.core().transport_closed(),
        }
    }

    /// The peer does what is owed: it answers. What it was sent beside.
    fn answers(&mut self) -> Vec<Signal> {
        let mut left = vec![];
        if let (Left, Some(identifier), Some(far)) = (self.step, self.waits.take(), &mut self.far) {
            far.is_over = true;
            self.bench.signal(0, &signals::disconnected(identifier, far.own.cid, far.host.cid));
        }
        for _ in 0..4 {
            self.bench.holds = false;
            self.bench.complete(0);
            self.bench.settle();
            for (cid, octets) in self.bench.heard(0) {
                if cid != 5 {
                    self.far.as_mut().unwrap().hear(&octets);
                    continue;
                }
                let signal = Signal::parse(&octets);
                if signal.code == signals::DISCONNECT {
                    let far = self.far.as_mut().unwrap();
                    assert_eq!(signal.fields, [far.own.cid, far.host.cid]);
                    far.is_over = true;
                    let response = signals::disconnected(signal.identifier, far.own.cid, far.host.cid);
                    self.bench.signal(0, &response);
                } else if signal.code != signals::CREDIT {
                    left.push(signal);
                }
            }
        }
        left
    }
}

/// True where the link of the channel is up afterwards.
fn is_up(ending: Ending) -> bool {
    matches!(ending, Close | Release | Peer | Crossing { .. })
}

#[test]
fn each_ending_at_each_step_is_told_and_leaves_nothing() {
    for step in STEPS {
        for ending in ENDINGS {
            for answers in [true, false] {
                play(step, ending, answers);
            }
        }
    }
}

fn play(step: Step, ending: Ending, answers: bool) {
    let what = || format!("{step:?} {ending:?}, the peer answers: {answers}");
    let mut play = Play::new(step);
    let (channel, started) = (play.channel, play.is_there());
    let slots = play.bench.core().pools().channels.used;
    assert_eq!(slots, 2);
    play.ends(ending);
    let released = matches!(ending, Release | Crossing { close: false });
    let kept = matches!(step, Unread | HalfIn | HalfFrame | Leaving | Left) && !released;
    if is_up(ending) {
        let crossing = matches!(ending, Peer | Crossing { .. }) && started;
        let left = if answers { play.answers() } else { vec![] };
        // Packets that are never completed end the link: that is another test's.
        play.bench.holds = false;
        play.bench.complete(0);
        if answers && crossing {
            // The peer's request is answered, as it was asked; unless the host's own had been answered before it was heard.
            let (host, own) = play.far.as_ref().map(|far| (far.host.cid, far.own.cid)).unwrap();
            assert_eq!(left, [signals::disconnected(0x70, host, own)], "{}", what());
        } else {
            assert!(left.iter().all(|signal| signal.code == signals::CONNECT), "{left:x?} {}", what());
        }
        if started && answers && matches!(ending, Close | Release) {
            assert!(play.far.as_ref().unwrap().is_over, "{}", what());
        }
        if step == Queued && answers && ending == Close {
            // What is queued goes before the request.
            assert_eq!(play.far.as_ref().unwrap().sdus, [&b"queued"[..], b"behind it"], "{}", what());
        }
        // RTX: 30 s for the channel, 2 s for its end.
        play.bench.pass(Duration::from_secs(41));
        if (ending != Peer || started) && !released {
            let closed = play.bench.core().channel_closed(channel);
            assert!(closed.is_ready(), "{}", what());
        }
    } else {
        // What is owed goes before Disconnect, for as long as the supervision timeout.
        play.bench.pass(Duration::from_secs(if matches!(ending, Disconnect | Stop) { 4 } else { 0 }));
        let closed = play.bench.core().channel_closed(channel);
        assert!(closed.is_ready(), "{}", what());
    }
    if !(ending == Peer && matches!(step, Accepting | Wanted | Connecting)) {
        outcome(&mut play, ending, kept, released, &what());
    }
    play.bench.core().release_channel(channel);
    play.bench.pass(Duration::from_secs(41));
    play.bench.heard(0);
    play.bench.holds = false;
    let left = usize::from(is_up(ending) || matches!(ending, LinkLoss | Disconnect));
    let (other, far) = &mut play.neighbour;
    if left == 1 {
        assert_eq!(play.bench.used().0, 1, "{}", what());
        exchange(&mut play.bench, *other, far);
    }
    play.bench.core().release_channel(*other);
    if is_up(ending) {
        play.bench.attend(&mut [far]);
        let (again, mut far) = play.bench.accept(0, &near(), End { cid: 0x66, ..FAR });
        exchange(&mut play.bench, again, &mut far);
        play.bench.core().release_channel(again);
    }
    play.bench.is_whole();
}

/// What verbs say of a channel that has ended.
fn outcome(play: &mut Play, ending: Ending, kept: bool, released: bool, what: &str) {
    let channel = play.channel;
    let (sdus, error) = play.bench.receive_all(channel);
    let expected: &[Vec<u8>] = if kept { &[vec![1, 2]] } else { &[] };
    assert_eq!(sdus, expected, "{what}");
    let error = error.unwrap_or_else(|| panic!("who receives waits for ever: {what}"));
    let gone =
        [Error::Disconnected, Error::Stopped, Error::Down(Fault::Hardware(7)), Error::Down(Fault::TransportClosed)];
    let over = [Error::ChannelClosed, Error::Timeout];
    if released {
        // The handle is nobody's.
    } else if is_up(ending) || matches!(play.step, Left) && over.contains(&error) {
        assert!(over.contains(&error), "{error:?}: {what}");
    } else if matches!(ending, LinkLoss | Disconnect) {
        assert_eq!(error, Error::Disconnected, "{what}");
    } else {
        assert!(gone.contains(&error), "{error:?}: {what}");
    }
    let bench = &mut play.bench;
    assert_eq!(bench.core().available(channel), 0, "{what}");
    assert!(!bench.core().is_channel_open(channel), "{what}");
    assert!(bench.send(channel, b"late", 0).is_err(), "{what}");
    assert!(matches!(bench.core().flushed(channel), Poll::Ready(Err(_))), "{what}");
    // Again changes nothing.
    bench.heard(0);
    bench.core().close_channel(channel);
    bench.settle();
    let asked = bench.heard(0);
    assert!(asked.iter().all(|(cid, octets)| *cid != 5 || octets[0] != signals::DISCONNECT), "{asked:x?} {what}");
}
