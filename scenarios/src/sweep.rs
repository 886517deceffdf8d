//! The sweeps: a scenario is played once as it should be, then once for each point at which something can go wrong.

use crate::{
    scenario::Scenario,
    stage::{Cancel, Healing, Outcome, Trouble, When, play},
};
use core::time::Duration;
use jelling_sim::{Action, Direction, Fault, LineFault, OctetFault};

/// The seed of every sweep.
const SEED: u64 = 3;
/// Seeds of noise.
const SEEDS: u64 = 500;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Points, each of which recovered.
    pub points: usize,
    /// Plays that ended with success in spite of what went wrong.
    pub unharmed: usize,
    /// Plays whose damage only the next connection found.
    pub by_use: usize,
    /// Plays whose damage nothing told of: a command changed into another one. The application's restart healed it.
    pub by_restart: usize,
    /// Plays in which data that was damaged between a host and its controller has come to an application, which noticed.
    pub damaged: usize,
    /// The longest virtual time that a scenario took to end.
    pub longest: Duration,
    /// The longest virtual time that one call took.
    pub longest_call: Duration,
}

impl Swept {
    fn add(&mut self, outcome: &Outcome) {
        self.points += 1;
        self.unharmed += usize::from(outcome.result.is_ok());
        self.by_use += usize::from(outcome.healing == Healing::ByUse);
        self.by_restart += usize::from(outcome.healing == Healing::ByRestart);
        self.damaged += usize::from(outcome.damaged);
        self.longest = self.longest.max(outcome.took);
        self.longest_call = self.longest_call.max(outcome.longest_call);
    }
}

/// A sweep by its name.
pub type Sweep = fn(&Scenario, usize) -> Result<Swept, String>;

/// Every sweep.
pub const ALL: &[(&str, Sweep)] = &[
    ("disconnect", disconnect),
    ("cancel", cancel),
    ("at-once", at_once),
    ("later", later),
    ("rerun", rerun),
    ("silence", silence),
    ("fault", fault),
    ("noise", noise),
    ("byte", byte),
];

/// The scenario as it should be.
fn undisturbed(scenario: &Scenario, line: bool) -> Result<Outcome, String> {
    let trouble = Trouble { line: line.then_some((0, None)), records: true, ..Trouble::default() };
    let outcome = play(scenario, SEED, &trouble).map_err(|error| format!("{} alone: {error}", scenario.name))?;
    outcome.result.map_err(|error| format!("{} alone ended with: {error}", scenario.name))?;
    Ok(outcome)
}

const DIRECTIONS: [Direction; 2] = [Direction::ToController, Direction::FromController];

/// Plays the scenario with `action` at each `stride`th packet of each controller in these directions.
fn at_each_packet(
    scenario: &Scenario,
    stride: usize,
    directions: &[Direction],
    actions: &[Action],
) -> Result<Swept, String> {
    let alone = undisturbed(scenario, false)?;
    let mut swept = Swept::default();
    for (who, passed) in alone.passed.iter().enumerate() {
        for direction in directions {
            let side = usize::from(*direction == Direction::FromController);
            let packets = passed[side];
            for index in (0..packets).step_by(stride) {
                for action in actions {
                    let fault = [Fault { direction: *direction, index, action: *action }];
                    let mut faults: [&[Fault]; 2] = [&[], &[]];
                    faults[who] = &fault;
                    let undetectable =
                        is_undetectable(scenario, *direction) && matches!(action, Action::Corrupt { .. });
                    let is_data = alone.is_data[who][side].get(index as usize).copied().unwrap_or(true);
                    let damages = is_data && changes(action);
                    let trouble = Trouble { faults, undetectable, damages, ..Trouble::default() };
                    let outcome = play(scenario, SEED, &trouble)
                        .map_err(|error| format!("{}, controller {who}, {fault:?}: {error}", scenario.name))?;
                    swept.add(&outcome);
                }
            }
        }
    }
    Ok(swept)
}

/// Whether this makes of a packet another one, or none, or two.
fn changes(action: &Action) -> bool {
    use Action::{Corrupt, Cut, Drop, Duplicate, Extend, Lie};
    matches!(action, Corrupt { .. } | Cut(_) | Drop | Duplicate | Extend(_) | Lie(_))
}

/// Whether octets that are changed this way may be beyond what a host can notice: a command that makes sense all the same, and
/// what a controller says of itself, of which pairings and transfers need more: its address, and how long a packet may be.
fn is_undetectable(scenario: &Scenario, direction: Direction) -> bool {
    direction == Direction::ToController || scenario.pairs.is_some() || scenario.transfers
}

/// All links are lost at each packet.
///
/// # Errors
/// The first point that did not recover.
pub fn disconnect(scenario: &Scenario, stride: usize) -> Result<Swept, String> {
    at_each_packet(scenario, stride, &DIRECTIONS, &[Action::LoseLinks])
}

/// The controller stops answering at each packet of its host: for good, or until it is reset.
///
/// # Errors
/// The first point that did not recover.
pub fn silence(scenario: &Scenario, stride: usize) -> Result<Swept, String> {
    at_each_packet(scenario, stride, &[Direction::ToController], &[Action::Silence, Action::Hang])
}

