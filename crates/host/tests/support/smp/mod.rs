//! A peer's Security Manager, written down from the specification (Vol 3, Part H) a second time, in the plainest way, and with its own
//! use of the ciphers: a fault of the host cannot hide behind the same fault here. PDUs go in and come out as octets; everything
//! that it is or knows can be reached in, and be made wrong.

pub(crate) mod functions;
mod hear;
mod keys;

use functions::{Octets16, Octets32, Point, c1, f4, f5, f6, g2, product, s1, turn};

pub(crate) const REQUEST: u8 = 0x01;
pub(crate) const RESPONSE: u8 = 0x02;
pub(crate) const CONFIRM: u8 = 0x03;
pub(crate) const RANDOM: u8 = 0x04;
pub(crate) const FAILED: u8 = 0x05;
pub(crate) const ENCRYPTION_INFORMATION: u8 = 0x06;
pub(crate) const CENTRAL_IDENTIFICATION: u8 = 0x07;
pub(crate) const IDENTITY_INFORMATION: u8 = 0x08;
pub(crate) const IDENTITY_ADDRESS: u8 = 0x09;
pub(crate) const SIGNING_INFORMATION: u8 = 0x0a;
pub(crate) const SECURITY_REQUEST: u8 = 0x0b;
pub(crate) const PUBLIC_KEY: u8 = 0x0c;
pub(crate) const CHECK: u8 = 0x0d;
pub(crate) const KEYPRESS: u8 = 0x0e;

pub(crate) const DISPLAY_ONLY: u8 = 0;
pub(crate) const DISPLAY_YES_NO: u8 = 1;
pub(crate) const KEYBOARD_ONLY: u8 = 2;
pub(crate) const NO_INPUT_NO_OUTPUT: u8 = 3;
pub(crate) const KEYBOARD_DISPLAY: u8 = 4;

pub(crate) const BONDING: u8 = 0x01;
pub(crate) const MITM: u8 = 0x04;
pub(crate) const SC: u8 = 0x08;
pub(crate) const KEYPRESSES: u8 = 0x10;

pub(crate) const ENC_KEY: u8 = 1;
pub(crate) const ID_KEY: u8 = 2;
pub(crate) const SIGN_KEY: u8 = 4;

/// The private key that the specification prints (2.3.5.6.1).
pub(crate) const DEBUG_PRIVATE: Octets32 = [
    0x3f, 0x49, 0xf6, 0xd4, 0xa3, 0xc5, 0x5f, 0x38, 0x74, 0xc9, 0xb3, 0xe3, 0xd2, 0x10, 0x3f, 0x50, 0x4a, 0xff, 0x60,
    0x7b, 0xeb, 0x40, 0xb7, 0x99, 0x58, 0x99, 0xb8, 0xa6, 0xcd, 0x3c, 0x1a, 0xbd,
];

/// How the pairing is authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    JustWorks,
    Comparison,
    /// Which of the two shows it; neither, when both are typed into.
    Passkey {
        initiator_shows: bool,
        responder_shows: bool,
    },
    OutOfBand,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    Nothing,
    Response,
    PublicKey,
    Confirm,
    Random,
    Check,
    /// The link is to be encrypted.
    Encryption,
    Keys,
    Done,
}

/// What the user is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    Show(u32),
    TypeIn,
    Compare(u32),
}

/// Pairing Request and Pairing Response, but for their code, in the order of the PDU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Features {
    pub(crate) io: u8,
    pub(crate) oob: u8,
    pub(crate) requirements: u8,
    pub(crate) max_key_size: u8,
    pub(crate) initiator_keys: u8,
    pub(crate) responder_keys: u8,
}

impl Features {
    fn pdu(&self, code: u8) -> [u8; 7] {
        let Features { io, oob, requirements, max_key_size, initiator_keys, responder_keys } = *self;
        [code, io, oob, requirements, max_key_size, initiator_keys, responder_keys]
    }

