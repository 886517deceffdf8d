//! What a peer and the application say to each other over the bench: channels opened by either, octets each way.

use super::{
    Bench, PSM, SIGNALLING, end,
    far::Far,
    signals::{self, CONNECT, CONNECTED, CREDIT, DISCONNECT, End, Signal},
};
use core::task::Poll;
use jelling_host::{wire::l2cap::Psm, *};

/// What came of an attempt to receive.
pub(crate) type Attempt = Poll<Result<(Vec<u8>, bool), Error>>;

impl Bench {
    /// A channel that the peer opened, and the host accepted on this link.
    pub(crate) fn accept(&mut self, peer: usize, options: &ChannelOptions, far: End) -> (ChannelHandle, Far) {
        let link = self.link(peer);
        let channel = self.core().accept_channel(link, Psm(PSM), options).unwrap();
        assert!(self.core().channel(channel).is_pending());
        let far = self.connects(peer, PSM, far);
        assert!(matches!(self.core().channel(channel), Poll::Ready(Ok(_))));
        (channel, far)
    }

    /// The peer opens a channel to who listens.
    pub(crate) fn connects(&mut self, peer: usize, psm: u16, far: End) -> Far {
        let identifier = self.identifier(peer);
        let answer = self.answer(peer, &signals::connect(identifier, psm, &far));
        assert_eq!((answer.code, answer.identifier, answer.fields[4]), (CONNECTED, identifier, 0), "{answer:x?}");
        Far::new(peer, far, end(&answer.fields))
    }

    /// A channel that the host opened, and the peer accepted.
    pub(crate) fn open(&mut self, peer: usize, options: &ChannelOptions, far: End) -> (ChannelHandle, Far) {
        let (channel, identifier, host) = self.begin(peer, options);
        assert!(self.ask(peer, &signals::connected(identifier, &far, 0)).is_empty());
        assert!(matches!(self.core().channel(channel), Poll::Ready(Ok(_))));
        (channel, Far::new(peer, far, host))
    }

    /// A channel that the host wants opened: its identifier, and the host's end.
    pub(crate) fn begin(&mut self, peer: usize, options: &ChannelOptions) -> (ChannelHandle, u8, End) {
        let link = self.link(peer);
        let channel = self.core().open_channel(link, Psm(PSM), options).unwrap();
        self.settle();
        let mut asked = self.signals(peer);
        assert_eq!(asked.len(), 1, "{asked:x?}");
        let asked = asked.remove(0);
        assert_eq!((asked.code, asked.fields[0], asked.fields.len()), (CONNECT, PSM, 5), "{asked:x?}");
        assert!(self.core().channel(channel).is_pending());
        (channel, asked.identifier, end(&asked.fields[1..]))
    }

    /// Hands what a peer was sent to its channels; a request to disconnect is answered. What is left is not theirs.
    pub(crate) fn attend(&mut self, fars: &mut [&mut Far]) {
        loop {
            self.settle();
            let mut quiet = true;
            for peer in 0..self.peers.len() {
                for (channel, octets) in self.heard(peer) {
                    quiet = false;
                    if channel != SIGNALLING {
                        let far = fars.iter_mut().find(|far| (far.peer, far.own.cid) == (peer, channel));
                        far.unwrap_or_else(|| panic!("a frame for {channel:#x}")).hear(&octets);
                        continue;
                    }
                    let signal = Signal::parse(&octets);
                    let (at, cid) = match signal.code {
                        CREDIT => (0, signal.fields[0]),
                        DISCONNECT => (1, signal.fields[1]),
                        _ => panic!("{signal:x?}"),
                    };
                    let far = fars.iter_mut().find(|far| (far.peer, far.host.cid) == (peer, cid));
                    let far = far.unwrap_or_else(|| panic!("{signal:x?}"));
                    if at == 0 {
                        far.hear_credits(signal.fields[1]);
                    } else {
                        assert_eq!(signal.fields[0], far.own.cid);
                        far.is_over = true;
                        self.signal(peer, &signals::disconnected(signal.identifier, far.own.cid, cid));
                    }
                }
            }
            if quiet {
                return;
            }
        }
    }

    /// Sends as much of an SDU from `done` on as frames and credits let go: how much is done, and whether that is all.
    pub(crate) fn send(&mut self, channel: ChannelHandle, sdu: &[u8], done: usize) -> Result<(usize, bool), Error> {
        let mut done = done;
        loop {
            let mut core = self.memory.core();
            let number = match core.free_frame(channel) {
                Ok(number) => number,
                Err(Error::Busy) => return Ok((done, false)),
                Err(error) => return Err(error),
            };
            match core.send_frame(channel, sdu, done, &mut self.frames[usize::from(number)]) {
                Ok(taken) => done += taken,
                Err(Error::Busy) => return Ok((done, false)),
                Err(error) => return Err(error),
            }
            if done == sdu.len() {
                return Ok((done, true));
            }
        }
    }

    /// Receives into as much room.
    pub(crate) fn receive(&mut self, channel: ChannelHandle, room: usize) -> Attempt {
        let mut octets = vec![0xdd; room];
        let received = self.core().receive(channel, &mut octets);
        received.map_ok(|Received { length, ends }| (octets[..length].to_vec(), ends))
    }

    /// Every SDU that waits, whole, and why there are no more.
    pub(crate) fn receive_all(&mut self, channel: ChannelHandle) -> (Vec<Vec<u8>>, Option<Error>) {
        let (mut sdus, mut sdu) = (vec![], vec![]);
        loop {
            match self.receive(channel, 30) {
                Poll::Pending => return (sdus, None),
                Poll::Ready(Err(error)) => return (sdus, Some(error)),
                Poll::Ready(Ok((octets, ends))) => {
                    sdu.extend(octets);
                    if ends {
                        sdus.push(core::mem::take(&mut sdu));
                    }
                }
            }
        }
    }
}
