//! The three activities of GAP: advertising, scanning, initiating (Core 6.0, Vol 3, Part C).
//! Each keeps what is wanted apart from how far the controller is; the next command follows from the two.

#[cfg(feature = "peripheral")]
mod advertise;
#[cfg(feature = "central")]
mod connect;
mod parameters;
mod phy;
mod privacy;
mod requests;
#[cfg(feature = "central")]
mod scan;
#[cfg(feature = "central")]
mod search;
mod update;

use crate::{Core, error::Error};

#[cfg(feature = "peripheral")]
pub(crate) use advertise::{Advertising, AdvertisingStage};
#[cfg(feature = "peripheral")]
pub use advertise::{AdvertisingSettings, AdvertisingTicket};
#[cfg(feature = "central")]
pub use connect::{ConnectSettings, ConnectTicket};
#[cfg(feature = "central")]
pub(crate) use connect::{Initiator, InitiatorStage};
pub(crate) use parameters::ParameterRule;
pub use parameters::{ConnectionParameters, ParameterPolicy};
pub(crate) use phy::Lengths;
pub use phy::{DataLength, LinkPhy, Phy, Phys};
#[cfg(feature = "security")]
pub(crate) use privacy::{Privacy, private_micros};
#[cfg(feature = "central")]
pub use scan::{Report, ScanSettings, ScanTicket};
#[cfg(feature = "central")]
pub(crate) use scan::{ScanStage, Scanning};
#[cfg(feature = "central")]
pub(crate) use search::Search;
#[cfg(feature = "peripheral")]
pub(crate) use update::UpdateStage;
pub use update::UpdateTicket;
pub(crate) use update::{Outcome, Update, Updates};

impl Core<'_> {
    /// True while a connection could come of advertising.
    #[cfg(feature = "central")]
    pub(crate) fn advertiser_may_connect(&self) -> bool {
        #[cfg(feature = "peripheral")]
        let may = self.state.advertising.may_connect();
        #[cfg(not(feature = "peripheral"))]
        let may = false;
        may
    }

    /// True while a connection could come of the initiator.
    pub(crate) fn initiator_may_connect(&self) -> bool {
        #[cfg(feature = "central")]
        let may = self.state.initiator.is_active();
        #[cfg(not(feature = "central"))]
        let may = false;
        may
    }

    /// True while anything is wanted, or goes on in the controller.
    pub(crate) fn has_activity(&self) -> bool {
        #[cfg(feature = "peripheral")]
        if self.state.advertising.is_active() || self.state.advertising.link.is_some() {
            return true;
        }
        #[cfg(feature = "central")]
        if self.state.scanning.is_active() {
            return true;
        }
        self.initiator_may_connect()
    }

    /// Ends everything with an error; whoever waits for any of it learns.
    pub(crate) fn end_activities(&mut self, error: Error) {
        #[cfg(feature = "peripheral")]
        self.end_advertiser(error);
        self.end_other_activities(error);
    }

    /// Ends everything but advertising.
    #[cfg_attr(
        not(feature = "central"),
        expect(unused_variables, reason = "only scans and attempts end with an error")
    )]
    pub(crate) fn end_other_activities(&mut self, error: Error) {
        #[cfg(feature = "central")]
        {
            self.end_scanner(error);
            self.end_initiator(error);
        }
        self.state.orphan = None;
    }
}
