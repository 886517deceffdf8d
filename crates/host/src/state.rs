//! What a host keeps beside its tables: the controller's state, the three GAP activities, and the accounts.

use crate::{
    config::Config,
    counters::Counters,
    error::Fault,
    event::HostNews,
    gap::{Advertising, Initiator, Scanning},
    gatt::Table,
    hci::Controller,
    pool::Accounts,
};

/// Whether the radio is up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Power {
    /// Not started, or stopped.
    #[default]
    Off,
    /// The bring-up is under way.
    Starting,
    /// Ready.
    Up,
    /// `stop` is under way.
    Stopping,
    /// Down for the reason given; the next operation starts it again.
    Failed(Fault),
}

/// What a host keeps beside its tables. All zero at the start.
#[derive(Debug)]
pub struct State {
    pub(crate) config: Option<Config>,
    pub(crate) power: Power,
    /// How often the host was stopped or failed: who waits across that learns of it.
    pub(crate) epoch: u16,
    pub(crate) controller: Controller,
    pub(crate) advertising: Advertising,
    pub(crate) scanning: Scanning,
    pub(crate) initiator: Initiator,
    pub(crate) table: Table,
    pub(crate) accounts: Accounts,
    pub(crate) counters: Counters,
    pub(crate) news: HostNews,
    /// The link whose turn it is.
    pub(crate) turn: u8,
    pub(crate) links_high_water: u8,
    pub(crate) queues_high_water: u8,
    pub(crate) orphan: Option<jelling_wire::hci::ConnectionHandle>,
}

impl State {
    /// A host that is off.
    pub const NEW: State = State {
        config: None,
        power: Power::Off,
        epoch: 0,
        controller: Controller::NEW,
        advertising: Advertising::NEW,
        scanning: Scanning::NEW,
        initiator: Initiator::NEW,
        table: Table::NEW,
        accounts: Accounts { free: 0, touched: 0, used: 0, reserved: 0, high_water: 0 },
        counters: Counters {
            malformed: 0,
            unknown_handle: 0,
            credit_violations: 0,
            timeouts: 0,
            unexpected: 0,
            reports_dropped: 0,
            values_dropped: 0,
        },
        news: HostNews::empty(),
        turn: 0,
        links_high_water: 0,
        queues_high_water: 0,
        orphan: None,
    };

    pub(crate) fn config(&self) -> &Config {
        const DEFAULT: Config = Config::new();
        self.config.as_ref().unwrap_or(&DEFAULT)
    }
}
