//! A long session of two hosts that do whatever a seed says, with faults now and then, recorded, to be played again bit for bit.

use crate::{
    actor::{Actor, Session, Verb},
    table::Table,
};
use jelling_host::wire::{Address, AddressKind};
use jelling_sim::{Air, Noise};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// Of 65,536 packets at the first host's controller, so many meet with a fault of each kind.
const NOISE: Noise = Noise {
    drop: 20,
    duplicate: 20,
    delay: 20,
    corrupt: 20,
    resize: 20,
    lie: 20,
    lose_links: 20,
    hang: 10,
    restart: 10,
    hardware_error: 10,
};

/// Records the first host's side of a session of at least so many packets.
///
/// # Errors
/// Where the hosts talk in circles, or one of them broke a rule of HCI.
pub fn record(seed: u64, packets: usize) -> Result<(Session, Address), String> {
    let mut table = Table::new(Air::new(seed), true);
    let mut numbers = ChaCha8Rng::seed_from_u64(seed);
    for who in 0..2 {
        table.act(who, Verb::Start);
    }
    if !table.advance(1_000) {
        return Err("bring-up never ends".into());
    }
    table.introduce();
    // The replay knows the peer's address from the start.
    let peer = table.actors[1].address().unwrap_or(Address::new(AddressKind::Random, [0; 6]));
    table.controllers[0].set_noise(NOISE);
    while table.actors[0].session().packets < packets {
        let dice = numbers.next_u32().to_le_bytes();
        let who = usize::from(dice[3] & 1);
        let verb = match Verb::from_octets([dice[0], dice[1], dice[2]]) {
            // A radio that is switched off at every turn says little.
            Verb::Stop | Verb::Disconnect if dice[3] < 200 => Verb::Advertise,
            verb => verb,
        };
        table.act(who, verb);
        if !table.advance(u64::from(numbers.next_u32() % 20_000)) {
            return Err(format!("circles after {verb:?}"));
        }
    }
    match table.air.take_violations() {
        violations if violations.is_empty() => Ok((table.actors[0].session().clone(), peer)),
        violations => Err(format!("HCI was broken: {violations:?}")),
    }
}

/// Plays a recorded session again; the number of packets, and the hash of what came out.
pub fn again(session: &Session, peer: Address) -> (usize, u64) {
    let again = Actor::replay(session, peer);
    (again.packets, again.hash)
}
