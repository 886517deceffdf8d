//! Connection parameters as an application writes them, and what becomes of those that a peer asks for (Vol 3, Part C, 9.3.9).

use crate::{
    Core,
    error::Error,
    kept::Kept,
    link::{LinkId, Parameters, interval, timeout},
    time::short_micros,
};
use core::time::Duration;

/// Connection parameters as an application writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ConnectionParameters {
    /// The shortest connection interval: 7.5 ms to 4 s, in steps of 1.25 ms.
    pub interval_min: Duration,
    /// The longest connection interval: 7.5 ms to 4 s, in steps of 1.25 ms.
    pub interval_max: Duration,
    /// Connection events that the peripheral may skip: 0 to 499.
    pub latency: u16,
    /// How long the link survives silence: 100 ms to 32 s, in steps of 10 ms; more than twice what the peripheral may be silent
    /// at the longest interval.
    pub supervision_timeout: Duration,
}

/// Units of connection intervals and of supervision timeouts, in microseconds.
const INTERVAL: u32 = 1_250;
const TIMEOUT: u32 = 10_000;

impl ConnectionParameters {
    /// An interval between these two, no latency, and a supervision timeout of 5 s.
    pub const fn new(interval_min: Duration, interval_max: Duration) -> Self {
        ConnectionParameters { interval_min, interval_max, latency: 0, supervision_timeout: Duration::from_secs(5) }
    }

    /// In units of HCI; none where a controller may not be asked for them.
    pub(crate) fn units(&self) -> Option<Parameters> {
        let units = |d: Duration, unit: u32| u16::try_from(short_micros(d).checked_div(unit)?).ok();
        let parameters = Parameters {
            interval_min: units(self.interval_min, INTERVAL)?,
            interval_max: units(self.interval_max, INTERVAL)?,
            latency: self.latency,
            supervision_timeout: units(self.supervision_timeout, TIMEOUT)?,
        };
        parameters.are_valid().then_some(parameters)
    }

    /// In units of HCI: each the nearest that there is.
    pub(crate) const fn nearest(&self) -> Parameters {
        Parameters {
            interval_min: nearest(self.interval_min, INTERVAL, 6),
            interval_max: nearest(self.interval_max, INTERVAL, 6),
            latency: if self.latency > 499 { 499 } else { self.latency },
            supervision_timeout: nearest(self.supervision_timeout, TIMEOUT, 10),
        }
    }
}

impl Parameters {
    pub(crate) fn to_times(self) -> ConnectionParameters {
        ConnectionParameters {
            interval_min: interval(self.interval_min),
            interval_max: interval(self.interval_max),
            latency: self.latency,
            supervision_timeout: timeout(self.supervision_timeout),
        }
    }
}

/// A duration in units of so many microseconds: `least` at least, and 3,200 at most.
#[cfg_attr(target_pointer_width = "32", inline(never))]
const fn nearest(duration: Duration, unit: u32, least: u16) -> u16 {
    match short_micros(duration).checked_div(unit) {
        Some(count) if count < least as u32 => least,
        Some(count) if count <= 3_200 => count as u16,
        _ => 3_200,
    }
}

/// What becomes of the connection parameters that a peer asks for, by the link layer (LE Remote Connection Parameter Request) or
/// as a peripheral by L2CAP (Connection Parameter Update Request). What no controller may be asked for is refused in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ParameterPolicy {
    /// They are taken.
    #[default]
    Accept,
    /// They are refused.
    Reject,
    /// They are taken as far as these reach: an interval that both name, the latency and the supervision timeout at most these;
    /// else they are refused. What of these is out of range counts as the nearest that is not.
    Within(ConnectionParameters),
    /// The application is asked by `ConnectionEvent::ParametersRequested`, and answers with `answer_parameters`. After 29 s they are
    /// refused.
    Ask,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Accept,
    Reject,
    Within,
    Ask,
}

/// [`ParameterPolicy`], all zero where everything is taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ParameterRule {
    pub(super) rule: Rule,
    range: Parameters,
}

impl ParameterRule {
    pub(crate) const NEW: ParameterRule = ParameterRule { rule: Rule::Accept, range: Parameters::ZERO };

    pub(crate) const fn of(policy: &ParameterPolicy) -> Self {
        let (rule, range) = match policy {
            ParameterPolicy::Accept => (Rule::Accept, Parameters::ZERO),
            ParameterPolicy::Reject => (Rule::Reject, Parameters::ZERO),
            ParameterPolicy::Within(range) => (Rule::Within, range.nearest()),
            ParameterPolicy::Ask => (Rule::Ask, Parameters::ZERO),
        };
        ParameterRule { rule, range }
    }

    pub(crate) fn policy(&self) -> ParameterPolicy {
        match self.rule {
            Rule::Accept => ParameterPolicy::Accept,
            Rule::Reject => ParameterPolicy::Reject,
            Rule::Within => ParameterPolicy::Within(self.range.to_times()),
            Rule::Ask => ParameterPolicy::Ask,
        }
    }

    /// What is taken of what a peer asks for.
    pub(super) fn taken(&self, asked: Parameters) -> Option<Parameters> {
        let range = &self.range;
        match self.rule {
            Rule::Accept => Some(asked),
            Rule::Reject | Rule::Ask => None,
            Rule::Within => {
                let taken = Parameters {
                    interval_min: asked.interval_min.max(range.interval_min),
                    interval_max: asked.interval_max.min(range.interval_max),
                    ..asked
                };
                let fits = taken.interval_min <= taken.interval_max
                    && asked.latency <= range.latency
                    && asked.supervision_timeout <= range.supervision_timeout;
                fits.then_some(taken)
            }
        }
    }
}

impl Core<'_> {
    /// What becomes of the parameters that this peer asks for, in place of `Config::parameter_requests`, as long as the link lasts;
    /// `None`: as that says.
    pub fn on_parameter_request(&mut self, id: LinkId, policy: Option<ParameterPolicy>) -> Result<(), Error> {
        let rule = policy.map(|policy| ParameterRule::of(&policy));
        self.link_mut(id)?.parameter_rule = Kept::of(rule, ParameterRule::NEW);
        Ok(())
    }
}
