//! The arithmetic of pairings: with the lock open, by the runner or by a task.

use crate::support::{agreed, connected, pair_of, play, said};
use core::cell::Cell;
use embassy_futures::{
    join::join,
    select::{Either, select, select3},
};
use embassy_time::Timer;
use jelling::{Crypto, Host, Pair, PublicKey, Software};

/// What an accelerator does, which counts, and looks whether the host is locked.
struct Counting<'d> {
    host: Host<'d>,
    done: Cell<u32>,
}

impl<'d> Counting<'d> {
    fn new(host: Host<'d>) -> Self {
        Counting { host, done: Cell::new(0) }
    }

    fn note(&self) {
        // With the lock taken a host does not even know this.
        assert!(self.host.is_up());
        self.done.set(self.done.get() + 1);
    }
}

impl Crypto for Counting<'_> {
    fn public_key(&mut self, private: &[u8; 32]) -> Option<PublicKey> {
        self.note();
        Software.public_key(private)
    }
    fn shared_secret(&mut self, private: &[u8; 32], peer: &PublicKey) -> Option<jelling::Secret<32>> {
        self.note();
        Software.shared_secret(private, peer)
    }
    fn is_on_curve(&mut self, peer: &PublicKey) -> bool {
        Software.is_on_curve(peer)
    }
}

#[test]
fn a_task_does_them_in_place_of_the_runner() {
    pair_of(async |hosts, sides, _| {
        let (mut one, mut two) = (Counting::new(hosts[0]), Counting::new(hosts[1]));
        let work = select3(sides[0].pair(Pair::new()), hosts[0].run_jobs(&mut one), hosts[1].run_jobs(&mut two));
        let embassy_futures::select::Either3::First(security) = work.await;
        assert!(security.unwrap().encrypted);
        agreed(&sides).await;
        // A key pair and a shared secret at each side.
        assert_eq!([one.done.get(), two.done.get()], [2, 2]);
    });
}

#[test]
fn a_task_that_ends_hands_them_back() {
    pair_of(async |hosts, sides, air| {
        let mut crypto = Counting::new(hosts[0]);
        // It ends with the first.
        let first = async {
            let jobs = hosts[0].run_jobs(&mut crypto);
            let sent = async {
                while !said(&air.recording(), 0).iter().any(|pdu| pdu[0] == 0x0c) {
                    Timer::after_millis(1).await;
                }
            };
            assert!(matches!(select(jobs, sent).await, Either::Second(())));
        };
        let (security, ()) = join(sides[0].pair(Pair::new()), first).await;
        assert!(security.unwrap().encrypted);
        assert_eq!(crypto.done.get(), 1, "the key pair, and not the shared secret");
    });
}

#[test]
fn a_task_that_does_not_come_to_it_lets_a_pairing_wait_and_nothing_else() {
    play(async |[central, peripheral], air, _| {
        crate::support::serve(peripheral);
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        let value = crate::support::found(&ours, crate::support::OPEN).await;
        let mut crypto = Counting::new(central);
        let mut jobs = core::pin::pin!(central.run_jobs(&mut crypto));
        // Polled once: from then on the runner leaves it alone.
        assert!(embassy_futures::poll_once(jobs.as_mut()).is_pending());
        let mut pairing = core::pin::pin!(ours.pair(Pair::new()));
        match select(pairing.as_mut(), Timer::after_secs(2)).await {
            Either::First(result) => panic!("{result:?} without arithmetic"),
            Either::Second(()) => {}
        }
        assert_eq!(said(&air.recording(), 0).iter().filter(|pdu| pdu[0] == 0x0c).count(), 0, "no public key");
        assert_eq!(value.read::<u8>().await, Ok(b'0'));
        match select(pairing, jobs).await {
            Either::First(security) => assert!(security.unwrap().encrypted),
            Either::Second(never) => match never {},
        }
    });
}

#[test]
fn the_runner_takes_in_what_has_come_before_it_does_one() {
    crate::scripted::play(async |host, connection, peer| {
        // Each wakes a task, so that the reader lets others run between them.
        let watch = async {
            loop {
                let _ = connection.event().await;
            }
        };
        peer.chatters(20);
        let Either::First(oob) = select(host.oob(), watch).await;
        assert!(oob.is_ok());
        let interval = core::time::Duration::from_micros(u64::from(peer.last_interval()) * 1250);
        assert!(peer.last_interval() > 40);
        assert_eq!(connection.interval(), Ok(interval), "all of it has been taken in");
    });
}
