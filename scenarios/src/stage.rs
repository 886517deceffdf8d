//! Where a scenario is played: two hosts, their controllers, and what goes wrong.

mod calls;

pub use calls::{CALL_LIMIT, Calls, Cancel, When};

use crate::{
    aftermath::{Left, fresh, settle},
    scenario::{self, Scenario, Served},
    toy::Toy,
};
use core::{
    cell::Cell,
    convert::Infallible,
    future::{Future, pending, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};
use embassy_futures::{
    join::join,
    select::{Either4, select4},
};
use jelling::{
    AddressKind, Bonds, ChannelOptions, Channels, Config, Device, Error, Gatt, Host, IoCapability, Links, PacketKind,
    Pair, Pool, Resources, ScanSlots, Tasks,
};
use jelling_h4::{H4Reader, H4Writer};
use jelling_sim::{Air, Controller, ControllerConfig, Direction, Noise, Passed, SerialLine, Simulation, apart};
use jelling_transport::{PacketRead, PacketWrite};
use std::fmt::Debug;

/// Room for what the scenarios do, and little more.
type Memory =
    Resources<Links<2, 247>, Gatt<48, 1024>, Pool<48, 8>, ScanSlots<4>, Bonds<4>, Tasks<24>, Channels<8, 2, 72>>;

/// Of a hundred packets one meets with a fault.
const NOISE: Noise = Noise {
    drop: 80,
    duplicate: 80,
    delay: 80,
    corrupt: 80,
    resize: 80,
    lie: 80,
    lose_links: 60,
    hang: 40,
    restart: 40,
    hardware_error: 40,
};

/// How long a scenario may take.
pub const LIMIT: Duration = Duration::from_secs(180);

/// The hosts as a scenario sees them.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'d> {
    /// The central.
    pub central: Host<'d>,
    /// The peripheral.
    pub peripheral: Host<'d>,
    /// The peripheral's address.
    pub device: Device,
    /// The central's address.
    pub other: Device,
    /// What central and peripheral can show and take in, where they pair.
    pub pairs: Option<[IoCapability; 2]>,
    /// Octets go over channels.
    pub transfers: bool,
    /// What the peripheral serves.
    pub served: Served<'d>,
    controllers: &'d [Controller; 2],
    calls: &'d Calls,
}

/// What a host asks of a pairing with these abilities: as much as they make possible.
fn wish(io: IoCapability) -> Pair {
    let pair = Pair::new().io(io);
    if io == IoCapability::NO_INPUT_NO_OUTPUT { pair } else { pair.mitm() }
}

impl Stage<'_> {
    /// What the central asks of a pairing.
    pub(crate) fn wish(&self) -> Pair {
        self.pairs.map_or(Pair::new(), |[central, _]| wish(central))
    }

    /// The same hosts in each other's place.
    pub(crate) fn swapped(&self) -> Self {
        Stage {
            central: self.peripheral,
            peripheral: self.central,
            device: self.other,
            other: self.device,
            pairs: self.pairs.map(|[central, peripheral]| [peripheral, central]),
            ..*self
        }
    }
}

/// When a fresh connection works again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Healing {
    /// The first one did.
    AtOnce,
    /// The first one found the damage, the second one worked.
    ByUse,
    /// Nothing told the host: its application switched it off and on.
    ByRestart,
}

/// How a scenario ended.
#[derive(Debug)]
pub struct Outcome {
    /// What it returned.
    pub result: Result<(), Error>,
    /// Packets that passed at each controller, to it and from it, by the end of the scenario.
    pub passed: [[u64; 2]; 2],
    /// Octets that passed on each line, where there are lines.
    pub octets: [[u64; 2]; 2],
    /// Polls of each call.
    pub polls: Vec<usize>,
    /// Polls of each runner by the end of the scenario.
    pub runs: [usize; 2],
    /// The longest that one call took.
    pub longest_call: Duration,
    /// Virtual time until the scenario ended.
    pub took: Duration,
    /// When a fresh connection worked again.
    pub healing: Healing,
    /// Data that was damaged on its way, so that no host could notice, has come to an application.
    pub damaged: bool,
    /// Whether each packet, to each controller and from it, was data; where it is asked for.
    pub is_data: [[Vec<bool>; 2]; 2],
    /// Hashes of what both hosts sent.
    pub hashes: [u64; 2],
    /// Virtual time of the whole play, settling and the fresh connection included.
    pub whole: Duration,
}

