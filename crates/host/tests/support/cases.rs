//! Each way to pair: the method, the kind, and who is central.

use super::{
    pairing::{Bench, Side},
    smp::*,
};
use core::task::Poll;
use jelling_host::{wire::smp::IoCapability, *};

/// How a pairing is authenticated, as the host sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    JustWorks,
    Comparison,
    HostShows,
    HostTypes,
    BothType,
    /// Who knows of the other out of band.
    OutOfBand {
        host: bool,
        peer: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) way: Way,
    /// LE Secure Connections.
    pub(crate) secure: bool,
    /// The host is central, and the initiator.
    pub(crate) central: bool,
}

const BOTH_KNOW: Way = Way::OutOfBand { host: true, peer: true };

/// All of them.
pub(crate) fn cases() -> Vec<Case> {
    let ways = |secure| {
        let mut ways = vec![Way::JustWorks, Way::HostShows, Way::HostTypes, Way::BothType, BOTH_KNOW];
        if secure {
            ways.push(Way::Comparison);
            ways.push(Way::OutOfBand { host: true, peer: false });
            ways.push(Way::OutOfBand { host: false, peer: true });
        }
        ways
    };
    let kinds: &[bool] = if cfg!(feature = "legacy-pairing") { &[true, false] } else { &[true] };
    let all = kinds.iter().flat_map(|secure| {
        let roles = |way| [true, false].map(|central| Case { way, secure: *secure, central });
        ways(*secure).into_iter().flat_map(roles)
    });
    all.collect()
}

impl Case {
    pub(crate) fn new(way: Way, central: bool) -> Self {
        Case { way, secure: true, central }
    }

    pub(crate) fn is_authenticated(&self) -> bool {
        self.way != Way::JustWorks
    }

    fn capabilities(&self) -> (IoCapability, u8) {
        match self.way {
            Way::Comparison => (IoCapability::DISPLAY_YES_NO, DISPLAY_YES_NO),
            Way::HostShows => (IoCapability::DISPLAY_ONLY, KEYBOARD_ONLY),
            Way::HostTypes => (IoCapability::KEYBOARD_ONLY, DISPLAY_ONLY),
            Way::BothType => (IoCapability::KEYBOARD_ONLY, KEYBOARD_ONLY),
            Way::JustWorks | Way::OutOfBand { .. } => (IoCapability::NO_INPUT_NO_OUTPUT, NO_INPUT_NO_OUTPUT),
        }
    }

    /// What the host asks for.
    pub(crate) fn settings(&self) -> PairSettings {
        let mut settings = PairSettings::new();
        settings.io = self.capabilities().0;
        settings.mitm = self.is_authenticated();
        #[cfg(feature = "legacy-pairing")]
        if !self.secure {
            settings.le_secure = LeSecure::Off;
        }
        settings
    }

    /// The peer becomes one that pairs so; and the host's settings, with what came out of band.
    pub(crate) fn prepare(&self, bench: &mut Bench, side: usize) -> PairSettings {
        let mut settings = self.settings();
        let (mitm, secure) = (self.is_authenticated(), self.secure);
        let Side { peer, .. } = &mut bench.sides[side];
        peer.features.io = self.capabilities().1;
        peer.features.requirements = BONDING | if mitm { MITM } else { 0 } | if secure { SC } else { 0 };
        let Way::OutOfBand { host, peer: peer_knows } = self.way else { return settings };
        if !secure {
            peer.features.oob = 1;
            peer.tk_oob = Some([0x5a; 16]);
            #[cfg(feature = "legacy-pairing")]
            {
                settings.oob = Some(PeerOob::Legacy { key: [0x5a; 16] });
            }
            return settings;
        }
        if host {
            let (confirm, random) = peer.tells_out_of_band();
            settings.oob = Some(PeerOob::SecureConnections { confirm, random });
        }
        if peer_knows {
            let own = own_oob(bench);
            bench.sides[side].peer.knows_out_of_band(own.confirm, own.random);
        }
        settings
    }

    /// Pairing begins, by whoever is central.
    pub(crate) fn begin(&self, bench: &mut Bench, side: usize) -> Option<PairTicket> {
        let settings = self.prepare(bench, side);
        begin(bench, side, &settings)
    }

    /// A link on which this pairing begins.
    pub(crate) fn begun(&self, config: Config) -> (Bench, usize, Option<PairTicket>) {
        let mut bench = Bench::new(config);
        let side = bench.connect(self.central, 1);
        let ticket = self.begin(&mut bench, side);
        (bench, side, ticket)
    }