    fn of(pdu: &[u8; 7]) -> Self {
        let [_, io, oob, requirements, max_key_size, initiator_keys, responder_keys] = *pdu;
        Features { io, oob, requirements, max_key_size, initiator_keys, responder_keys }
    }
}

/// Keys that a side has handed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Handed {
    /// Key, diversifier and random number, in the order of the air.
    pub(crate) long_term: Option<(Octets16, [u8; 2], [u8; 8])>,
    pub(crate) identity_key: Option<Octets16>,
    /// Type and address.
    pub(crate) identity: Option<[u8; 7]>,
    pub(crate) signing: Option<Octets16>,
}

pub(crate) struct Peer {
    pub(crate) initiates: bool,
    /// Seven octets, most significant first: a type, 0 or 1, and an address.
    pub(crate) own: [u8; 7],
    pub(crate) other: [u8; 7],
    pub(crate) features: Features,
    /// The octets that both went over the air as.
    pub(crate) request: [u8; 7],
    pub(crate) response: [u8; 7],
    pub(crate) wait: Wait,
    pub(crate) user: Option<User>,
    pub(crate) method: Method,
    pub(crate) secure: bool,
    pub(crate) private: Octets32,
    pub(crate) public: Point,
    pub(crate) other_public: Point,
    pub(crate) shared: Octets32,
    pub(crate) passkey: Option<u32>,
    /// What the passkey is taken for in one round (0 to 19): to be wrong there.
    pub(crate) wrong_round: Option<u8>,
    pub(crate) compared: bool,
    /// It finds nothing wrong with what the other says: the other has to.
    pub(crate) believes: bool,
    pub(crate) round: u8,
    pub(crate) nonce: Octets16,
    pub(crate) other_nonce: Octets16,
    pub(crate) other_confirm: Octets16,
    /// The random value that belongs to our key pair out of band, and the other's random and confirm.
    pub(crate) own_oob: Octets16,
    pub(crate) other_oob: Option<(Octets16, Octets16)>,
    /// Legacy pairing's key out of band.
    pub(crate) tk_oob: Option<Octets16>,
    /// The other's check, while the user has not compared.
    held: Option<Vec<u8>>,
    pub(crate) mac_key: Octets16,
    /// The key that phase 2 made, cut to its size, in the order of the air: LTK or STK.
    pub(crate) key: Option<Octets16>,
    pub(crate) ours: Handed,
    pub(crate) theirs: Handed,
    /// Central Identification has come.
    identified: bool,
    /// Reason that we sent, and that we got.
    pub(crate) sent_failure: Option<u8>,
    pub(crate) got_failure: Option<u8>,
    numbers: u64,
}

impl Peer {
    /// A peer with numbers of its own, that can show and take in nothing and wants a bond with LE Secure Connections.
    pub(crate) fn new(initiates: bool, own: [u8; 7], other: [u8; 7], seed: u64) -> Self {
        let keys = ENC_KEY | ID_KEY;
        let mut peer = Peer {
            initiates,
            own,
            other,
            features: Features {
                io: NO_INPUT_NO_OUTPUT,
                oob: 0,
                requirements: BONDING | SC,
                max_key_size: 16,
                initiator_keys: keys,
                responder_keys: keys,
            },
            request: [0; 7],
            response: [0; 7],
            wait: Wait::Nothing,
            user: None,
            method: Method::JustWorks,
            secure: true,
            private: [0; 32],
            public: ([0; 32], [0; 32]),
            other_public: ([0; 32], [0; 32]),
            shared: [0; 32],
            passkey: None,
            wrong_round: None,
            compared: false,
            believes: false,
            round: 0,
            nonce: [0; 16],
            other_nonce: [0; 16],
            other_confirm: [0; 16],
            own_oob: [0; 16],
            other_oob: None,
            tk_oob: None,
            held: None,
            mac_key: [0; 16],
            key: None,
            ours: Handed::default(),
            theirs: Handed::default(),
            identified: false,
            sent_failure: None,
            got_failure: None,
            numbers: seed,
        };
        peer.ours = Handed {
            long_term: Some((peer.draw(), peer.draw(), peer.draw())),
            identity_key: Some(peer.draw()),
            identity: Some(own),
            signing: Some(peer.draw()),
        };
        peer.own_oob = peer.draw();
        let private = peer.draw();
        peer.use_private(private);
        peer
    }

