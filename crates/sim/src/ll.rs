//! Link layer control PDUs (Vol 6, Part B, 2.4.2), as octets that encryption can work on.

use jelling_wire::{Malformed, Reader, Writer, hci::Status};

/// What goes over a link beside data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    ConnectionUpdate { interval: u16, latency: u16, timeout: u16, instant: u16 },
    ChannelMap { map: [u8; 5], instant: u16 },
    Terminate { reason: Status },
    EncryptionRequest { random: [u8; 8], diversifier: u16, skd: [u8; 8], iv: [u8; 4] },
    EncryptionResponse { skd: [u8; 8], iv: [u8; 4] },
    StartEncryptionRequest,
    StartEncryptionResponse,
    Unknown { opcode: u8 },
    FeatureRequest { features: u64 },
    FeatureResponse { features: u64 },
    PauseEncryptionRequest,
    PauseEncryptionResponse,
    Version { version: u8, manufacturer: u16, subversion: u16 },
    PeripheralFeatureRequest { features: u64 },
    ParameterRequest { interval_min: u16, interval_max: u16, latency: u16, timeout: u16 },
    RejectExtended { opcode: u8, reason: Status },
    LengthRequest(Lengths),
    LengthResponse(Lengths),
    PhyRequest { tx: u8, rx: u8 },
    PhyResponse { tx: u8, rx: u8 },
    PhyUpdate { to_peripheral: u8, to_central: u8, instant: u16 },
}

/// The largest PDUs one side receives and sends: octets and microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lengths {
    pub(crate) rx_octets: u16,
    pub(crate) rx_time: u16,
    pub(crate) tx_octets: u16,
    pub(crate) tx_time: u16,
}

impl Lengths {
    /// What every controller can do (Vol 6, Part B, 4.5.10).
    pub(crate) const LEAST: Lengths = Lengths { rx_octets: 27, rx_time: 328, tx_octets: 27, tx_time: 328 };

    /// What is in force on these PHYs (Vol 6, Part B, 4.5.10): the Coded PHY has room for 27 octets at least.
    pub(crate) fn on(mut self, tx_phy: u8, rx_phy: u8) -> Self {
        const LEAST_CODED: u16 = 2_704;
        for (time, phy) in [(&mut self.tx_time, tx_phy), (&mut self.rx_time, rx_phy)] {
            if phy == 3 {
                *time = LEAST_CODED.max(*time);
            }
        }
        self
    }

    /// Octets of data that fit into a PDU sent with this PHY (Vol 6, Part B, 2.1 and 2.2), with a MIC or without.
    pub(crate) fn most(&self, phy: u8) -> usize {
        let in_time = match phy {
            2 => (self.tx_time / 4).saturating_sub(15),
            3 => self.tx_time.saturating_sub(976) / 64,
            _ => (self.tx_time / 8).saturating_sub(14),
        };
        usize::from(self.tx_octets.min(in_time))
    }

    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Lengths { rx_octets: r.u16()?, rx_time: r.u16()?, tx_octets: r.u16()?, tx_time: r.u16()? })
    }

    fn emit(self, w: &mut Writer<'_>) {
        for value in [self.rx_octets, self.rx_time, self.tx_octets, self.tx_time] {
            w.u16(value);
        }
    }
}

impl Control {
    pub(crate) const ENCRYPTION_REQUEST: u8 = 0x03;
    pub(crate) const PARAMETER_REQUEST: u8 = 0x0f;
    pub(crate) const PHY_REQUEST: u8 = 0x16;

    /// The same change at another instant.
    pub(crate) fn at_instant(self, instant: u16) -> Self {
        match self {
            Control::ConnectionUpdate { interval, latency, timeout, .. } => {
                Control::ConnectionUpdate { interval, latency, timeout, instant }
            }
            Control::ChannelMap { map, .. } => Control::ChannelMap { map, instant },
            Control::PhyUpdate { to_peripheral, to_central, .. } => {
                Control::PhyUpdate { to_peripheral, to_central, instant }
            }
            other => other,
        }
    }

    /// Whether it may be sent while encryption starts or pauses (Vol 6, Part B, 5.1.3.1 and 5.1.3.2).
    pub(crate) fn goes_while_paused(&self) -> bool {
        matches!(
            self,
            Control::Terminate { .. }
                | Control::EncryptionRequest { .. }
                | Control::EncryptionResponse { .. }
                | Control::StartEncryptionRequest
                | Control::StartEncryptionResponse
                | Control::PauseEncryptionRequest
                | Control::PauseEncryptionResponse
                | Control::RejectExtended { opcode: Control::ENCRYPTION_REQUEST, .. }
        )
    }