/// Each packet, either way, is dropped, doubled, delayed, changed, cut or lengthened; the controller restarts or reports an error.
///
/// # Errors
/// The first point that did not recover.
pub fn fault(scenario: &Scenario, stride: usize) -> Result<Swept, String> {
    let actions = [
        Action::Drop,
        Action::Duplicate,
        Action::Delay(Duration::from_millis(700)),
        Action::Corrupt { offset: 3, mask: 0x10 },
        Action::Corrupt { offset: 5, mask: 0x01 },
        Action::Cut(1),
        Action::Extend(2),
        Action::Lie(3),
        Action::Restart,
        Action::HardwareError(1),
    ];
    at_each_packet(scenario, stride, &DIRECTIONS, &actions)
}

/// Each call is dropped after each of its polls, then made again, and the scenario must succeed.
///
/// # Errors
/// The first point that did not recover.
pub fn cancel(scenario: &Scenario, stride: usize) -> Result<Swept, String> {
    cancelled(scenario, stride, &[When::Woken])
}

/// As [`cancel`], but dropped in the same moment.
///
/// # Errors
/// The first point that did not recover.
pub fn at_once(scenario: &Scenario, stride: usize) -> Result<Swept, String> {
    cancelled(scenario, stride, &[When::AtOnce])
}

/// As [`cancel`], but dropped some time later, whatever the future was woken for.
///
/// # Errors
/// The first point that did not recover.
pub fn later(scenario: &Scenario, stride: usize) -> Result<Swept, String> {
    let after = [1, 200, 342, 10_000, 25_000, 49_000, 51_000, 100_000, 1_500_000];
    cancelled(scenario, stride, &after.map(|us| When::After(Duration::from_micros(us))))
}

/// A runner is dropped after each of its polls, and run again.
///
/// # Errors
/// The first point that did not recover.
pub fn rerun(scenario: &Scenario, stride: usize) -> Result<Swept, String> {
    let alone = undisturbed(scenario, false)?;
    let mut swept = Swept::default();
    for who in 0..2 {
        for polls in (0..alone.runs[who]).step_by(stride) {
            let trouble = Trouble { rerun: Some((who, polls)), undetectable: true, ..Trouble::default() };
            let point = format!("{}, runner {who} dropped after {polls} polls", scenario.name);
            let outcome = play(scenario, SEED, &trouble).map_err(|error| format!("{point}: {error}"))?;
            swept.add(&outcome);
        }
    }
    Ok(swept)
}

fn cancelled(scenario: &Scenario, stride: usize, whens: &[When]) -> Result<Swept, String> {
    let alone = undisturbed(scenario, false)?;
    let mut swept = Swept::default();
    for (call, polls) in alone.polls.iter().enumerate() {
        for polls in (0..*polls).step_by(stride) {
            for when in whens {
                let cancel = Cancel { call, polls, when: *when };
                let trouble = Trouble { cancel: Some(cancel), ..Trouble::default() };
                let point = format!("{}, {cancel:?}", scenario.name);
                let outcome = play(scenario, SEED, &trouble).map_err(|error| format!("{point}: {error}"))?;
                outcome.result.map_err(|error| format!("{point}: the call made again did not succeed: {error}"))?;
                swept.add(&outcome);
            }
        }
    }
    Ok(swept)
}

/// Faults of every kind by seed: a point is a seed.
///
/// # Errors
/// The first seed that did not recover.
pub fn noise(scenario: &Scenario, stride: usize) -> Result<Swept, String> {
    let mut swept = Swept::default();
    for seed in (0..SEEDS).step_by(stride) {
        let trouble = Trouble { noise: Some(seed), undetectable: true, damages: true, ..Trouble::default() };
        let outcome =
            play(scenario, SEED, &trouble).map_err(|error| format!("{}, seed {seed}: {error}", scenario.name))?;
        swept.add(&outcome);
    }
    Ok(swept)
}

/// Over H4: each octet, either way, is dropped, has one added before it, or is changed.
///
/// # Errors
/// The first point that did not recover.
pub fn byte(scenario: &Scenario, stride: usize) -> Result<Swept, String> {
    let alone = undisturbed(scenario, true)?;
    // A pairing is long, and begins as everything does.
    let stride = if scenario.pairs.is_some() { stride * 5 } else { stride };
    let mut swept = Swept::default();
    for (who, passed) in alone.octets.iter().enumerate() {
        for direction in DIRECTIONS {
            let octets = passed[usize::from(direction == Direction::FromController)];
            for offset in (0..octets).step_by(stride) {
                for fault in [
                    OctetFault::Drop,
                    OctetFault::Add(0x00),
                    OctetFault::Add(0x02),
                    OctetFault::Add(0x04),
                    OctetFault::Add(0xff),
                    OctetFault::Flip(0x80),
                    OctetFault::Flip(0xff),
                    OctetFault::Flip(0x01),
                    OctetFault::Burst(2_000),
                ] {
                    let fault = LineFault { direction, offset, fault };
                    let undetectable = is_undetectable(scenario, direction);
                    let line = Some((who, Some(fault)));
                    // Octets that are missed may be data, wherever that begins.
                    let trouble = Trouble { line, undetectable, damages: true, ..Trouble::default() };
                    let outcome = play(scenario, SEED, &trouble)
                        .map_err(|error| format!("{}, line {who}, {fault:?}: {error}", scenario.name))?;
                    swept.add(&outcome);
                }
            }
        }
    }
    Ok(swept)
}