    /// Random octets (splitmix64).
    pub(crate) fn draw<const N: usize>(&mut self) -> [u8; N] {
        core::array::from_fn(|_| {
            self.numbers = self.numbers.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.numbers;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31)) as u8
        })
    }

    /// Draws other numbers from here on, and another key pair.
    pub(crate) fn numbers_from(&mut self, seed: u64) {
        self.numbers = seed;
        let private = self.draw();
        self.use_private(private);
    }

    pub(crate) fn use_private(&mut self, private: Octets32) {
        self.private = private;
        self.public = product(&private, None).expect("a private key");
    }

    /// What the other has to know out of band: confirm and random value, in the order of the air.
    pub(crate) fn tells_out_of_band(&self) -> (Octets16, Octets16) {
        let (x, _) = self.public;
        (turn(&f4(&x, &x, &self.own_oob, 0)), turn(&self.own_oob))
    }

    /// Knows this of the other out of band: confirm and random value, in the order of the air.
    pub(crate) fn knows_out_of_band(&mut self, confirm: Octets16, random: Octets16) {
        self.features.oob = 1;
        self.other_oob = Some((turn(&random), turn(&confirm)));
    }

    /// As initiator: Pairing Request.
    pub(crate) fn begin(&mut self) -> Vec<Vec<u8>> {
        self.request = self.features.pdu(REQUEST);
        self.wait = Wait::Response;
        vec![self.request.to_vec()]
    }

    pub(crate) fn is_over(&self) -> bool {
        self.sent_failure.is_some() || self.got_failure.is_some()
    }

    /// Agreed features.
    fn both(&self) -> (Features, Features) {
        (Features::of(&self.request), Features::of(&self.response))
    }

    pub(crate) fn key_size(&self) -> u8 {
        let (request, response) = self.both();
        request.max_key_size.min(response.max_key_size)
    }

    /// 2.3.5.1, Tables 2.6 to 2.8.
    pub(crate) fn choose_method(&self) -> Method {
        let (i, r) = self.both();
        let oob = if self.secure { i.oob == 1 || r.oob == 1 } else { i.oob == 1 && r.oob == 1 };
        if oob {
            return Method::OutOfBand;
        }
        if (i.requirements | r.requirements) & MITM == 0 {
            return Method::JustWorks;
        }
        let initiator_shows = Method::Passkey { initiator_shows: true, responder_shows: false };
        let responder_shows = Method::Passkey { initiator_shows: false, responder_shows: true };
        let neither = Method::Passkey { initiator_shows: false, responder_shows: false };
        let compare = |otherwise| if self.secure { Method::Comparison } else { otherwise };
        // Table 2.8, row by row: the responder; then the initiator.
        match (r.io, i.io) {
            (DISPLAY_ONLY, KEYBOARD_ONLY | KEYBOARD_DISPLAY) => responder_shows,
            (DISPLAY_ONLY, _) => Method::JustWorks,
            (DISPLAY_YES_NO, DISPLAY_YES_NO) => compare(Method::JustWorks),
            (DISPLAY_YES_NO, KEYBOARD_ONLY) => responder_shows,
            (DISPLAY_YES_NO, KEYBOARD_DISPLAY) => compare(responder_shows),
            (DISPLAY_YES_NO, _) => Method::JustWorks,
            (KEYBOARD_ONLY, DISPLAY_ONLY | DISPLAY_YES_NO | KEYBOARD_DISPLAY) => initiator_shows,
            (KEYBOARD_ONLY, KEYBOARD_ONLY) => neither,
            (KEYBOARD_DISPLAY, DISPLAY_ONLY) => initiator_shows,
            (KEYBOARD_DISPLAY, DISPLAY_YES_NO | KEYBOARD_DISPLAY) => compare(initiator_shows),
            (KEYBOARD_DISPLAY, KEYBOARD_ONLY) => responder_shows,
            _ => Method::JustWorks,
        }
    }

    /// The X coordinates PKa and PKb.
    fn keys_of_both(&self) -> (Octets32, Octets32) {
        if self.initiates { (self.public.0, self.other_public.0) } else { (self.other_public.0, self.public.0) }
    }

    fn nonces(&self) -> (Octets16, Octets16) {
        if self.initiates { (self.nonce, self.other_nonce) } else { (self.other_nonce, self.nonce) }
    }

    fn addresses(&self) -> ([u8; 7], [u8; 7]) {
        if self.initiates { (self.own, self.other) } else { (self.other, self.own) }
    }

    /// The passkey, or TK, as 128 bits.
    fn passkey_octets(&self) -> Octets16 {
        u128::from(self.passkey.unwrap_or(0)).to_be_bytes()
    }

    /// Cai or Cbi, ours or what the other's must be.
    fn confirm(&self, ours: bool) -> Octets16 {
        let nonce = if ours { &self.nonce } else { &self.other_nonce };
        if !self.secure {
            let tk = match self.method {
                Method::OutOfBand => self.tk_oob.unwrap_or_default(),
                _ => self.passkey_octets(),
            };
            let (initiator, responder) = self.addresses();
            return c1(&tk, nonce, &turn(&self.request), &turn(&self.response), &initiator, &responder);
        }
        let z = match self.method {
            Method::Passkey { .. } => {
                let passkey =
                    self.passkey.unwrap_or_default() ^ u32::from(self.wrong_round == Some(self.round)) << self.round;
                0x80 | (passkey >> self.round & 1) as u8
            }
            _ => 0,
        };
        let (own, other) = (&self.public.0, &self.other_public.0);
        if ours { f4(own, other, nonce, z) } else { f4(other, own, nonce, z) }
    }

    /// 2.3.5.6.5: MacKey and LTK.
    fn derive(&mut self) {
        let ((na, nb), (a, b)) = (self.nonces(), self.addresses());
        let (mac_key, key) = f5(&self.shared, &na, &nb, &a, &b);
        self.mac_key = mac_key;
        self.set_key(key);
    }

    /// A key of phase 2, with its most significant octets gone (2.3.4).
    fn set_key(&mut self, key: Octets16) {
        let mut key = turn(&key);
        key[usize::from(self.key_size())..].fill(0);
        self.key = Some(key);
    }

    /// Ea or Eb, ours or what the other's must be.
    fn check(&self, ours: bool) -> Octets16 {
        let (i, r) = self.both();
        let ea = ours == self.initiates;
        // Of whom the check is: its features, most significant octet first.
        let own = if ea { i } else { r };
        let io = [own.requirements, own.oob, own.io];
        let ((na, nb), (a, b)) = (self.nonces(), self.addresses());
        let r = match self.method {
            Method::Passkey { .. } => self.passkey_octets(),
            // ra belongs to the initiator, rb to the responder; Ea is made with rb, Eb with ra: zero where it is not known.
            Method::OutOfBand if ours => self.other_oob.map_or([0; 16], |(random, _)| random),
            Method::OutOfBand => {
                let (i, r) = self.both();
                if (if self.initiates { r.oob } else { i.oob }) == 1 { self.own_oob } else { [0; 16] }
            }
            _ => [0; 16],
        };
        if ea { f6(&self.mac_key, &na, &nb, &r, &io, &a, &b) } else { f6(&self.mac_key, &nb, &na, &r, &io, &b, &a) }
    }

    fn comparison(&self) -> u32 {
        let ((pka, pkb), (na, nb)) = (self.keys_of_both(), self.nonces());
        g2(&pka, &pkb, &na, &nb)
    }

    fn short_term_key(&self) -> Octets16 {
        let tk = match self.method {
            Method::OutOfBand => self.tk_oob.unwrap_or_default(),
            _ => self.passkey_octets(),
        };
        let (mrand, srand) = self.nonces();
        s1(&tk, &srand, &mrand)
    }
}
