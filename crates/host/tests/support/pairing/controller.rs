//! The controller of the host that pairs: it answers, draws, encrypts when both ends have the same key, and works on P-256.

use super::*;

impl Bench {
    /// The controller draws this next: octets, or a failure. After that as usual.
    pub(crate) fn draws(&mut self, draws: Vec<Option<Vec<u8>>>) {
        self.draws = draws.into();
    }

    /// Hardware Error: all links are lost, and the controller is brought up again.
    pub(crate) fn fail_controller(&mut self) {
        for side in &mut self.sides {
            side.up = false;
            side.to_host.clear();
        }
        self.curve_asked.clear();
        self.hear(PacketKind::Event, &[0x10, 1, 0x42]);
        self.work();
        if matches!(self.core().power(), Power::Failed(_)) {
            // Too often in a short time: it waits to be asked.
            self.core().start();
            self.work();
        }
        assert_eq!(self.core().power(), Power::Up);
    }

    pub(super) fn complete(&mut self, opcode: Opcode, rest: &[u8]) {
        let [low, high] = opcode.number().to_le_bytes();
        let mut event = vec![0x0e, rest.len() as u8 + 3, 1, low, high];
        event.extend(rest);
        self.air.controllers[0].to_host.push_back((PacketKind::Event, event));
    }

    pub(super) fn take_command(&mut self, packet: &[u8]) {
        let (opcode, p) = command::header(packet).expect("a whole command");
        if let Some(events) = self.answer.as_mut().and_then(|answer| answer(opcode, p)) {
            let events = events.into_iter().map(|event| (PacketKind::Event, event));
            return self.air.controllers[0].to_host.extend(events);
        }
        match opcode {
            Opcode::LE_RAND => {
                match self.draws.pop_front() {
                    Some(Some(octets)) => return self.complete(opcode, &[&[0][..], &octets].concat()),
                    // Hardware Failure.
                    Some(None) => return self.complete(opcode, &[0x03, 0, 0, 0, 0, 0, 0, 0, 0]),
                    None => {}
                }
                let mut answer = vec![0];
                if self.constant {
                    self.numbers = Numbers(0);
                }
                answer.extend(self.numbers.octets(8));
                self.complete(opcode, &answer);
            }
            // LE Encryption and data length.
            Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES => self.complete(opcode, &[0, 0x21, 0, 0, 0, 0, 0, 0, 0]),
            Opcode::LE_ENABLE_ENCRYPTION => {
                self.commands.push(packet.to_vec());
                let [low, high] = opcode.number().to_le_bytes();
                let status = vec![0x0f, 4, self.encryption_status, 1, low, high];
                self.air.controllers[0].to_host.push_back((PacketKind::Event, status));
                if self.encryption_status != 0 {
                    return;
                }
                let side = self.side_of(p[0]).expect("a link");
                assert_eq!(self.sides[side].asked, None, "encryption is begun once");
                self.sides[side].asked = Some(Asked::Enable {
                    random: p[2..10].try_into().unwrap(),
                    diversifier: p[10..12].try_into().unwrap(),
                    key: p[12..28].try_into().unwrap(),
                });
            }
            Opcode::LE_READ_LOCAL_P256_PUBLIC_KEY | Opcode::LE_GENERATE_DHKEY => {
                let [low, high] = opcode.number().to_le_bytes();
                self.air.controllers[0].to_host.push_back((PacketKind::Event, vec![0x0f, 4, 0, 1, low, high]));
                assert!(self.curve_asked.is_empty(), "the controller does one thing at a time");
                self.curve_count += 1;
                let coordinate = |at: usize| p[at..at + 32].try_into().unwrap();
                self.curve_asked.push_back(match opcode {
                    Opcode::LE_GENERATE_DHKEY => CurveAsked::Secret(PublicKey { x: coordinate(0), y: coordinate(32) }),
                    _ => CurveAsked::Key,
                });
            }
            Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY | Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY => {
                self.commands.push(packet.to_vec());
                self.complete(opcode, &[0, p[0], p[1]]);
                let side = self.side_of(p[0]).expect("a link");
                let wanted = self.sides[side].wanted.take().expect("a request");
                let key = p.get(2..18).map(|key| key.try_into().unwrap());
                self.sides[side].refused += u32::from(key.is_none());
                self.sides[side].asked = Some(Asked::Reply { wanted, key });
            }
            Opcode::DISCONNECT => {
                self.commands.push(packet.to_vec());
                let [low, high] = opcode.number().to_le_bytes();
                let events = &mut self.air.controllers[0].to_host;
                events.push_back((PacketKind::Event, vec![0x0f, 4, 0, 1, low, high]));
                events.push_back((PacketKind::Event, vec![0x05, 4, 0, p[0], p[1], 0x16]));
                if let Some(side) = self.side_of(p[0]) {
                    self.sides[side].up = false;
                }
            }
            _ => self.air.take(0, Packet::new(PacketKind::Command, packet)),
        }
    }