/// What goes wrong, and where.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trouble<'t> {
    /// A call is dropped.
    pub cancel: Option<Cancel>,
    /// Faults of each controller.
    pub faults: [&'t [jelling_sim::Fault]; 2],
    /// The hosts speak H4 to their controllers, and an octet of one of the lines goes wrong.
    pub line: Option<(usize, Option<jelling_sim::LineFault>)>,
    /// What goes wrong may be a command that makes sense all the same, of which no host can know.
    pub undetectable: bool,
    /// Faults of every kind at both controllers, as the air's seed has it.
    pub noise: Option<u64>,
    /// This one's runner is dropped after so many polls, and run again with a new transport.
    pub rerun: Option<(usize, usize)>,
    /// What goes wrong may be data on its way between host and controller: no host can know.
    pub damages: bool,
    /// What each packet is, is asked for.
    pub records: bool,
    /// A resource is lost on purpose: to show that it is noticed.
    pub leak: bool,
}

fn device(controller: &Controller) -> Device {
    jelling_wire::Address::new(AddressKind::Public, controller.address()).into()
}

/// Plays a scenario on an air with this seed.
///
/// # Errors
/// What is not as it should be afterwards: somebody waits for ever, something is lost, a rule of HCI was broken, or a fresh
/// connection does not work.
pub fn play(scenario: &Scenario, seed: u64, trouble: &Trouble<'_>) -> Result<Outcome, String> {
    let simulation = Simulation::on(Air::new(trouble.noise.unwrap_or(seed)));
    let config = ControllerConfig { acl_length: scenario.acl_length, acl_packets: 4, ..ControllerConfig::default() };
    let controllers = [simulation.air().controller_with(config), simulation.air().controller_with(config)];
    for (controller, faults) in controllers.iter().zip(trouble.faults) {
        faults.iter().for_each(|fault| controller.inject(*fault));
        if trouble.noise.is_some() {
            controller.set_noise(NOISE);
        }
    }
    if trouble.records {
        simulation.air().record();
    }
    let outcome = if trouble.line.is_some() {
        let [a, b] = controllers.each_ref().map(|c| c.serial());
        let lines = [a.2, b.2];
        if let Some((which, Some(fault))) = trouble.line {
            lines[which].inject(fault);
        }
        let transports = [(a.0, a.1), (b.0, b.1)].map(|(r, w)| (H4Reader::new(r), H4Writer::new(w)));
        on(&simulation, &controllers, transports, Some(&lines), scenario, trouble)
    } else {
        let transports = controllers.each_ref().map(Controller::transport);
        on(&simulation, &controllers, transports, None, scenario, trouble)
    };
    let violations = simulation.air().take_violations();
    if !violations.is_empty() {
        outcome.and(Err(format!("HCI was broken: {violations:?}")))
    } else {
        outcome.map(|outcome| Outcome { is_data: is_data(&simulation.air().recording()), ..outcome })
    }
}

/// Whether each packet at each controller, to it and from it, was data.
fn is_data(recording: &[Passed]) -> [[Vec<bool>; 2]; 2] {
    let mut all: [[Vec<bool>; 2]; 2] = Default::default();
    for passed in recording {
        let side = usize::from(passed.direction == Direction::FromController);
        all[passed.controller][side].push(passed.kind == PacketKind::Acl);
    }
    all
}

