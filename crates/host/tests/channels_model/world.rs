//! The peers and the application, and what they do.

use super::channel::{Channel, Phase};
use crate::support::{
    channels::{
        ATT, Bench, PSM, SIGNALLING, end,
        far::{Far, segments},
        signals::{self, CONNECT, CONNECTED, CREDIT, DISCONNECT, DISCONNECTED, End, REJECT, Signal},
    },
    numbers::Numbers,
};
use core::{task::Poll, time::Duration};
use jelling_host::{wire::l2cap::Psm, *};

pub(crate) struct World {
    pub(crate) bench: Bench,
    numbers: Numbers,
    pub(crate) listener: Option<ListenerHandle>,
    pub(crate) channels: Vec<Channel>,
    /// Each channel has another MTU, at each end.
    wanted: u16,
    /// A frame is coming, packet by packet.
    in_frame: bool,
}

pub(crate) const PEERS: usize = 2;

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut numbers = Numbers(seed);
        let mut bench = Bench::new(numbers.pick(&[27, 64, 251]), PEERS);
        bench.piece = numbers.pick(&[1, 5, 27, 251]);
        World { bench, numbers, listener: None, channels: vec![], wanted: 0, in_frame: false }
    }

    /// One of the channels for which this holds.
    fn pick(&mut self, is: impl Fn(&Channel) -> bool) -> Option<usize> {
        let of: Vec<usize> = (0..self.channels.len()).filter(|at| is(&self.channels[*at])).collect();
        (!of.is_empty()).then(|| self.numbers.pick(&of))
    }

    fn far_end(&mut self, peer: usize) -> End {
        let mut cid;
        loop {
            cid = 0x40 + self.numbers.below(0x40) as u16;
            let used = |c: &Channel| c.far.peer == peer && c.far.own.cid == cid && c.phase != Phase::Over;
            if !self.channels.iter().any(used) {
                break;
            }
        }
        self.wanted += 1;
        let (mtu, mps) =
            (23 + self.numbers.pick(&[0, 1_000, 3_000]) + self.wanted, self.numbers.pick(&[23, 40, 247, 500]));
        End { cid, mtu, mps, credits: self.numbers.pick(&[0, 1, 3, 50]) }
    }

    fn options(&mut self) -> (ChannelOptions, u16) {
        self.wanted += 1;
        let mtu = 23 + self.numbers.pick(&[0, 1_000, 2_000]) + self.wanted;
        let (mps, credits) = (self.numbers.pick(&[23, 50, 120]), self.numbers.pick(&[0, 1, 2, 5]));
        (ChannelOptions::new(mtu).mps(mps).credits(credits), mtu)
    }

    pub(crate) fn act(&mut self) {
        match self.numbers.below(22) {
            0 if self.listener.is_none() => {
                let (options, _) = self.options();
                self.listener = self.bench.core().listen(Psm(PSM), &options).ok();
            }
            1 if self.numbers.once_in(6) => {
                if let Some(listener) = self.listener.take() {
                    self.bench.core().unlisten(listener);
                    // Those that nobody took end.
                    self.channels.iter_mut().filter(|c| c.handle.is_none()).for_each(|c| c.unwanted = true);
                }
            }
            2 => {
                let (options, mtu) = self.options();
                let link = self.numbers.below(PEERS);
                let id = self.bench.link(link);
                if let Ok(handle) = self.bench.core().open_channel(id, Psm(PSM), &options) {
                    let nothing = End { cid: 0, mtu: 0, mps: 0, credits: 0 };
                    let far = Far::new(link, nothing, End { mtu, ..nothing });
                    self.channels.push(Channel::new(Phase::Wanted, far, Some(handle)));
                }
            }
            3 => {
                let peer = self.numbers.below(PEERS);
                let (own, identifier) = (self.far_end(peer), self.bench.identifier(peer));
                let nothing = End { cid: 0, mtu: 0, mps: 0, credits: 0 };
                self.channels.push(Channel::new(Phase::Asking(identifier), Far::new(peer, own, nothing), None));
                self.bench.signal(peer, &signals::connect(identifier, PSM, &own));
            }
            4 | 5 => self.answer(),
            6..=8 => self.app_sends(),
            9..=11 => self.app_takes(),
            12..=14 => self.peer_sends(),
            15 | 16 => {
                if let Some(at) = self.pick(|c| c.phase == Phase::Open) {
                    let credits = 1 + self.numbers.below(5) as u16;
                    self.channels[at].far.host_may += u32::from(credits);
                    let (peer, cid) = (self.channels[at].far.peer, self.channels[at].far.own.cid);
                    self.bench.signal(peer, &signals::credit(0x99, cid, credits));
                }
            }
            17 if self.numbers.once_in(4) => self.app_leaves(),
            18 if self.numbers.once_in(4) => {
                if let Some(at) = self.pick(|c| c.phase == Phase::Open) {
                    let identifier = self.bench.identifier(self.channels[at].far.peer);
                    let channel = &mut self.channels[at];
                    channel.phase = Phase::Leaving(identifier);
                    let far = &channel.far;
                    self.bench.signal(far.peer, &signals::disconnect(identifier, far.host.cid, far.own.cid));
                }
            }
            19 => {
                self.bench.holds = self.numbers.once_in(2);
                if !self.bench.holds {
                    (0..PEERS).for_each(|peer| self.bench.complete(peer));
                }
            }
            20 => self.bench.pass(Duration::from_millis(self.numbers.pick(&[1, 200, 900]))),
            _ => self.rare(),
        }
        if self.numbers.once_in(2) {
            self.bench.settle();
        }
        self.attend();
        self.channels.iter().for_each(Channel::holds);
    }

    fn rare(&mut self) {
        let peer = self.numbers.below(PEERS);
        match self.numbers.below(8) {
            0 => {
                self.bench.part(peer);
                self.bench.heard(peer);
                self.bench.reconnect(peer);
                for channel in self.channels.iter_mut().filter(|c| c.far.peer == peer) {
                    (channel.phase, channel.unwanted) = (Phase::Over, true);
                }
            }
            1 => {
                // Nonsense, which nothing waits for.
                let code = self.numbers.pick(&[CONNECTED, DISCONNECTED, REJECT, CREDIT]);
                let fields: Vec<u16> = (0..5).map(|_| self.numbers.next() as u16).collect();
                let count =
                    [5, 2, 1, 2][[CONNECTED, DISCONNECTED, REJECT, CREDIT].iter().position(|c| *c == code).unwrap()];
                let mut signal = Signal::new(code, 0xee, &fields[..count]);
                signal.fields[0] = if code == REJECT { 0 } else { 0x3000 };
                self.bench.signal(peer, &signal);
            }
            2 => self.bench.say(peer, 0x20, &[1; 30]),
            3 => self.bench.say(peer, ATT, &[0x1b, 9, 0, 1]),
            _ => {}
        }
    }

    /// The peer answers one of the host's requests.
    pub(crate) fn answer(&mut self) {
        if let Some(at) = self.pick(|c| matches!(c.phase, Phase::Asked(_) | Phase::Left(_))) {
            let (peer, phase) = (self.channels[at].far.peer, self.channels[at].phase);
            if let Phase::Left(identifier) = phase {
                let channel = &mut self.channels[at];
                channel.phase = Phase::Over;
                let (own, host) = (channel.far.own.cid, channel.far.host.cid);
                return self.bench.signal(peer, &signals::disconnected(identifier, own, host));
            }
            let Phase::Asked(identifier) = phase else { return };
            let (own, refuses) = (self.far_end(peer), self.numbers.once_in(6));
            let channel = &mut self.channels[at];
            channel.far = Far::new(peer, own, channel.far.host);
            channel.phase = if refuses { Phase::Over } else { Phase::Open };
            channel.unwanted |= refuses;
            self.bench.signal(peer, &signals::connected(identifier, &own, if refuses { 4 } else { 0 }));
        }
    }

    pub(crate) fn app_sends(&mut self) {
        let Some(at) = self.pick(Channel::is_open) else { return };
        let most = usize::from(self.channels[at].far.own.mtu);
        let length = self.numbers.pick(&[0, 1, 20, 21, 22, 90, 900]).min(most);
        let channel = &mut self.channels[at];
        if channel.doing.is_none() {
            channel.ours.push(self.numbers.octets(length));
            channel.doing = Some(0);
        }
        self.app_goes_on(at);
    }

    /// The application goes on with its SDU.
    pub(crate) fn app_goes_on(&mut self, at: usize) {
        let channel = &mut self.channels[at];
        let Some(done) = channel.doing.filter(|_| channel.is_open()) else { return };
        let handle = channel.handle.unwrap();
        let sdu = channel.ours.last().unwrap();
        self.bench.listen();
        let sent = self.bench.send(handle, sdu, done);
        let waits = channel.waits_for_room.take();
        if sent != Ok((done, false))
            && let Some(since) = waits
        {
            let told = [Event::Channel(handle.index()), Event::ChannelRoom(handle.index())];
            assert!(self.bench.events[since..].iter().any(|event| told.contains(event)), "nobody was told of room");
        }
        if matches!(sent, Ok((_, false))) {
            channel.waits_for_room = Some(self.bench.events.len());
        }
        match sent {
            // Nothing has been begun.
            Ok((0, false)) => {
                channel.ours.pop();
                channel.doing = None;
            }
            Ok((done, whole)) => channel.doing = (!whole).then_some(done),
            Err(error) => panic!("an open channel takes nothing: {error:?}"),
        }
    }

    pub(crate) fn app_takes(&mut self) {
        let room = self.numbers.pick(&[1, 10, 100, 3_000]);
        if let Some(at) = self.pick(|c| c.handle.is_some()) {
            self.app_takes_of(at, room);
        }
    }

    pub(crate) fn app_takes_of(&mut self, at: usize, room: usize) {
        let channel = &mut self.channels[at];
        let Some(handle) = channel.handle else { return };
        self.bench.listen();
        let received = self.bench.receive(handle, room);
        let waits = channel.waits_for_data.take();
        if received.is_pending() {
            channel.waits_for_data = Some((room, self.bench.events.len()));
        } else if let Some((asked, since)) = waits
            && room >= asked
            && !self.in_frame
        {
            let told = Event::Channel(handle.index());
            assert!(self.bench.events[since..].contains(&told), "nobody was told of octets, or of the end");
        }
        if let Poll::Ready(Ok((octets, ends))) = received {
            channel.part.extend(octets);
            if ends {
                channel.got.push(core::mem::take(&mut channel.part));
            }
        }
    }

    fn peer_sends(&mut self) {
        // Frames may be on their way while the host's request to disconnect is.
        let Some(at) = self.pick(|c| matches!(c.phase, Phase::Open | Phase::Left(_))) else { return };
        let (mps, mtu) = (usize::from(self.channels[at].far.host.mps), usize::from(self.channels[at].far.host.mtu));
        if self.channels[at].frames.is_empty() {
            let length = self.numbers.pick(&[0, 1, 21, 22, 150, 1_500]).min(mtu);
            let sdu = self.numbers.octets(length);
            let first = 2 + self.numbers.below(mps - 1);
            let next = if length > 300 { mps } else { 1 + self.numbers.below(mps) };
            self.channels[at].frames = segments(&sdu, first, next);
            self.channels[at].theirs.push(sdu);
        }
        self.peer_goes_on(at);
    }

    /// The peer goes on with its SDU.
    pub(crate) fn peer_goes_on(&mut self, at: usize) {
        let channel = &mut self.channels[at];
        let may = channel.far.may > 0 && matches!(channel.phase, Phase::Open | Phase::Left(_));
        if may && !channel.frames.is_empty() {
            channel.far.may -= 1;
            let payload = channel.frames.remove(0);
            let (peer, cid) = (channel.far.peer, channel.far.host.cid);
            let frame = [&(payload.len() as u16).to_le_bytes()[..], &cid.to_le_bytes(), &payload].concat();
            let mut first = true;
            for packet in frame.chunks(self.bench.piece) {
                self.bench.packet(peer, first, packet);
                first = false;
                // The application does not wait for the rest of a frame.
                if self.numbers.once_in(8) {
                    self.in_frame = true;
                    self.app_takes();
                }
            }
            self.in_frame = false;
        }
    }

    fn app_leaves(&mut self) {
        let releases = self.numbers.once_in(2);
        let Some(at) = self.pick(|c| c.handle.is_some()) else { return };
        let channel = &mut self.channels[at];
        channel.unwanted = true;
        if channel.phase == Phase::Wanted {
            channel.phase = Phase::Over;
        }
        let handle = channel.handle.unwrap();
        if releases {
            channel.handle = None;
            self.bench.core().release_channel(handle);
        } else {
            self.bench.core().close_channel(handle);
        }
    }

    /// The peers read what they were sent; the application takes the channels that came.
    pub(crate) fn attend(&mut self) {
        for peer in 0..PEERS {
            for (cid, octets) in self.bench.heard(peer) {
                if cid == SIGNALLING {
                    self.on_signal(peer, &Signal::parse(&octets));
                    continue;
                }
                let is = |c: &&mut Channel| {
                    c.far.peer == peer && c.far.own.cid == cid && matches!(c.phase, Phase::Open | Phase::Leaving(_))
                };
                self.channels.iter_mut().find(is).unwrap_or_else(|| panic!("a frame for {cid:#x}")).far.hear(&octets);
            }
        }
        // As soon as it is known which requests were accepted: those are taken in the order in which they came.
        if self.channels.iter().any(|c| matches!(c.phase, Phase::Asking(_))) {
            return;
        }
        while let Some(listener) = self.listener
            && let Poll::Ready(Ok(handle)) = self.bench.core().take_channel(listener)
        {
            let Poll::Ready(Ok(info)) = self.bench.core().channel(handle) else {
                // It has ended meanwhile.
                self.bench.core().release_channel(handle);
                continue;
            };
            // It may have ended meanwhile, and its link with it.
            let came = |c: &&mut Channel| (c.far.own.mtu, c.far.host.mtu) == (info.peer_mtu, info.our_mtu);
            let channel = self.channels.iter_mut().find(came).expect("a channel that nobody asked for");
            assert!(channel.handle.is_none(), "taken twice");
            channel.handle = Some(handle);
        }
    }

    fn on_signal(&mut self, peer: usize, signal: &Signal) {
        let find = |channels: &mut Vec<Channel>, is: &dyn Fn(&Channel) -> bool| {
            channels.iter().position(|c| c.far.peer == peer && is(c))
        };
        let (identifier, fields) = (signal.identifier, &signal.fields);
        match signal.code {
            CONNECT => {
                let wanted = |c: &Channel| c.phase == Phase::Wanted && c.far.host.mtu == fields[2];
                let at = find(&mut self.channels, &wanted).expect("a request that nobody wanted");
                self.channels[at].far.host = end(&fields[1..]);
                self.channels[at].phase = Phase::Asked(identifier);
            }
            CONNECTED => {
                let at =
                    find(&mut self.channels, &|c| c.phase == Phase::Asking(identifier)).expect("an answer to nobody");
                let channel = &mut self.channels[at];
                let opens = fields[4] == 0;
                channel.phase = if opens { Phase::Open } else { Phase::Over };
                channel.unwanted |= !opens;
                channel.far = Far::new(peer, channel.far.own, end(fields));
            }
            DISCONNECT => {
                let is =
                    |c: &Channel| c.far.host.cid == fields[1] && c.far.own.cid == fields[0] && c.phase != Phase::Over;
                let at = find(&mut self.channels, &is).expect("a request to disconnect nobody");
                let channel = &mut self.channels[at];
                assert!(channel.unwanted, "the host ends a channel that is wanted");
                match channel.phase {
                    Phase::Open => channel.phase = Phase::Left(identifier),
                    // Crossing: this one's request is answered too.
                    Phase::Leaving(_) => {
                        let answer = signals::disconnected(identifier, fields[0], fields[1]);
                        self.bench.signal(peer, &answer);
                    }
                    other => panic!("a request to disconnect in {other:?}"),
                }
            }
            DISCONNECTED => {
                let at =
                    find(&mut self.channels, &|c| c.phase == Phase::Leaving(identifier)).expect("an answer to nobody");
                self.channels[at].phase = Phase::Over;
            }
            REJECT => {
                // The host had the channel's end already, by its own request.
                let at =
                    find(&mut self.channels, &|c| c.phase == Phase::Leaving(identifier)).expect("an answer to nobody");
                assert_eq!(fields[0], 2);
                assert!(self.channels[at].unwanted);
                self.channels[at].phase = Phase::Over;
            }
            CREDIT => {
                let is =
                    |c: &Channel| c.far.host.cid == fields[0] && matches!(c.phase, Phase::Open | Phase::Leaving(_));
                let at = find(&mut self.channels, &is).expect("credits for nobody");
                self.channels[at].far.hear_credits(fields[1]);
            }
            code => panic!("{code:#x}"),
        }
    }
}
