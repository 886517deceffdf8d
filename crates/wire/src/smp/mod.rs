//! The Security Manager Protocol: every PDU (Vol 3, Part H, 3).
//!
//! Reserved values are kept, for a host must tell them from a wrong length: see [`Features::are_in_range`]. Keys are
//! [`Secret`]s; what crosses the air in the clear anyhow (confirm and random values, public keys, checks) is not.

mod codes;

pub use codes::{Code, IoCapability, Keypress, Keys, OobData, Reason, Requirements};

use crate::{
    Address, Malformed, Reader, Secret, Writer,
    hci::field::{Field, hex, show},
    show::record_fields,
};
use core::{fmt, ops::RangeInclusive};

/// Octets of an encryption key (2.3.4).
pub const KEY_SIZES: RangeInclusive<u8> = 7..=16;

/// What Pairing Request and Pairing Response tell (3.5.1, 3.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// What the device can show and take in.
    pub io_capability: IoCapability,
    /// Whether it has authentication data of the peer.
    pub oob_data: OobData,
    /// What it requires.
    pub requirements: Requirements,
    /// Octets of the longest key it can use: 7 to 16.
    pub max_key_size: u8,
    /// What the initiator hands over.
    pub initiator_keys: Keys,
    /// What the responder hands over.
    pub responder_keys: Keys,
}

impl Features {
    /// False when a value is reserved. Such a PDU is answered by Pairing Failed, [`Reason::INVALID_PARAMETERS`] (3.5.5).
    pub fn are_in_range(&self) -> bool {
        self.io_capability.name().is_some() && self.oob_data.name().is_some() && KEY_SIZES.contains(&self.max_key_size)
    }
}

macro_rules! pdus {
    ($($(#[$doc:meta])* $name:ident = $code:ident { $($field:ident: $type:ty),+ })+) => {
        /// An SMP PDU, taken apart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "fields are named as in the section of the specification that each variant cites")]
        pub enum Pdu<'a> {
            $($(#[$doc])* $name { $($field: $type),+ },)+
            /// A PDU of a code the specification does not know; it is ignored (3.3).
            Unknown { code: Code, parameters: &'a [u8] },
        }

        impl<'a> Pdu<'a> {
            fn take(code: Code, r: &mut Reader<'a>) -> Result<Self, Malformed> {
                Ok(match code {
                    $(Code::$code => Pdu::$name { $($field: <$type>::take(r)?),+ },)+
                    code => Pdu::Unknown { code, parameters: r.rest() },
                })
            }

            /// The PDU's code.
            pub const fn code(&self) -> Code {
                match self {
                    $(Pdu::$name { .. } => Code::$code,)+
                    Pdu::Unknown { code, .. } => *code,
                }
            }

            /// Writes the PDU.
            pub fn emit(&self, w: &mut Writer<'_>) {
                w.u8(self.code().0);
                match self {
                    $(Pdu::$name { $($field),+ } => { $($field.emit(w);)+ })+
                    Pdu::Unknown { parameters, .. } => w.bytes(parameters),
                }
            }

            fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Pdu::$name { $($field),+ } => { $(show(f, stringify!($field), $field)?;)+ })+
                    Pdu::Unknown { parameters, .. } => {
                        f.write_str(" ")?;
                        hex(f, parameters)?;
                    }
                }
                Ok(())
            }
        }
    };
}

pdus! {
    /// 3.5.1.
    PairingRequest = PAIRING_REQUEST { features: Features }
    /// 3.5.2.
    PairingResponse = PAIRING_RESPONSE { features: Features }
    /// 3.5.3.
    PairingConfirm = PAIRING_CONFIRM { value: [u8; 16] }
    /// 3.5.4.
    PairingRandom = PAIRING_RANDOM { value: [u8; 16] }
    /// 3.5.5.
    PairingFailed = PAIRING_FAILED { reason: Reason }
    /// 3.6.2.
    EncryptionInformation = ENCRYPTION_INFORMATION { long_term_key: Secret<16> }
    /// 3.6.3.
    CentralIdentification = CENTRAL_IDENTIFICATION { diversifier: u16, random: [u8; 8] }
    /// 3.6.4.
    IdentityInformation = IDENTITY_INFORMATION { identity_resolving_key: Secret<16> }
    /// 3.6.5: public, or static random.
    IdentityAddressInformation = IDENTITY_ADDRESS_INFORMATION { address: Address }
    /// 3.6.6.
    SigningInformation = SIGNING_INFORMATION { signature_key: Secret<16> }
    /// 3.6.7.
    SecurityRequest = SECURITY_REQUEST { requirements: Requirements }
    /// 3.5.6: the coordinates of a point of P-256, least significant octet first.
    PairingPublicKey = PAIRING_PUBLIC_KEY { x: [u8; 32], y: [u8; 32] }
    /// 3.5.7.
    PairingDhKeyCheck = PAIRING_DHKEY_CHECK { check: [u8; 16] }
    /// 3.5.8.
    PairingKeypressNotification = PAIRING_KEYPRESS_NOTIFICATION { keypress: Keypress }
}

impl<'a> Pdu<'a> {
    /// Takes a PDU apart. [`Malformed`] is a wrong length, or an address that is neither public nor random: both are
    /// answered by Pairing Failed, [`Reason::INVALID_PARAMETERS`] (3.5.5).
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(octets);
        let code = Code(r.u8()?);
        let pdu = Self::take(code, &mut r)?;
        r.finish()?;
        // 3.6.5: 0 or 1. The types 2 and 3 that HCI knows for resolved identities do not occur here.
        match (code, octets.get(1)) {
            (Code::IDENTITY_ADDRESS_INFORMATION, Some(2..)) => Err(Malformed),
            _ => Ok(pdu),
        }
    }
}

impl fmt::Display for Pdu<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = match self {
            Pdu::Unknown { parameters, .. } => parameters.len(),
            _ => {
                let mut buffer = [0; 65];
                let mut w = Writer::new(&mut buffer);
                self.emit(&mut w);
                w.len().saturating_sub(1)
            }
        };
        write!(f, "SMP: {} len {length}", self.code())?;
        match self {
            Pdu::PairingRequest { features } | Pdu::PairingResponse { features } => features.show(f),
            _ => self.show(f),
        }
    }
}

record_fields! {
    Features {
        io_capability: IoCapability,
        oob_data: OobData,
        requirements: Requirements,
        max_key_size: u8,
        initiator_keys: Keys,
        responder_keys: Keys,
    }
}
