//! Encryption of a link: start, pause and refresh (Vol 6, Part B, 5.1.3).

use crate::{crypt::Session, link::Procedure, ll::Control, police::Notice, world::World};
use jelling_wire::hci::{
    ConnectionHandle, Status,
    event::{Event, Subevent},
};

impl World {
    pub(crate) fn request_encryption(&mut self, number: u64, end: usize, random: [u8; 8], diversifier: u16) {
        let (skd, iv) = (self.draw_octets::<8>(), self.draw_octets::<4>());
        let Some(link) = self.links.get_mut(&number) else { return };
        let crypt = &mut link.ends[end].crypt;
        crypt.skd[..8].copy_from_slice(&skd);
        crypt.iv[..4].copy_from_slice(&iv);
        self.send(number, end, Control::EncryptionRequest { random, diversifier, skd, iv });
    }

    pub(crate) fn encryption(&mut self, number: u64, end: usize, control: Control) {
        let (more_skd, more_iv) = (self.draw_octets::<8>(), self.draw_octets::<4>());
        let Some(link) = self.links.get_mut(&number) else { return };
        let side = &mut link.ends[end];
        let (who, handle) = (side.who, ConnectionHandle(side.handle));
        match control {
            Control::PauseEncryptionRequest => {
                side.paused = true;
                side.crypt.refresh = true;
                self.send(number, end, Control::PauseEncryptionResponse);
            }
            Control::PauseEncryptionResponse if end == 0 => {
                side.send_encrypted = false;
                side.receive_encrypted = false;
                self.send(number, 0, Control::PauseEncryptionResponse);
                if let Some(Procedure::Encrypt { random, diversifier, .. }) = self.current(number, 0) {
                    self.request_encryption(number, 0, random, diversifier);
                }
            }
            Control::EncryptionRequest { random, diversifier, skd, iv } => {
                side.paused = true;
                side.crypt.skd[..8].copy_from_slice(&skd);
                side.crypt.skd[8..].copy_from_slice(&more_skd);
                side.crypt.iv[..4].copy_from_slice(&iv);
                side.crypt.iv[4..].copy_from_slice(&more_iv);
                side.crypt.asked = true;
                self.send(number, end, Control::EncryptionResponse { skd: more_skd, iv: more_iv });
                if self.wants(who, Subevent::LONG_TERM_KEY_REQUEST) {
                    self.event(who, &Event::LeLongTermKeyRequest { handle, random, diversifier }, Notice::State);
                } else {
                    self.answer_key(number, end, None);
                }
            }
            Control::EncryptionResponse { skd, iv } => {
                side.crypt.skd[8..].copy_from_slice(&skd);
                side.crypt.iv[4..].copy_from_slice(&iv);
            }
            Control::StartEncryptionRequest => {
                if let Some(Procedure::Encrypt { key, .. }) = side.current {
                    side.session = Some(Session::new(&key, &side.crypt.skd, side.crypt.iv, true));
                    side.send_encrypted = true;
                    side.receive_encrypted = true;
                    self.send(number, end, Control::StartEncryptionResponse);
                }
            }
            Control::StartEncryptionResponse => {
                side.paused = false;
                let refresh = side.crypt.refresh;
                if end == 1 {
                    side.send_encrypted = true;
                    // What waited meanwhile comes after it: the central takes nothing else yet.
                    side.control.push_front(Control::StartEncryptionResponse);
                }
                self.tell_encryption(who, handle, Status::SUCCESS, refresh);
                if end == 0 {
                    self.next_procedure(number, 0);
                }
                self.kick(number);
            }
            _ => {}
        }
    }

    pub(crate) fn tell_encryption(&mut self, who: usize, handle: ConnectionHandle, status: Status, refresh: bool) {
        let enabled = u8::from(status.is_success());
        if refresh {
            self.event(who, &Event::EncryptionKeyRefreshComplete { status, handle }, Notice::State);
        } else {
            self.event(who, &Event::EncryptionChange { status, handle, enabled }, Notice::State);
        }
    }

    /// The peripheral's host gives a key, or refuses; false when nobody asked.
    pub(crate) fn answer_key(&mut self, number: u64, end: usize, key: Option<[u8; 16]>) -> bool {
        let Some(link) = self.links.get_mut(&number) else { return false };
        let side = &mut link.ends[end];
        if !core::mem::take(&mut side.crypt.asked) {
            return false;
        }
        match key {
            Some(key) => {
                side.session = Some(Session::new(&key, &side.crypt.skd, side.crypt.iv, false));
                self.send(number, end, Control::StartEncryptionRequest);
            }
            None if side.crypt.refresh => {
                // Vol 6, Part B, 5.1.3.1: a link that was encrypted cannot go on without.
                side.gives_up = true;
                self.begin(number, end, Procedure::Terminate(Status::PIN_OR_KEY_MISSING));
            }
            None => {
                side.paused = false;
                let opcode = Control::ENCRYPTION_REQUEST;
                self.send(number, end, Control::RejectExtended { opcode, reason: Status::PIN_OR_KEY_MISSING });
            }
        }
        true
    }
}
