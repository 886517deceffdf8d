//! A host that hides: on air it goes by a resolvable private address, whose hash its bonded peers know by its IRK and nobody else
//! (Vol 6, Part B, 1.3.2.2; Vol 3, Part C, 10.7). When one has served its time, what goes on is switched off for as long as the
//! controller needs to be told the next; links go on. No privacy of the controller is needed.

use crate::state::State;
use jelling_wire::Address;

#[cfg(feature = "security")]
pub(crate) use hidden::{Privacy, private_micros};

impl State {
    /// The address that we go by on air.
    pub(crate) fn on_air(&self) -> Address {
        #[cfg(feature = "security")]
        if let Some(address) = self.privacy.on_air() {
            return address;
        }
        self.controller.address
    }
}

#[cfg(feature = "security")]
mod hidden {
    use crate::{
        Core,
        crypto::toolbox,
        fmt::info,
        hci::Purpose,
        kept::Kept,
        state::Stage,
        time::{Deadline, Instant},
    };
    use jelling_wire::{Address, AddressKind, Writer, hci::command};

    /// The private address of this bring-up.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Privacy {
        /// The application chose it before this bring-up.
        pub(crate) hides: bool,
        on_air: Kept<[u8; 6]>,
        /// When another one takes its place.
        pub(crate) deadline: Deadline,
        /// That is now.
        due: bool,
        /// The other one.
        next: Kept<[u8; 6]>,
        /// The one that the controller is being told.
        told: Kept<[u8; 6]>,
    }

    impl Privacy {
        pub(crate) const NEW: Privacy = Privacy {
            hides: false,
            on_air: Kept::none([0; 6]),
            deadline: Deadline::NEVER,
            due: false,
            next: Kept::none([0; 6]),
            told: Kept::none([0; 6]),
        };

        pub(super) fn on_air(&self) -> Option<Address> {
            self.on_air.get().map(|octets| Address::new(AddressKind::Random, octets))
        }

        /// True while nothing may be begun, because another address comes first.
        pub(crate) fn is_due(&self) -> bool {
            self.due
        }
    }

    /// A time for which an address may be kept, in microseconds: 1 to 3,600 s (Vol 4, Part E, 7.8.45).
    pub(crate) const fn private_micros(micros: u64) -> u64 {
        match micros {
            0..1_000_000 => 1_000_000,
            3_600_000_001.. => 3_600_000_000,
            _ => micros,
        }
    }

    /// The address of a key and random octets (Vol 6, Part B, 1.3.2.2): the two most significant bits are 01, and the other random
    /// bits are not all alike.
    fn resolvable(key: &[u8; 16], random: [u8; 3]) -> [u8; 6] {
        let [p0, p1, p2] = match random {
            [0, 0, top] if top & 0x3f == 0 => [0x55, 0, top],
            [0xff, 0xff, top] if top & 0x3f == 0x3f => [0x55, 0xff, top],
            other => other,
        };
        let prand = [p0, p1, (p2 & 0x3f) | 0x40];
        let [h0, h1, h2] = toolbox::ah(key, &prand);
        let [p0, p1, p2] = prand;
        [h0, h1, h2, p0, p1, p2]
    }

    impl Core<'_> {
        fn private_address(&self, random: [u8; 3]) -> [u8; 6] {
            resolvable(&self.state.bonding.identity_key.0, random)
        }

        /// The first address of a bring-up.
        pub(crate) fn begin_hiding(&mut self, random: [u8; 3]) {
            let address = self.private_address(random);
            self.state.privacy.on_air.set(Some(address));
        }

        /// The address on air has its time from now on.
        pub(crate) fn keep_private_address(&mut self, now: Instant) {
            let timeout = self.state.security().private_address_timeout;
            let privacy = &mut self.state.privacy;
            if privacy.hides {
                self.state.sooner.set(&mut privacy.deadline, Deadline::at(now).later(timeout));
            }
        }

        /// Another address is to be on air.
        pub(crate) fn renew_private_address(&mut self) {
            if self.state.privacy.hides && self.state.stage == Stage::Up {
                self.state.privacy.next.set(None);
                self.state.privacy.due = true;
                self.state.privacy.deadline = Deadline::NEVER;
                self.state.work = true;
            }
        }

        /// The address on air has served its time.
        pub(crate) fn private_address_timeout(&mut self, now: Instant) {
            if self.state.privacy.deadline.take_due(now) {
                self.renew_private_address();
            }
        }

        /// What comes next on the way to another address. LE Set Random Address is refused while advertising, scanning or initiating
        /// is enabled (Vol 4, Part E, 7.8.4).
        pub(crate) fn next_private_address(&mut self, w: &mut Writer<'_>) -> Option<Purpose> {
            // It is there before anything is switched off.
            if self.state.privacy.next.get().is_none() {
                match self.state.random.draw::<3>() {
                    Some(random) => {
                        let address = self.private_address(random);
                        self.state.privacy.next.set(Some(address));
                    }
                    None => return self.next_random(w).then_some(Purpose::Random),
                }
            }
            #[cfg(feature = "peripheral")]
            if let Some(command) = self.pause_advertising(w) {
                return Some(Purpose::Advertise(command));
            }
            #[cfg(feature = "central")]
            {
                if let Some(command) = self.pause_central(w) {
                    return Some(Purpose::Central(command));
                }
                // LE Connection Complete follows the cancel.
                if self.state.initiator.stage != crate::gap::InitiatorStage::Idle {
                    return None;
                }
            }
            let address = self.state.privacy.next.take()?;
            self.state.privacy.told.set(Some(address));
            self.state.privacy.due = false;
            command::open(&command::LeSetRandomAddress { address }, w);
            Some(Purpose::PrivateAddress)
        }

        /// The controller has taken it, or not: then another is tried when the one on air has served as long again.
        pub(crate) fn on_private_address(&mut self, now: Instant, taken: bool) {
            let told = self.state.privacy.told.take();
            if taken && told.is_some() {
                self.state.privacy.on_air.set(told);
                info!("the host goes by {}", self.state.on_air());
            }
            // It is due already where our IRK has become another one meanwhile.
            if !self.state.privacy.due {
                self.keep_private_address(now);
            }
        }

        /// Nothing can be drawn: the address on air stays.
        pub(crate) fn no_private_address(&mut self, now: Instant) {
            if self.state.privacy.due {
                self.state.privacy.due = false;
                self.keep_private_address(now);
            }
        }
    }
}
