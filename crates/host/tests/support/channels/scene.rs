//! A host in each state that a channel of a link can be in, beside a channel of another link that goes on.

use super::{
    Bench, FAR, PSM,
    far::Far,
    near,
    signals::{self, End},
};
use core::task::Poll;
use jelling_host::{wire::l2cap::Psm, *};

/// What the channel of peer 0 is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Nothing,
    /// The host waits for the peer's request.
    Accepting,
    /// It waits for the peer's answer.
    Connecting,
    /// Open: the host has asked for it.
    Ours,
    /// Open: the peer has.
    Theirs,
    /// The host has asked for its end.
    Closing,
    /// The peer has, and what it had sent before is not read yet.
    Unread,
}

pub(crate) const STAGES: [Stage; 7] =
    [Stage::Nothing, Stage::Accepting, Stage::Connecting, Stage::Ours, Stage::Theirs, Stage::Closing, Stage::Unread];

pub(crate) struct Scene {
    pub(crate) bench: Bench,
    pub(crate) stage: Stage,
    pub(crate) channel: Option<ChannelHandle>,
    /// The host's end, as soon as the peer knows of it.
    pub(crate) host: Option<End>,
    pub(crate) far: Option<Far>,
    /// The identifier of the request that the host waits with.
    pub(crate) waits: Option<u8>,
    pub(crate) listener: ListenerHandle,
    other: (ChannelHandle, Far),
}

/// What the listener listens to.
pub(crate) const LISTENED: u16 = 0x0091;

impl Scene {
    pub(crate) fn new(stage: Stage) -> Self {
        let mut bench = Bench::new(27, 2);
        let other = bench.open(1, &near(), FAR);
        let listener = bench.core().listen(Psm(LISTENED), &near()).unwrap();
        let mut scene = Scene { bench, stage, channel: None, host: None, far: None, waits: None, listener, other };
        scene.set();
        scene
    }

    fn set(&mut self) {
        let bench = &mut self.bench;
        match self.stage {
            Stage::Nothing => {}
            Stage::Accepting => {
                let link = bench.link(0);
                self.channel = Some(bench.core().accept_channel(link, Psm(PSM), &near()).unwrap());
            }
            Stage::Connecting => {
                let (channel, identifier, host) = bench.begin(0, &near());
                (self.channel, self.host, self.waits) = (Some(channel), Some(host), Some(identifier));
            }
            Stage::Ours => {
                let (channel, far) = bench.open(0, &near(), FAR);
                (self.channel, self.host, self.far) = (Some(channel), Some(far.host), Some(far));
            }
            Stage::Theirs | Stage::Closing | Stage::Unread => {
                let (channel, far) = bench.accept(0, &near(), FAR);
                (self.channel, self.host, self.far) = (Some(channel), Some(far.host), Some(far));
            }
        }
        match (self.stage, self.channel, &mut self.far) {
            (Stage::Closing, Some(channel), Some(far)) => {
                bench.core().close_channel(channel);
                bench.settle();
                let asked = bench.signals(0);
                assert_eq!(asked, [signals::disconnect(asked[0].identifier, far.own.cid, far.host.cid)]);
                self.waits = Some(asked[0].identifier);
            }
            (Stage::Unread, Some(_), Some(far)) => {
                bench.say(0, far.host.cid, &far.segments(b"unread")[0]);
                far.may -= 1;
                let request = signals::disconnect(0x77, far.host.cid, far.own.cid);
                let answer = bench.answer(0, &request);
                assert_eq!(answer, signals::disconnected(0x77, far.host.cid, far.own.cid));
            }
            _ => {}
        }
    }

    /// True when the peer's end of the channel is in use.
    pub(crate) fn is_used(&self, cid: u16) -> bool {
        matches!(self.stage, Stage::Ours | Stage::Theirs | Stage::Closing)
            && self.far.as_ref().is_some_and(|far| far.own.cid == cid)
    }

