//! Many pairings one after the other, in each way in turn, each with the encrypted reconnect that follows: at the end nothing is held
//! that was not held at the start.

use crate::{
    aftermath::{Left, forget_all, settle},
    users::Users,
};
use core::{cell::Cell, time::Duration};
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use jelling::{Config, Error, Host, IoCapability, Pair, sim};
use jelling_sim::{Air, Simulation, apart};

/// What central and peripheral can show and take in: Just Works, a comparison, and a passkey each way.
const WAYS: [[IoCapability; 2]; 4] = [
    [IoCapability::NO_INPUT_NO_OUTPUT, IoCapability::NO_INPUT_NO_OUTPUT],
    [IoCapability::DISPLAY_YES_NO, IoCapability::DISPLAY_YES_NO],
    [IoCapability::KEYBOARD_ONLY, IoCapability::DISPLAY_ONLY],
    [IoCapability::DISPLAY_ONLY, IoCapability::KEYBOARD_ONLY],
];

/// What many pairings did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pairings {
    /// How many there were: as many of each way, or one more.
    pub count: usize,
    /// Of these, those that authenticated the peer.
    pub authenticated: usize,
    /// HCI packets of both hosts.
    pub packets: u64,
    /// Virtual time.
    pub took: Duration,
}

/// Pairs so many times.
///
/// # Errors
/// What is not as it should be: a pairing fails, is weaker than it should be, is not found again, or leaves something behind.
pub fn run(seed: u64, count: usize) -> Result<Pairings, String> {
    let simulation = Simulation::on(Air::new(seed));
    let controllers = [simulation.air().controller(), simulation.air().controller()];
    let done = Cell::new(Pairings::default());
    let hosts = sim::hosts(&controllers, [Config::default(); 2], async |[peripheral, central]| {
        let before = [Left::of(central), Left::of(peripheral)];
        let users = Users::default();
        for number in 0..count {
            let way = number % WAYS.len();
            let result = one(central, peripheral, &users, WAYS[way]).await;
            let authenticated = result.map_err(|error| format!("pairing {number}: {error}"))?;
            if authenticated != (way != 0) {
                return Err(format!("pairing {number} is as secure as another way"));
            }
            if (way == 1) != users.take_compared().is_some() {
                return Err(format!("pairing {number}: the digits were not compared"));
            }
            let mut so_far = done.get();
            so_far.count += 1;
            so_far.authenticated += usize::from(authenticated);
            done.set(so_far);
        }
        settle([central, peripheral], before).await
    });
    match simulation.try_block_on(hosts, sim::LIMIT * 4) {
        Ok(result) => result?,
        Err(stuck) => return Err(stuck.to_string()),
    }
    let violations = simulation.air().take_violations();
    if !violations.is_empty() {
        return Err(format!("HCI was broken: {violations:?}"));
    }
    Ok(Pairings { packets: simulation.air().packets(), took: Duration::from_micros(simulation.now()), ..done.get() })
}

/// Two hosts pair, meet again, and forget each other; true where the pairing authenticated them.
async fn one(
    central: Host<'_>,
    peripheral: Host<'_>,
    users: &Users,
    [own, other]: [IoCapability; 2],
) -> Result<bool, Error> {
    let wish = |io| if io == IoCapability::NO_INPUT_NO_OUTPUT { Pair::new() } else { Pair::new().io(io).mitm() };
    let meet = async |secure: Way| {
        let serve = async {
            let connection = peripheral.advertise(Duration::from_millis(30)).await?;
            connection.allow_pairing(Some(wish(other)))?;
            connection.disconnected().await
        };
        let ask = async {
            let connection = central.connect(sim::device(0)).await?;
            let security = match secure {
                Way::Pair => connection.pair(wish(own)).await?,
                Way::Encrypt => connection.encrypt().await?,
            };
            if !(security.encrypted && security.secure_connections && security.bonded && security.key_size == 16) {
                return Err(Error::InvalidValue);
            }
            connection.disconnect().await?;
            Ok(security.authenticated)
        };
        let (served, asked) = join(apart(serve), apart(ask)).await;
        served.and(asked)
    };
    let all = async {
        let paired = meet(Way::Pair).await?;
        let found = meet(Way::Encrypt).await?;
        forget_all(central);
        forget_all(peripheral);
        if paired == found { Ok(paired) } else { Err(Error::InvalidValue) }
    };
    match select(all, users.answer([central, peripheral], Users::asked)).await {
        Either::First(result) => result,
        Either::Second(never) => match never {},
    }
}

/// How a link becomes secure.
#[derive(Clone, Copy)]
enum Way {
    Pair,
    Encrypt,
}