    /// A link on which this pairing was made.
    pub(crate) fn paired(&self, config: Config) -> (Bench, usize) {
        let (mut bench, side, ticket) = self.begun(config);
        bench.settle();
        is_paired(&mut bench, side, ticket, self);
        (bench, side)
    }

    /// The peer of this pairing is there again. The bond's key.
    pub(crate) fn met_again(&self, config: Config) -> (Bench, usize, [u8; 16]) {
        let (mut bench, side) = self.paired(config);
        let key = bench.sides[side].key.unwrap();
        bench.part(side, 0x13);
        let side = bench.connect(self.central, 1);
        (bench, side, key)
    }
}

/// The central begins. A ticket where that is the host.
pub(crate) fn begin(bench: &mut Bench, side: usize, settings: &PairSettings) -> Option<PairTicket> {
    let (now, link) = (bench.now, bench.sides[side].link);
    if bench.sides[side].central {
        return Some(bench.core().pair(now, link, settings).unwrap());
    }
    bench.core().allow_pairing(link, Some(*settings)).unwrap();
    let request = bench.sides[side].peer.begin();
    bench.send(side, request);
    None
}

/// What the peer is to know of the host out of band.
pub(crate) fn own_oob(bench: &mut Bench) -> OwnOob {
    for _ in 0..10 {
        if let Poll::Ready(own) = bench.core().own_oob() {
            return own.unwrap();
        }
        bench.work();
        bench.run_job();
    }
    panic!("it is never made");
}

/// Both have the same keys, the link is what it was to become, and nothing goes on.
pub(crate) fn is_paired(bench: &mut Bench, side: usize, ticket: Option<PairTicket>, case: &Case) {
    let security = Security {
        encrypted: true,
        authenticated: case.is_authenticated(),
        secure_connections: case.secure,
        bonded: true,
        key_size: 16,
    };
    if let Some(ticket) = ticket {
        assert_eq!(bench.core().pair_outcome(ticket), Poll::Ready(Ok(security)), "{case:?}");
        assert_eq!(bench.core().pair_outcome(ticket), Poll::Ready(Err(Error::Stale)), "{case:?}: told once");
    }
    let said: Vec<u8> = bench.sides[side].said.iter().map(|pdu| pdu[0]).collect();
    assert_eq!(bench.security(side), security, "{case:?}: {said:02x?}");
    let Side { peer, key, link, .. } = &bench.sides[side];
    assert_eq!(peer.wait, Wait::Done, "{case:?}");
    assert!(key.is_some() && *key == peer.key, "{case:?}");
    let link = *link;
    let bond = bench.core().bond_of(link).expect("a bond");
    let peer = &bench.sides[side].peer;
    let both = Some((peer.key.unwrap(), 0, [0; 8]));
    let of = |key: Option<LongTermKey>| key.map(|key| (key.key.0, key.diversifier, key.random));
    let handed = |key: Option<([u8; 16], [u8; 2], [u8; 8])>| {
        key.map(|(key, diversifier, random)| (key, u16::from_le_bytes(diversifier), random))
    };
    let (central, peripheral) =
        if case.secure { (both, both) } else { (handed(peer.ours.long_term), handed(peer.theirs.long_term)) };
    assert_eq!((of(bond.central_key), of(bond.peripheral_key)), (central, peripheral), "{case:?}");
    assert_eq!(bond.identity_key.map(|key| key.0), peer.ours.identity_key);
    assert_eq!(bond.peer, Bench::known(peer.ours.identity.unwrap()));
    assert_eq!(
        (bond.authenticated, bond.secure_connections, bond.key_size),
        (security.authenticated, security.secure_connections, 16)
    );
    let identity = bench.core().identity();
    let peer = &bench.sides[side].peer;
    assert_eq!(peer.theirs.identity_key, Some(identity.identity_key.0));
    assert_eq!(peer.theirs.identity, Some(Bench::OWN));
    bench.is_idle();
}

/// After whatever was, a fresh link with another peer pairs, and the one before leaves nothing.
pub(crate) fn still_pairs(bench: &mut Bench) {
    bench.holds_jobs = false;
    bench.holds_user = false;
    bench.holds_encryption = false;
    bench.spoil = None;
    for side in 0..bench.sides.len() {
        if bench.sides[side].up {
            bench.part(side, 0x13);
        }
    }
    bench.is_idle();
    let case = Case::new(Way::Comparison, true);
    let side = bench.connect(true, 99);
    let ticket = case.begin(bench, side);
    bench.settle();
    is_paired(bench, side, ticket, &case);
    bench.part(side, 0x13);
    bench.is_idle();
}