    pub(crate) fn parse(octets: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(octets);
        Ok(match r.u8()? {
            0x00 => Control::ConnectionUpdate {
                interval: r.u16()?,
                latency: r.u16()?,
                timeout: r.u16()?,
                instant: r.u16()?,
            },
            0x01 => Control::ChannelMap { map: r.array()?, instant: r.u16()? },
            0x02 => Control::Terminate { reason: Status(r.u8()?) },
            0x03 => Control::EncryptionRequest {
                random: r.array()?,
                diversifier: r.u16()?,
                skd: r.array()?,
                iv: r.array()?,
            },
            0x04 => Control::EncryptionResponse { skd: r.array()?, iv: r.array()? },
            0x05 => Control::StartEncryptionRequest,
            0x06 => Control::StartEncryptionResponse,
            0x07 => Control::Unknown { opcode: r.u8()? },
            0x08 => Control::FeatureRequest { features: r.u64()? },
            0x09 => Control::FeatureResponse { features: r.u64()? },
            0x0a => Control::PauseEncryptionRequest,
            0x0b => Control::PauseEncryptionResponse,
            0x0c => Control::Version { version: r.u8()?, manufacturer: r.u16()?, subversion: r.u16()? },
            0x0e => Control::PeripheralFeatureRequest { features: r.u64()? },
            0x0f => Control::ParameterRequest {
                interval_min: r.u16()?,
                interval_max: r.u16()?,
                latency: r.u16()?,
                timeout: r.u16()?,
            },
            0x11 => Control::RejectExtended { opcode: r.u8()?, reason: Status(r.u8()?) },
            0x14 => Control::LengthRequest(Lengths::take(&mut r)?),
            0x15 => Control::LengthResponse(Lengths::take(&mut r)?),
            0x16 => Control::PhyRequest { tx: r.u8()?, rx: r.u8()? },
            0x17 => Control::PhyResponse { tx: r.u8()?, rx: r.u8()? },
            0x18 => Control::PhyUpdate { to_peripheral: r.u8()?, to_central: r.u8()?, instant: r.u16()? },
            _ => return Err(Malformed),
        })
    }

    pub(crate) fn octets(&self) -> Vec<u8> {
        let mut buffer = [0; 27];
        let mut w = Writer::new(&mut buffer);
        match self {
            Control::ConnectionUpdate { interval, latency, timeout, instant } => {
                w.u8(0x00);
                [interval, latency, timeout, instant].into_iter().for_each(|v| w.u16(*v));
            }
            Control::ChannelMap { map, instant } => {
                w.u8(0x01);
                w.bytes(map);
                w.u16(*instant);
            }
            Control::Terminate { reason } => w.bytes(&[0x02, reason.0]),
            Control::EncryptionRequest { random, diversifier, skd, iv } => {
                w.u8(0x03);
                w.bytes(random);
                w.u16(*diversifier);
                w.bytes(skd);
                w.bytes(iv);
            }
            Control::EncryptionResponse { skd, iv } => {
                w.u8(0x04);
                w.bytes(skd);
                w.bytes(iv);
            }
            Control::StartEncryptionRequest => w.u8(0x05),
            Control::StartEncryptionResponse => w.u8(0x06),
            Control::Unknown { opcode } => w.bytes(&[0x07, *opcode]),
            Control::FeatureRequest { features } => {
                w.u8(0x08);
                w.u64(*features);
            }
            Control::FeatureResponse { features } => {
                w.u8(0x09);
                w.u64(*features);
            }
            Control::PauseEncryptionRequest => w.u8(0x0a),
            Control::PauseEncryptionResponse => w.u8(0x0b),
            Control::Version { version, manufacturer, subversion } => {
                w.bytes(&[0x0c, *version]);
                w.u16(*manufacturer);
                w.u16(*subversion);
            }
            Control::PeripheralFeatureRequest { features } => {
                w.u8(0x0e);
                w.u64(*features);
            }
            Control::ParameterRequest { interval_min, interval_max, latency, timeout } => {
                w.u8(0x0f);
                [interval_min, interval_max, latency, timeout].into_iter().for_each(|v| w.u16(*v));
            }
            Control::RejectExtended { opcode, reason } => w.bytes(&[0x11, *opcode, reason.0]),
            Control::LengthRequest(lengths) => {
                w.u8(0x14);
                lengths.emit(&mut w);
            }
            Control::LengthResponse(lengths) => {
                w.u8(0x15);
                lengths.emit(&mut w);
            }
            Control::PhyRequest { tx, rx } => w.bytes(&[0x16, *tx, *rx]),
            Control::PhyResponse { tx, rx } => w.bytes(&[0x17, *tx, *rx]),
            Control::PhyUpdate { to_peripheral, to_central, instant } => {
                w.bytes(&[0x18, *to_peripheral, *to_central]);
                w.u16(*instant);
            }
        }
        w.written().to_vec()
    }
}
