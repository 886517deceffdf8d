//! The commands of scanner and initiator: the next one from what is wanted and how far the controller is, and what each answer
//! means (Vol 4, Part E, 7.8.10-13).

use crate::{
    Core,
    error::Error,
    event::HostNews,
    gap::{InitiatorStage, ScanStage, Search},
    time::Instant,
};
use jelling_wire::{
    Writer,
    hci::{
        Opcode, ScanKind, Switch,
        command::{self, Command},
    },
};

/// A command of the scanner or the initiator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CentralCommand {
    ScanParameters,
    ScanOn,
    ScanOff,
    /// Off, and on again as it was.
    #[cfg(feature = "security")]
    ScanPause,
    Connect,
    ConnectCancel,
}

impl Core<'_> {
    /// The next command of scanner or initiator. A scan ends before an attempt begins.
    pub(super) fn next_central(&mut self, w: &mut Writer<'_>) -> Option<CentralCommand> {
        self.next_scan_end(w).or_else(|| self.next_initiator(w)).or_else(|| self.next_scan(w))
    }

    fn next_scan_end(&mut self, w: &mut Writer<'_>) -> Option<CentralCommand> {
        let scanning = &self.state.scanning;
        if scanning.stage != ScanStage::On || (self.state.wants_scan() && !scanning.changed) {
            return None;
        }
        emit_scan_off(w);
        Some(CentralCommand::ScanOff)
    }

    /// Switches off what scans, and cancels what initiates, to be on again soon.
    #[cfg(feature = "security")]
    pub(crate) fn pause_central(&mut self, w: &mut Writer<'_>) -> Option<CentralCommand> {
        if self.state.scanning.stage == ScanStage::On {
            emit_scan_off(w);
            return Some(CentralCommand::ScanPause);
        }
        if self.state.initiator.stage == InitiatorStage::Initiating {
            return Some(self.cancel(w));
        }
        None
    }

    fn cancel(&mut self, w: &mut Writer<'_>) -> CentralCommand {
        self.state.initiator.stage = InitiatorStage::Cancelling;
        command::open(&command::LeCreateConnectionCancel {}, w);
        CentralCommand::ConnectCancel
    }

    fn next_scan(&mut self, w: &mut Writer<'_>) -> Option<CentralCommand> {
        let own_address_kind = self.own_address_kind();
        if !self.state.wants_scan() {
            // It ended between its commands.
            self.state.scanning.stage = ScanStage::Off;
            return None;
        }
        let (interval, window) = self.state.scan_times();
        let scanning = &mut self.state.scanning;
        if scanning.changed {
            scanning.changed = false;
            scanning.stage = ScanStage::Off;
        }
        match scanning.stage {
            ScanStage::Off => {
                let parameters = command::LeSetScanParameters {
                    kind: if scanning.wanted && scanning.active { ScanKind::Active } else { ScanKind::Passive },
                    interval,
                    window,
                    own_address_kind,
                    filter_policy: 0,
                };
                command::open(&parameters, w);
                Some(CentralCommand::ScanParameters)
            }
            ScanStage::Parameters => {
                // The merge needs every report: changed data, and responses beside advertisements.
                let on = command::LeSetScanEnable { enable: Switch::On, filter_duplicates: Switch::Off };
                command::open(&on, w);
                Some(CentralCommand::ScanOn)
            }
            ScanStage::On => None,
        }
    }

    fn next_initiator(&mut self, w: &mut Writer<'_>) -> Option<CentralCommand> {
        let own_address_kind = self.own_address_kind();
        let initiator = &mut self.state.initiator;
        let wanted = initiator.wanted && initiator.search != Search::Listening;
        match (initiator.stage, wanted) {
            (InitiatorStage::Idle, true) => {
                initiator.stage = InitiatorStage::Asked;
                let create = command::LeCreateConnection {
                    scan_interval: 96,
                    scan_window: 48,
                    filter_policy: 0,
                    peer: initiator.peer,
                    own_address_kind,
                    interval_min: initiator.parameters.interval_min,
                    interval_max: initiator.parameters.interval_max,
                    latency: initiator.parameters.latency,
                    supervision_timeout: initiator.parameters.supervision_timeout,
                    ce_length_min: 0,
                    ce_length_max: 0,
                };
                command::open(&create, w);
                Some(CentralCommand::Connect)
            }
            (InitiatorStage::Initiating, false) => Some(self.cancel(w)),
            _ => None,
        }
    }

    pub(super) fn on_central_answer(&mut self, now: Instant, command: CentralCommand, refused: Option<Error>) {
        match command {
            CentralCommand::ScanParameters => self.advance_scan(ScanStage::Parameters, refused),
            CentralCommand::ScanOn => self.advance_scan(ScanStage::On, refused),
            CentralCommand::ScanOff => {
                self.state.scanning.stage = ScanStage::Off;
                self.state.news |= HostNews::SCAN;
            }
            #[cfg(feature = "security")]
            CentralCommand::ScanPause => {
                let again = self.state.wants_scan() && !self.state.scanning.changed;
                self.state.scanning.stage = if again { ScanStage::Parameters } else { ScanStage::Off };
                self.state.news |= HostNews::SCAN;
            }
            CentralCommand::Connect => {
                let initiator = &mut self.state.initiator;
                match refused {
                    Some(error) => {
                        initiator.end(Err(error));
                        self.state.news |= HostNews::INITIATOR;
                    }
                    None if initiator.stage == InitiatorStage::Asked => initiator.stage = InitiatorStage::Initiating,
                    None => {}
                }
            }
            CentralCommand::ConnectCancel => {
                // LE Connection Complete follows; where the cancel was refused, it tells of a connection that was made just
                // before (Vol 4, Part E, 7.8.13).
                let deadline = self.state.command_deadline(now);
                let initiator = &mut self.state.initiator;
                if initiator.stage == InitiatorStage::Cancelling {
                    self.state.sooner.set(&mut initiator.cancel_deadline, deadline);
                }
            }
        }
    }

    /// The cancel that no LE Connection Complete has followed in time.
    pub(super) fn unending_cancel(&self, now: Instant) -> Option<Opcode> {
        self.state.initiator.cancel_deadline.is_due(now).then_some(command::LeCreateConnectionCancel::OPCODE)
    }

    fn advance_scan(&mut self, stage: ScanStage, refused: Option<Error>) {
        let scanning = &mut self.state.scanning;
        match refused {
            Some(error) => {
                scanning.end(Some(error));
                // As with advertising.
                scanning.stage = ScanStage::On;
                if self.state.initiator.search == Search::Listening {
                    self.state.initiator.end(Err(error));
                    self.state.news |= HostNews::INITIATOR;
                }
            }
            None => scanning.stage = stage,
        }
        self.state.news |= HostNews::SCAN;
    }
}

fn emit_scan_off(w: &mut Writer<'_>) {
    let off = command::LeSetScanEnable { enable: Switch::Off, filter_duplicates: Switch::Off };
    command::open(&off, w);
}