    pub(super) fn take_acl(&mut self, packet: &[u8]) {
        let side = self.side_of(packet[0]).expect("a link");
        self.sides[side].frame.extend(&packet[4..]);
        self.air.controllers[0].to_host.push_back((PacketKind::Event, vec![0x13, 5, 1, packet[0], 0, 1, 0]));
        let frame = &self.sides[side].frame;
        if frame.len() < usize::from(u16::from_le_bytes([frame[0], frame[1]])) + 4 {
            return;
        }
        let frame = core::mem::take(&mut self.sides[side].frame);
        if frame[2..4] == SMP.to_le_bytes() {
            let pdu = &frame[4..];
            self.sides[side].said.push(pdu.to_vec());
            if self.sides[side].listens {
                let answers = self.sides[side].peer.hear(pdu);
                self.send(side, answers);
            }
        }
    }

    /// The peer, as central, encrypts with a key that goes by this number.
    pub(crate) fn encrypt(&mut self, side: usize, random: [u8; 8], diversifier: [u8; 2], key: [u8; 16]) {
        self.asks_for_key(side, random, diversifier, key);
        self.work();
    }

    /// The same; what the host does about it has not gone out yet.
    pub(crate) fn asks_for_key(&mut self, side: usize, random: [u8; 8], diversifier: [u8; 2], key: [u8; 16]) {
        let handle = self.handle(side);
        let mut event = vec![0x3e, 13, 0x05, handle, 0];
        event.extend(random);
        event.extend(diversifier);
        self.sides[side].wanted = Some(key);
        self.hear(PacketKind::Event, &event);
    }

    /// The controller tells of encryption.
    pub(crate) fn tell(&mut self, side: usize, status: u8, enabled: u8) {
        let handle = self.handle(side);
        self.hear(PacketKind::Event, &[0x08, 4, status, handle, 0, enabled]);
        self.work();
    }

    /// The controller tells of another key (Encryption Key Refresh Complete).
    pub(crate) fn refresh(&mut self, side: usize, status: u8) {
        let handle = self.handle(side);
        self.hear(PacketKind::Event, &[0x30, 3, status, handle, 0]);
        self.work();
    }

    /// The controller tells what became of what it was asked for.
    pub(crate) fn conclude(&mut self, side: usize) {
        let at = &mut self.sides[side];
        let (ours, theirs) = match at.asked.take().expect("something asked") {
            Asked::Enable { random, diversifier, key } => {
                let old = at.old_keys.iter().find(|(r, d, _)| (*r, *d) == (random, diversifier)).map(|(.., key)| *key);
                let new = at
                    .peer
                    .key
                    .filter(|_| at.peer.wait == Wait::Encryption && (random, diversifier) == ([0; 8], [0; 2]));
                (Some(key), new.or(old))
            }
            Asked::Reply { wanted, key } => (key, Some(wanted)),
        };
        match (ours, theirs) {
            // Vol 6, Part B, 5.1.3.1: the one that has no key rejects.
            (Some(_), None) => self.tell(side, 0x06, 0),
            (None, _) => {}
            (Some(ours), Some(theirs)) if ours == theirs => {
                let refreshed = at.key.replace(ours).is_some();
                if self.sides[side].peer.wait == Wait::Encryption && self.sides[side].peer.key == Some(ours) {
                    let keys = self.sides[side].peer.encrypted();
                    self.send(side, keys);
                }
                if refreshed { self.refresh(side, 0) } else { self.tell(side, 0, 1) }
            }
            // Connection Terminated due to MIC Failure.
            _ => self.part(side, 0x3d),
        }
    }

    /// The controller tells what it was asked of P-256 first. False when it was asked nothing.
    pub(crate) fn conclude_curve(&mut self) -> bool {
        let Some(asked) = self.curve_asked.pop_front() else { return false };
        let status = self.curve_status;
        let mut event = match asked {
            CurveAsked::Key => {
                self.private = self.numbers.octets(32).try_into().unwrap();
                let PublicKey { x, y } = Curve.public_key(&self.private).expect("a key");
                [&[0x08, status][..], &x, &y].concat()
            }
            CurveAsked::Secret(peer) => {
                let secret = Curve.shared_secret(&self.private, &peer);
                let status = if secret.is_none() { 0x12 } else { status };
                [&[0x09, status][..], &secret.map_or([0xff; 32], |secret| secret.0)].concat()
            }
        };
        let length = event.len() as u8;
        event.splice(0..0, [0x3e, length]);
        self.hear(PacketKind::Event, &event);
        self.work();
        true
    }
}