    /// True when the host's end of the channel is in use, and the peer knows of both ends.
    pub(crate) fn has(&self, cid: u16) -> bool {
        matches!(self.stage, Stage::Ours | Stage::Theirs | Stage::Closing)
            && self.host.is_some_and(|host| host.cid == cid)
    }

    /// Nothing has moved: neither the channel nor the other one, nor the link.
    pub(crate) fn is_unmoved(&mut self, what: &dyn core::fmt::Debug) {
        let stage = self.stage;
        let mut core = self.bench.core();
        if let Some(channel) = self.channel {
            let (state, closed) = (core.channel(channel), core.channel_closed(channel));
            match stage {
                Stage::Accepting | Stage::Connecting => assert!(state.is_pending(), "{stage:?} {state:?} {what:x?}"),
                Stage::Ours | Stage::Theirs => {
                    assert!(
                        matches!(state, Poll::Ready(Ok(_))) && closed.is_pending(),
                        "{stage:?} {state:?} {what:x?}"
                    );
                }
                Stage::Closing => assert!(closed.is_pending(), "{stage:?} {what:x?}"),
                Stage::Unread => assert_eq!(core.available(channel), 6, "{stage:?} {what:x?}"),
                Stage::Nothing => {}
            }
        }
        let (other, _) = self.other;
        assert!(core.channel_closed(other).is_pending(), "{stage:?} {what:x?}");
        assert!(core.take_channel(self.listener).is_pending(), "{stage:?} {what:x?}");
        let used = usize::from(self.channel.is_some()) + 2;
        assert_eq!(core.pools().channels.used, used, "{stage:?} {what:x?}");
        assert!(self.bench.signals(1).is_empty(), "{stage:?} {what:x?}");
    }

    /// Nothing has moved, and what is open carries octets.
    pub(crate) fn is_sound(&mut self, what: &dyn core::fmt::Debug) {
        self.is_unmoved(what);
        let (channel, mut far) = self.other.clone();
        exchange(&mut self.bench, channel, &mut far);
        self.other.1 = far;
        if matches!(self.stage, Stage::Ours | Stage::Theirs)
            && let (Some(channel), Some(far)) = (self.channel, &mut self.far)
        {
            exchange(&mut self.bench, channel, far);
        }
        self.bench.att_goes_on(0);
        self.bench.att_goes_on(1);
    }

    /// The application lets go, the links end: nothing is kept.
    pub(crate) fn ends(mut self) {
        let mut core = self.bench.core();
        core.unlisten(self.listener);
        for channel in [self.channel, Some(self.other.0)].into_iter().flatten() {
            core.release_channel(channel);
        }
        self.bench.settle();
        self.bench.is_whole();
    }
}

/// An SDU goes each way.
pub(crate) fn exchange(bench: &mut Bench, channel: ChannelHandle, far: &mut Far) {
    // As many frames as the SDU has.
    let sdu: Vec<u8> = (0..70).collect();
    for payload in far.segments(&sdu) {
        bench.attend(&mut [&mut *far]);
        assert!(far.may > 0, "no credits for an application that reads");
        far.may -= 1;
        bench.say(far.peer, far.host.cid, &payload);
    }
    bench.settle();
    assert_eq!(bench.receive_all(channel), (vec![sdu.clone()], None));
    bench.attend(&mut [&mut *far]);
    far.host_may += 2;
    let credits = signals::credit(9, far.own.cid, 2);
    bench.signal(far.peer, &credits);
    let before = far.sdus.len();
    let (mut done, mut whole) = (0, false);
    for _ in 0..4 {
        (done, whole) = bench.send(channel, &sdu, done).unwrap();
        bench.attend(&mut [&mut *far]);
        if whole {
            break;
        }
    }
    assert!(whole, "{done} octets of an SDU");
    assert_eq!(far.sdus[before..], [sdu]);
}