fn on<R: PacketRead, W: PacketWrite>(
    simulation: &Simulation<'_>,
    controllers: &[Controller; 2],
    transports: [(R, W); 2],
    lines: Option<&[SerialLine; 2]>,
    scenario: &Scenario,
    trouble: &Trouble<'_>,
) -> Result<Outcome, String>
where
    R::Error: Debug,
    W::Error: Debug,
{
    let calls = Calls::new(trouble);
    let mut memory = [Box::new(Memory::new()), Box::new(Memory::new())];
    let [one, two] = &mut memory;
    let config = |who: usize| match scenario.pairs {
        Some(pairs) => Config { pairing: Some(wish(pairs[who])), ..Config::default() },
        None => Config::default(),
    };
    let (central, mut first) = jelling::new(&mut **one, config(0));
    let (peripheral, mut second) = jelling::new(&mut **two, config(1));
    let served = scenario::serve(peripheral).map_err(|error| format!("serve: {error}"))?;
    let (other, device) = (device(&controllers[0]), device(&controllers[1]));
    let Scenario { pairs, transfers, .. } = *scenario;
    let stage = Stage { central, peripheral, device, other, pairs, transfers, served, controllers, calls: &calls };
    let [(r1, w1), (r2, w2)] = transports;
    // Over a line there are so many points that not each is worth P-256: there a task of each host does the arithmetic, on a toy.
    let is_cheap = scenario.pairs.is_some() && lines.is_some();
    let before = [central, peripheral].map(|host| Left::of(host).and_waiting(usize::from(is_cheap)));
    let begin = simulation.now();
    let since = |simulation: &Simulation<'_>| Duration::from_micros(simulation.now() - begin);
    let work = async {
        let result = (scenario.play)(stage).await;
        let took = since(simulation);
        let passed = controllers.each_ref().map(Controller::passed);
        let octets = lines.map_or([[0; 2]; 2], |lines| lines.each_ref().map(SerialLine::passed));
        let hashes = controllers.each_ref().map(Controller::host_hash);
        if took > LIMIT {
            return Err(format!("it took {took:?}"));
        }
        if calls.untold.get() {
            return Err("the end of a link was not told".into());
        }
        if let Some(wrong) = calls.wrong.take() {
            return Err(wrong);
        }
        if calls.longest.get() > CALL_LIMIT {
            return Err(format!("a call took {:?}", calls.longest.get()));
        }
        controllers.iter().for_each(|c| c.set_noise(Noise::default()));
        // Whoever is silent for good gets a new controller; the rest settles by itself.
        for controller in controllers.iter().filter(|c| c.is_silent()) {
            controller.power_cycle();
        }
        if trouble.leak {
            // On purpose: handles that are never dropped.
            if transfers {
                core::mem::forget(central.l2cap_listen(0x90, &ChannelOptions::new(23)));
            } else {
                core::mem::forget(
                    join(central.connect(stage.device), peripheral.advertise(Duration::from_millis(30))).await,
                );
            }
        }
        // Longer than any supervision timeout, disconnect and recovery that may be under way.
        settle([central, peripheral], before).await?;
        let mut outcome = Outcome {
            healing: Healing::AtOnce,
            result,
            passed,
            octets,
            polls: calls.polls.borrow().clone(),
            runs: calls.runs.each_ref().map(Cell::get),
            longest_call: calls.longest.get(),
            took,
            damaged: calls.damaged.get(),
            is_data: Default::default(),
            hashes,
            whole: Duration::ZERO,
        };
        // A command that was changed on its way and still made sense is noticed by what it broke, if at all: by the first
        // connection, or by the application, which switches the radio off and on.
        let mut result = fresh(stage).await;
        settle([central, peripheral], before).await?;
        if result.is_err() {
            outcome.healing = Healing::ByUse;
            result = fresh(stage).await;
            settle([central, peripheral], before).await?;
        }
        if result.is_err() && trouble.undetectable {
            outcome.healing = Healing::ByRestart;
            join(central.stop(), peripheral.stop()).await;
            result = fresh(stage).await;
            settle([central, peripheral], before).await?;
        }
        result.map_err(|error| format!("a fresh connection: {error}"))?;
        Ok(outcome)
    };
    let all = async {
        let limit = |who| trouble.rerun.filter(|(w, _)| *w == who).map(|(_, polls)| polls);
        let one = async {
            counted(first.run(r1, w1), &calls.runs[0], limit(0)).await;
            let (r, w) = controllers[0].transport();
            first.run(r, w).await
        };
        let two = async {
            counted(second.run(r2, w2), &calls.runs[1], limit(1)).await;
            let (r, w) = controllers[1].transport();
            second.run(r, w).await
        };
        let jobs = async {
            if is_cheap {
                join(central.run_jobs(&mut Toy), peripheral.run_jobs(&mut Toy)).await;
            }
            pending::<Infallible>().await
        };
        match select4(apart(work), apart(one), apart(two), apart(jobs)).await {
            Either4::First(outcome) => outcome,
            Either4::Second(_) | Either4::Third(_) => Err("a runner ended".into()),
            Either4::Fourth(never) => match never {},
        }
    };
    let mut outcome = match simulation.try_block_on(all, LIMIT * 4) {
        Ok(outcome) => outcome?,
        Err(stuck) => return Err(stuck.to_string()),
    };
    outcome.whole = since(simulation);
    Ok(outcome)
}

/// Polls a runner, and drops it after so many polls.
async fn counted<F: Future>(future: F, polls: &Cell<usize>, limit: Option<usize>) {
    let mut future = pin!(future);
    poll_fn(|context| {
        if limit == Some(polls.get()) {
            return Poll::Ready(());
        }
        polls.set(polls.get() + 1);
        future.as_mut().poll(context).map(|_| ())
    })
    .await;
}
