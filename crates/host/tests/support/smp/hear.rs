//! What the peer answers, PDU by PDU.

use super::{functions::*, *};

impl Peer {
    /// A PDU of the other: what is answered.
    pub(crate) fn hear(&mut self, pdu: &[u8]) -> Vec<Vec<u8>> {
        let (code, rest) = (pdu[0], &pdu[1..]);
        match (code, self.wait) {
            (FAILED, _) => {
                self.got_failure = Some(rest[0]);
                self.stop();
                vec![]
            }
            (KEYPRESS, _) => vec![],
            // Who is asked to secure the link begins, if it is the initiator.
            (SECURITY_REQUEST, Wait::Nothing) if self.initiates => self.begin(),
            (REQUEST, Wait::Nothing) if !self.initiates => self.hear_request(pdu),
            (RESPONSE, Wait::Response) => {
                self.response = pdu.try_into().expect("7 octets");
                self.agreed()
            }
            (PUBLIC_KEY, Wait::PublicKey) => self.hear_public_key(rest),
            (CONFIRM, Wait::Confirm) => {
                if self.needs_passkey() {
                    self.held = Some(pdu.to_vec());
                    return vec![];
                }
                self.other_confirm = turn(rest.try_into().expect("16 octets"));
                self.wait = Wait::Random;
                match self.initiates {
                    true => vec![self.random()],
                    false => {
                        self.nonce = self.draw();
                        vec![self.confirm_pdu()]
                    }
                }
            }
            (RANDOM, Wait::Random) => {
                self.other_nonce = turn(rest.try_into().expect("16 octets"));
                self.hear_random()
            }
            (CHECK, Wait::Check) => {
                if self.method == Method::Comparison && !self.compared {
                    self.held = Some(pdu.to_vec());
                    return vec![];
                }
                if turn(rest.try_into().expect("16 octets")) != self.check(false) && !self.believes {
                    return self.fail(0x0b);
                }
                self.wait = Wait::Encryption;
                if self.initiates { vec![] } else { vec![self.check_pdu()] }
            }
            (ENCRYPTION_INFORMATION..=SIGNING_INFORMATION, Wait::Keys) if self.expected() == Some(code) => {
                self.hear_key(code, rest)
            }
            // Not due: it is not taken for granted that the host says nothing wrong.
            _ => self.fail(0x08),
        }
    }

    /// It pairs no more, and says nothing of it.
    pub(crate) fn stop(&mut self) {
        self.wait = Wait::Nothing;
        self.user = None;
        self.held = None;
    }

    pub(crate) fn fail(&mut self, reason: u8) -> Vec<Vec<u8>> {
        self.sent_failure = Some(reason);
        self.stop();
        vec![vec![FAILED, reason]]
    }

    fn hear_request(&mut self, pdu: &[u8]) -> Vec<Vec<u8>> {
        self.request = pdu.try_into().expect("7 octets");
        let asked = Features::of(&self.request);
        let answer = Features {
            initiator_keys: self.features.initiator_keys & asked.initiator_keys,
            responder_keys: self.features.responder_keys & asked.responder_keys,
            ..self.features
        };
        self.response = answer.pdu(RESPONSE);
        let response = self.response.to_vec();
        let mut out = vec![response];
        out.extend(self.agreed());
        out
    }

    /// Both features are known.
    pub(crate) fn agreed(&mut self) -> Vec<Vec<u8>> {
        let (i, r) = self.both();
        self.secure = i.requirements & r.requirements & SC != 0;
        self.method = self.choose_method();
        if self.secure {
            self.wait = Wait::PublicKey;
            return if self.initiates { vec![self.public_key_pdu()] } else { vec![] };
        }
        self.begin_authentication()
    }

    pub(crate) fn public_key_pdu(&self) -> Vec<u8> {
        let (x, y) = &self.public;
        [&[PUBLIC_KEY][..], &turn(x), &turn(y)].concat()
    }

    fn hear_public_key(&mut self, rest: &[u8]) -> Vec<Vec<u8>> {
        let (x, y) = rest.split_at(32);
        self.other_public = (turn(x.try_into().expect("32 octets")), turn(y.try_into().expect("32 octets")));
        let Some((shared, _)) = product(&self.private, Some(&self.other_public)) else { return self.fail(0x0a) };
        self.shared = shared;
        let mut out = vec![];
        if !self.initiates {
            out.push(self.public_key_pdu());
        }
        // 2.3.5.6.4: what came out of band commits the other to its key.
        if let (Method::OutOfBand, Some((random, confirm))) = (self.method, self.other_oob) {
            let x = &self.other_public.0;
            if f4(x, x, &random, 0) != confirm {
                out.extend(self.fail(0x04));
                return out;
            }
        }
        out.extend(self.begin_authentication());
        out
    }

