//! The advertiser's commands: the next one from what is wanted and how far the controller is, and what each answer means
//! (Vol 4, Part E, 7.8.5-9).

use crate::{Core, error::Error, event::HostNews, gap::AdvertisingStage};
use jelling_wire::{
    Writer,
    hci::{Switch, command},
};

/// A command of the advertiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AdvertiserCommand {
    Parameters,
    Data,
    ScanResponse,
    On,
    Off,
    /// Off, and on again as it was.
    #[cfg(feature = "security")]
    Pause,
}

impl Core<'_> {
    /// The next command of the advertiser.
    pub(super) fn next_advertising(&mut self, w: &mut Writer<'_>) -> Option<AdvertiserCommand> {
        let own_address_kind = self.own_address_kind();
        let advertising = &mut self.state.advertising;
        if advertising.stage == AdvertisingStage::On && (!advertising.wanted || advertising.changed) {
            command::open(&command::LeSetAdvertisingEnable { enable: Switch::Off }, w);
            return Some(AdvertiserCommand::Off);
        }
        if !advertising.wanted {
            advertising.stage = AdvertisingStage::Off;
            return None;
        }
        if advertising.changed {
            advertising.changed = false;
            advertising.stage = AdvertisingStage::Off;
        }
        match advertising.stage {
            AdvertisingStage::Off => {
                let parameters = command::LeSetAdvertisingParameters {
                    interval_min: advertising.interval,
                    interval_max: advertising.interval,
                    kind: advertising.kind,
                    own_address_kind,
                    peer: advertising.peer,
                    channel_map: 0b111,
                    filter_policy: 0,
                };
                command::open(&parameters, w);
                Some(AdvertiserCommand::Parameters)
            }
            AdvertisingStage::Parameters => {
                command::open(&command::LeSetAdvertisingData { data: advertising.adv() }, w);
                Some(AdvertiserCommand::Data)
            }
            AdvertisingStage::Data => {
                command::open(&command::LeSetScanResponseData { data: advertising.resp() }, w);
                Some(AdvertiserCommand::ScanResponse)
            }
            AdvertisingStage::Response => {
                command::open(&command::LeSetAdvertisingEnable { enable: Switch::On }, w);
                Some(AdvertiserCommand::On)
            }
            AdvertisingStage::On => None,
        }
    }

    pub(super) fn on_advertiser_answer(&mut self, command: AdvertiserCommand, refused: Option<Error>) {
        match command {
            AdvertiserCommand::Parameters => self.advance_advertising(AdvertisingStage::Parameters, refused),
            AdvertiserCommand::Data => self.advance_advertising(AdvertisingStage::Data, refused),
            AdvertiserCommand::ScanResponse => self.advance_advertising(AdvertisingStage::Response, refused),
            AdvertiserCommand::On => self.advance_advertising(AdvertisingStage::On, refused),
            AdvertiserCommand::Off => {
                // A refusal means that a connection has just ended it.
                self.state.advertising.stage = AdvertisingStage::Off;
                self.state.news |= HostNews::ADVERTISING;
            }
            #[cfg(feature = "security")]
            AdvertiserCommand::Pause => {
                // A connection may have ended it.
                let advertising = &mut self.state.advertising;
                if advertising.stage == AdvertisingStage::On {
                    let again = advertising.wanted && !advertising.changed;
                    advertising.stage = if again { AdvertisingStage::Response } else { AdvertisingStage::Off };
                }
                self.state.news |= HostNews::ADVERTISING;
            }
        }
    }

    /// Switches off what advertises, to be on again soon.
    #[cfg(feature = "security")]
    pub(crate) fn pause_advertising(&self, w: &mut Writer<'_>) -> Option<AdvertiserCommand> {
        if self.state.advertising.stage != AdvertisingStage::On {
            return None;
        }
        command::open(&command::LeSetAdvertisingEnable { enable: Switch::Off }, w);
        Some(AdvertiserCommand::Pause)
    }

    fn advance_advertising(&mut self, stage: AdvertisingStage, refused: Option<Error>) {
        let advertising = &mut self.state.advertising;
        match refused {
            Some(error) => {
                advertising.end(Some(error));
                // Whatever the controller makes of it, it is to be off: it may have understood something else.
                if matches!(stage, AdvertisingStage::Parameters | AdvertisingStage::On) {
                    advertising.stage = AdvertisingStage::On;
                }
            }
            // A connection may have come before the answer to Enable.
            None if stage == AdvertisingStage::On && advertising.link.is_some() => {}
            None => advertising.stage = stage,
        }
        self.state.news |= HostNews::ADVERTISING;
    }
}
