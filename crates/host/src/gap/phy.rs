//! PHYs and data length of a link (Vol 4, Part E, 7.8.33, 7.8.49, 7.7.65.7 and 7.7.65.12).

use super::update::{Outcome, UpdateStage, UpdateTicket, Wish};
use crate::{
    Core,
    error::{Argument, Error},
    event::{Happened, LinkNews},
    link::{Link, LinkId},
};
use bitflags::bitflags;
use jelling_wire::{
    Writer,
    hci::{
        Status,
        command::{self, LeSetDataLength, LeSetPhy},
    },
};

bitflags! {
    /// A set of PHYs.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Phys: u8 {
        /// 1 Mb/s: every controller has it.
        const LE_1M = 1;
        /// 2 Mb/s.
        const LE_2M = 2;
        /// Coded: further, at 125 or 500 kb/s.
        const LE_CODED = 4;
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Phys {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Phys({=u8:#x})", self.bits());
    }
}

/// A PHY.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Phy {
    /// 1 Mb/s.
    #[default]
    Le1M,
    /// 2 Mb/s.
    Le2M,
    /// Coded.
    LeCoded,
}

impl Phy {
    fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Phy::Le1M),
            2 => Some(Phy::Le2M),
            3 => Some(Phy::LeCoded),
            _ => None,
        }
    }
}

/// The PHYs of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LinkPhy {
    /// What we send with.
    pub tx: Phy,
    /// What the peer sends with.
    pub rx: Phy,
}

/// How long the packets of a link are on air (Vol 6, Part B, 4.5.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DataLength {
    /// Octets of data that we send in a packet at most: 27 to 251.
    pub tx_octets: u16,
    /// Octets of data that the peer sends in a packet at most: 27 to 251.
    pub rx_octets: u16,
}

/// Octets in each direction beyond the 27 that there always are, all zero at first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lengths {
    tx: u8,
    rx: u8,
}

const LEAST: u16 = 27;
const MOST: u16 = 251;

impl Lengths {
    pub(crate) const NEW: Lengths = Lengths { tx: 0, rx: 0 };

    fn of(tx: u16, rx: u16) -> Self {
        let beyond = |octets: u16| u8::try_from(octets.clamp(LEAST, MOST).saturating_sub(LEAST)).unwrap_or(0);
        Lengths { tx: beyond(tx), rx: beyond(rx) }
    }

    pub(crate) fn get(self) -> DataLength {
        let octets = |beyond: u8| u16::from(beyond).saturating_add(LEAST);
        DataLength { tx_octets: octets(self.tx), rx_octets: octets(self.rx) }
    }
}

/// The bits of Data Packet Length Extension, 2M and Coded PHY (Vol 6, Part B, 4.6).
const DATA_LENGTH_EXTENSION: u64 = 1 << 5;
const LE_2M_PHY: u64 = 1 << 8;
const LE_CODED_PHY: u64 = 1 << 11;

impl Core<'_> {
    /// Begins to change the PHYs of a link: to the one of each set that the controllers of both sides like best; an empty set: any.
    /// `NotSupported` where the controller has none of a set, or no other PHY than 1M. `Busy` while another update is under way.
    pub fn set_phy(&mut self, id: LinkId, tx: Phys, rx: Phys) -> Result<UpdateTicket, Error> {
        let controller = &self.state.controller;
        let mut has = Phys::LE_1M;
        has.set(Phys::LE_2M, controller.le_features & LE_2M_PHY != 0);
        has.set(Phys::LE_CODED, controller.le_features & LE_CODED_PHY != 0);
        let none = |wanted: Phys| !wanted.is_empty() && !wanted.intersects(has);
        if !controller.supports(35, 6) || none(tx) || none(rx) {
            return Err(Error::NotSupported);
        }
        self.begin_update(id, UpdateStage::Wanted, Wish::Phys { tx: tx & has, rx: rx & has })
    }

    /// Begins to make a link's packets as long as this: 27 to 251 octets. What comes of it also depends on the peer. `NotSupported`
    /// where the controller has packets of 27 octets only. `Busy` while another update is under way.
    pub fn set_data_length(&mut self, id: LinkId, octets: u16) -> Result<UpdateTicket, Error> {
        if !(LEAST..=MOST).contains(&octets) {
            return Err(Error::InvalidArgument(Argument::DataLength));
        }
        let controller = &self.state.controller;
        if controller.le_features & DATA_LENGTH_EXTENSION == 0 || !controller.supports(33, 6) {
            return Err(Error::NotSupported);
        }
        self.begin_update(id, UpdateStage::Wanted, Wish::DataLength(octets))
    }

    /// The PHYs are these, of now on or as before.
    pub(crate) fn on_phys(&mut self, index: usize, status: Status, tx: u8, rx: u8) {
        let Some(link) = self.links.get_mut(index) else { return };
        let phy = match (Phy::of(tx), Phy::of(rx)) {
            (Some(tx), Some(rx)) if status.is_success() => LinkPhy { tx, rx },
            _ => link.phy,
        };
        if phy != link.phy {
            link.phy = phy;
            link.happened.insert(Happened::PHY);
        }
        self.on_updated(index, Outcome::Phys(status));
        self.tell_link(index, LinkNews::LINK);
    }

    /// Packets are so long from now on.
    pub(crate) fn on_data_length(&mut self, index: usize, tx: u16, rx: u16) {
        let Some(link) = self.links.get_mut(index) else { return };
        let lengths = Lengths::of(tx, rx);
        // What controllers do by themselves at the beginning of a connection is no news.
        let is_news = link.lengths != Lengths::NEW || matches!(link.update.wish, Wish::DataLength(_));
        if lengths != link.lengths && is_news {
            link.happened.insert(Happened::DATA_LENGTH);
        }
        link.lengths = lengths;
        self.on_updated(index, Outcome::DataLength);
        self.tell_link(index, LinkNews::LINK);
    }
}

impl Link {
    /// LE Set PHY.
    pub(crate) fn emit_set_phy(&self, tx: Phys, rx: Phys, w: &mut Writer<'_>) {
        let all_phys = u8::from(tx.is_empty()) | u8::from(rx.is_empty()) << 1;
        let (tx_phys, rx_phys) = (tx.bits(), rx.bits());
        command::open(&LeSetPhy { handle: self.handle, all_phys, tx_phys, rx_phys, options: 0 }, w);
    }

    /// LE Set Data Length, with the time that so many octets take (Vol 6, Part B, 2.1 and 2.2).
    pub(crate) fn emit_set_data_length(&self, tx_octets: u16, w: &mut Writer<'_>) {
        let tx_time = match self.phy.tx {
            Phy::LeCoded => tx_octets.saturating_mul(64).saturating_add(976),
            _ => tx_octets.saturating_add(14).saturating_mul(8),
        };
        command::open(&LeSetDataLength { handle: self.handle, tx_octets, tx_time }, w);
    }
}
