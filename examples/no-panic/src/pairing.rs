//! What an application, its user and its P-256 say while two devices pair.

use crate::input::{octets, out, word};
use core::task::Poll;
use jelling_host::{
    Core, Crypto, Instant, LeSecure, LinkId, Overwrite, PairSettings, PasskeyAnswer, PeerOob, PublicKey,
    wire::{
        Secret,
        smp::{IoCapability, Keypress},
    },
};

/// P-256 that says anything.
struct Anything;

fn key() -> PublicKey {
    PublicKey { x: [word() as u8; 32], y: [word() as u8; 32] }
}

fn chance() -> bool {
    word() & 1 == 1
}

impl Crypto for Anything {
    fn public_key(&mut self, private: &[u8; 32]) -> Option<PublicKey> {
        out(u32::from(private[0]));
        chance().then(key)
    }
    fn shared_secret(&mut self, private: &[u8; 32], peer: &PublicKey) -> Option<Secret<32>> {
        out(u32::from(private[0] ^ peer.x[0]));
        chance().then_some(Secret([word() as u8; 32]))
    }
    fn is_on_curve(&mut self, peer: &PublicKey) -> bool {
        out(u32::from(peer.y[0]));
        chance()
    }
}

pub(crate) fn settings() -> PairSettings {
    let mut settings = PairSettings::new();
    (settings.bond, settings.mitm, settings.keypress) = (chance(), chance(), chance());
    settings.io = IoCapability(word() as u8);
    settings.key_size = word() as u8;
    settings.le_secure = match word() {
        0 => LeSecure::Required,
        1 => LeSecure::Preferred,
        _ => LeSecure::Off,
    };
    settings.overwrite = if chance() { Overwrite::Always } else { Overwrite::EqualOrStronger };
    settings.oob = match word() {
        0 => None,
        1 => Some(PeerOob::Legacy { key: [word() as u8; 16] }),
        _ => Some(PeerOob::SecureConnections { confirm: [word() as u8; 16], random: [word() as u8; 16] }),
    };
    settings
}

/// Verbs, answers of the user and jobs.
#[inline(never)]
pub(crate) fn pairing(core: &mut Core<'_>, now: Instant) {
    while let Some(job) = core.poll_job() {
        core.finish_job(now, job.run(&mut Anything));
    }
    if let Poll::Ready(Ok(own)) = core.own_oob() {
        out(u32::from(own.confirm[0]));
    }
    if let Poll::Ready((ticket, _)) = core.take_passkey_action() {
        out(u32::from(core.send_keypress(ticket, Keypress(word() as u8)).is_ok()));
        let answer = match word() {
            0 => PasskeyAnswer::Confirm,
            1 => PasskeyAnswer::Reject,
            _ => PasskeyAnswer::Input(word()),
        };
        out(u32::from(core.answer_passkey(now, ticket, answer).is_ok()));
        out(u32::from(core.passkey_is_open(ticket)));
    }
    let Some(link) = core.links().nth(word() as usize) else { return };
    of_link(core, now, link);
}

fn of_link(core: &mut Core<'_>, now: Instant, link: LinkId) {
    let allowed = chance().then(settings);
    out(u32::from(core.allow_pairing(link, allowed).is_ok()));
    let begun = if chance() { core.pair(now, link, &settings()) } else { core.encrypt(now, link) };
    if let Ok(ticket) = begun {
        let mut buffer = [0; 300];
        let packet = jelling_host::wire::Packet::new(jelling_host::wire::PacketKind::Acl, octets(&mut buffer));
        core.handle_packet(now, packet);
        if let Poll::Ready(Ok(security)) = core.pair_outcome(ticket) {
            out(u32::from(security.key_size));
        }
        core.cancel_pair(now, ticket);
    }
}
