//! Users of hosts that pair: each does what its host asks, and types in what it reads at the other one.

use core::{cell::Cell, convert::Infallible, time::Duration};
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_time::Timer;
use jelling::{Host, PasskeyAction, PasskeyRequest};

/// How long a user looks for digits at the other host, before giving up.
const SEARCH: Duration = Duration::from_secs(5);
/// How often it looks.
const GLANCE: Duration = Duration::from_millis(20);

/// Two users.
#[derive(Debug, Default)]
pub struct Users {
    /// What can be read at one of the hosts.
    shown: Cell<Option<u32>>,
    /// What was to be compared last, and with what.
    compared: Cell<[Option<u32>; 2]>,
}

impl Users {
    /// What a host asks next; `None` when it has asked nothing for a while.
    pub async fn asked(host: Host<'_>) -> Option<PasskeyRequest<'_>> {
        match select(host.passkey_action(), Timer::after_secs(10)).await {
            Either::First(request) => Some(request),
            Either::Second(()) => None,
        }
    }

    /// Answers what `ask` brings of each host, for ever.
    pub async fn answer<'d>(
        &self,
        hosts: [Host<'d>; 2],
        ask: impl AsyncFn(Host<'d>) -> Option<PasskeyRequest<'d>>,
    ) -> Infallible {
        let each = async |host| {
            loop {
                if let Some(request) = ask(host).await {
                    self.decide(request).await;
                }
            }
        };
        let (never, _): (Infallible, Infallible) = join(each(hosts[0]), each(hosts[1])).await;
        never
    }

    /// The digits that both hosts have compared since the last call, if they were the same.
    pub fn take_compared(&self) -> Option<u32> {
        let [one, other] = self.compared.take();
        one.filter(|_| one == other)
    }

    async fn decide(&self, request: PasskeyRequest<'_>) {
        // A pairing that is over needs no answer.
        let _ = match request.action() {
            PasskeyAction::Display(digits) => {
                self.shown.set(Some(digits));
                request.closed().await;
                self.shown.set(None);
                Ok(())
            }
            PasskeyAction::Compare(digits) => {
                let [_, last] = self.compared.get();
                self.compared.set([last, Some(digits)]);
                request.confirm()
            }
            PasskeyAction::Input => match self.read().await {
                Some(digits) => request.input(digits),
                None => request.reject(),
            },
        };
    }

    async fn read(&self) -> Option<u32> {
        for _ in 0..SEARCH.as_millis() / GLANCE.as_millis() {
            if let Some(digits) = self.shown.take() {
                return Some(digits);
            }
            Timer::after_micros(GLANCE.as_micros() as u64).await;
        }
        None
    }
}