    /// Authentication stage 1, or phase 2 of legacy pairing.
    fn begin_authentication(&mut self) -> Vec<Vec<u8>> {
        self.round = 0;
        match self.method {
            Method::Passkey { initiator_shows, responder_shows } => {
                let shows = if self.initiates { initiator_shows } else { responder_shows };
                if shows {
                    let passkey = u32::from_le_bytes(self.draw()) % 1_000_000;
                    self.passkey = Some(passkey);
                    self.user = Some(User::Show(passkey));
                } else if self.passkey.is_none() {
                    self.user = Some(User::TypeIn);
                }
                self.wait = Wait::Confirm;
                if self.initiates && self.passkey.is_some() { self.begin_round() } else { vec![] }
            }
            Method::JustWorks if !self.secure => self.begin_legacy(),
            Method::OutOfBand if !self.secure => self.begin_legacy(),
            Method::JustWorks | Method::Comparison => {
                self.wait = if self.initiates { Wait::Confirm } else { Wait::Random };
                self.nonce = self.draw();
                if self.initiates { vec![] } else { vec![self.confirm_pdu()] }
            }
            Method::OutOfBand => {
                self.nonce = self.draw();
                self.wait = Wait::Random;
                if self.initiates { vec![self.random()] } else { vec![] }
            }
        }
    }

    fn begin_legacy(&mut self) -> Vec<Vec<u8>> {
        self.wait = Wait::Confirm;
        if self.initiates { self.begin_round() } else { vec![] }
    }

    fn begin_round(&mut self) -> Vec<Vec<u8>> {
        self.nonce = self.draw();
        self.wait = Wait::Confirm;
        vec![self.confirm_pdu()]
    }

    fn needs_passkey(&self) -> bool {
        matches!(self.method, Method::Passkey { .. }) && self.passkey.is_none()
    }

    pub(crate) fn confirm_pdu(&self) -> Vec<u8> {
        [&[CONFIRM][..], &turn(&self.confirm(true))].concat()
    }

    pub(crate) fn random(&self) -> Vec<u8> {
        [&[RANDOM][..], &turn(&self.nonce)].concat()
    }

    pub(crate) fn check_pdu(&self) -> Vec<u8> {
        [&[CHECK][..], &turn(&self.check(true))].concat()
    }

    fn hear_random(&mut self) -> Vec<Vec<u8>> {
        let responder_commits = self.secure && matches!(self.method, Method::JustWorks | Method::Comparison);
        let committed = match self.method {
            Method::OutOfBand if self.secure => false,
            _ => self.initiates || !responder_commits,
        };
        if committed && !self.believes && self.confirm(false) != self.other_confirm {
            return self.fail(0x04);
        }
        let mut out = if self.initiates { vec![] } else { vec![self.random()] };
        if !self.secure {
            let key = self.short_term_key();
            self.set_key(key);
            self.wait = Wait::Encryption;
            return out;
        }
        if let Method::Passkey { .. } = self.method {
            self.round += 1;
            if self.round < 20 {
                self.wait = Wait::Confirm;
                if self.initiates {
                    out.extend(self.begin_round());
                }
                return out;
            }
        }
        self.derive();
        self.wait = Wait::Check;
        if self.method == Method::Comparison {
            self.user = Some(User::Compare(self.comparison()));
        } else if self.initiates {
            out.push(self.check_pdu());
        }
        out
    }

    /// The user has typed in a passkey.
    pub(crate) fn type_in(&mut self, passkey: u32) -> Vec<Vec<u8>> {
        self.passkey = Some(passkey);
        self.user = None;
        let mut out = if self.initiates && self.wait == Wait::Confirm { self.begin_round() } else { vec![] };
        if let Some(held) = self.held.take() {
            out.extend(self.hear(&held));
        }
        out
    }

    /// The user has seen the same on both.
    pub(crate) fn compare(&mut self) -> Vec<Vec<u8>> {
        self.compared = true;
        self.user = None;
        let mut out = if self.initiates { vec![self.check_pdu()] } else { vec![] };
        if let Some(held) = self.held.take() {
            out.extend(self.hear(&held));
        }
        out
    }
}
