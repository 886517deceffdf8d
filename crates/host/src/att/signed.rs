//! Signed writes: a value that its sender vouches for on a link that is not encrypted (Vol 3, Part H, 2.4.5; Part C, 10.4).

use crate::{
    Core,
    bond::{Bond, SigningKey},
    crypto::{AesCmac, toolbox::wipe},
    kept::Kept,
};
#[cfg(feature = "server")]
use crate::{counters::count, gatt::Attribute, link::Link};
#[cfg(feature = "client")]
use crate::{error::Error, link::LinkId};
#[cfg(feature = "server")]
use jelling_wire::att::{ErrorCode, Request};
use jelling_wire::{Secret, att::Opcode};
#[cfg(feature = "client")]
use jelling_wire::{att::Pdu, l2cap::ChannelId};

/// Octets of a signature: the counter and half of the code.
const SIGNATURE: usize = 12;

impl SigningKey {
    const ZERO: SigningKey = SigningKey { key: Secret([0; 16]), counter: 0 };

    /// The key with its next counter; none when the counters are used up, as no key signs twice with one.
    fn after(self, counter: u32) -> Option<Self> {
        counter.checked_add(1).map(|counter| SigningKey { counter, ..self })
    }
}

/// What a link knows of keys that sign.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signing {
    #[cfg(feature = "client")]
    pub(crate) own: Kept<SigningKey>,
    #[cfg(feature = "server")]
    pub(crate) peer: Kept<SigningKey>,
    /// The command that is carried out just now has a signature of the peer's, or came over an encrypted link.
    #[cfg(feature = "server")]
    vouched: bool,
}

impl Signing {
    pub(crate) const NEW: Signing = Signing {
        #[cfg(feature = "client")]
        own: Kept::none(SigningKey::ZERO),
        #[cfg(feature = "server")]
        peer: Kept::none(SigningKey::ZERO),
        #[cfg(feature = "server")]
        vouched: false,
    };

    /// A link's peer has this bond.
    pub(crate) fn restore(&mut self, bond: &Bond) {
        #[cfg(feature = "client")]
        self.own.set(bond.own_signing);
        #[cfg(feature = "server")]
        self.peer.set(bond.peer_signing);
    }

    /// Its peer has none any more.
    pub(crate) fn forget(&mut self) {
        #[cfg(feature = "client")]
        (self.own = Self::NEW.own);
        #[cfg(feature = "server")]
        (self.peer = Self::NEW.peer);
    }

    /// Counters went on.
    pub(crate) fn keep(&self, bond: &mut Bond) {
        #[cfg(feature = "client")]
        (bond.own_signing = self.own.get());
        #[cfg(feature = "server")]
        (bond.peer_signing = self.peer.get());
    }
}

/// The signature of a Signed Write Command, as it goes behind the value.
fn signature(key: &Secret<16>, handle: u16, value: &[u8], counter: u32) -> [u8; SIGNATURE] {
    let mut key = key.0;
    key.reverse();
    // The message is the PDU and the counter as a number, so its octets go in the other way round (Vol 3, Part H, 2.4.5).
    let mut cmac = AesCmac::new(&key);
    wipe(&mut key);
    cmac.update(&counter.to_be_bytes());
    for part in value.rchunks(8) {
        let mut turned = [0; 8];
        turned.iter_mut().zip(part.iter().rev()).for_each(|(to, from)| *to = *from);
        cmac.update(turned.get(..part.len()).unwrap_or_default());
    }
    cmac.update(&handle.to_be_bytes());
    cmac.update(&[Opcode::SIGNED_WRITE_COMMAND.0]);
    let [m0, m1, m2, m3, m4, m5, m6, m7, ..] = cmac.finish();
    let [c0, c1, c2, c3] = counter.to_le_bytes();
    [c0, c1, c2, c3, m7, m6, m5, m4, m3, m2, m1, m0]
}

/// The value in front of a signature.
#[cfg(feature = "server")]
pub(super) fn value(signed: &[u8]) -> &[u8] {
    signed.split_last_chunk::<SIGNATURE>().map_or(&[], |(value, _)| value)
}

#[cfg(feature = "server")]
impl Link {
    /// True when the peer vouches for the write that is carried out, and the attribute may be written so (Vol 3, Part G, 4.9.2).
    pub(crate) fn vouches_for(&self, attribute: &Attribute) -> bool {
        self.signing.vouched && attribute.properties.contains(crate::Properties::SIGNED_WRITE)
    }
}

#[cfg(feature = "server")]
impl Core<'_> {
    /// A peer's signed write. One whose signature is not the peer's, or whose counter was used, is dropped and counted.
    pub(super) fn signed_write_from_peer(&mut self, index: usize, command: &Request<'_>) -> Result<(), ErrorCode> {
        if !self.state.signed_writes() {
            return Err(ErrorCode::REQUEST_NOT_SUPPORTED);
        }
        let Some((value, signed)) = command.rest.split_last_chunk::<SIGNATURE>() else {
            return Err(ErrorCode::INVALID_PDU);
        };
        let handle = command.first;
        let key = self.links.get(index).and_then(|l| l.signing.peer.get());
        let &[c0, c1, c2, c3, ..] = signed;
        let counter = u32::from_le_bytes([c0, c1, c2, c3]);
        let valid = key.filter(|key| {
            let expected = signature(&key.key, handle, value, counter);
            // Each octet is looked at, wherever the first difference is.
            let difference = expected.iter().zip(signed).fold(0, |all, (a, b)| all | (a ^ b));
            difference == 0 && counter >= key.counter
        });
        let (Some(key), Some(link)) = (valid, self.links.get_mut(index)) else {
            count(&mut self.state.counters.signatures_refused);
            return Ok(());
        };
        let is_unaware = link.is_unaware();
        link.signing.peer.set(key.after(counter));
        self.signing_counted(index);
        // Vol 3, Part G, 2.5.2.1: who may mean the old table is ignored, and the counter is used: nobody says it a second time.
        if is_unaware {
            return Err(ErrorCode::DATABASE_OUT_OF_SYNC);
        }
        self.write_vouched(index, handle, value)
    }

    /// A write whose signature has been verified, or that needs none.
    pub(super) fn write_vouched(&mut self, index: usize, handle: u16, value: &[u8]) -> Result<(), ErrorCode> {
        self.set_vouched(index, true);
        let written = self.write_from_peer(index, super::Slot::Command, handle, value);
        self.set_vouched(index, false);
        written
    }

    fn set_vouched(&mut self, index: usize, vouched: bool) {
        if let Some(link) = self.links.get_mut(index) {
            link.signing.vouched = vouched;
        }
    }
}

#[cfg(feature = "client")]
impl Core<'_> {
    /// Sends a Signed Write Command, which nothing answers; a Write Command where the link is encrypted, which needs no signature
    /// (Vol 3, Part G, 4.9.2). `NoSigningKey` where no key of ours is known to the peer, `TooLong` beyond MTU - 15 octets, the rest as
    /// for `write_command`.
    pub fn signed_write_command(&mut self, id: LinkId, handle: u16, value: &[u8]) -> Result<(), Error> {
        let link = self.link(id)?;
        if link.security.encrypted {
            return self.write_command(id, handle, value);
        }
        let (mtu, key) = (usize::from(link.mtu), link.signing.own.get());
        self.may_begin(id)?;
        let key = key.ok_or(Error::NoSigningKey)?;
        let index = usize::from(id.index);
        if !self.can_send(index) {
            return Err(Error::Busy);
        }
        let sent = self.put_frame(index, ChannelId::ATT, mtu, |_, w| {
            let signature = signature(&key.key, handle, value, key.counter);
            Pdu::SignedWriteCommand { handle, value, signature }.emit(w);
            true
        });
        if !sent {
            return Err(Error::TooLong);
        }
        self.link_mut(id)?.signing.own.set(key.after(key.counter));
        self.signing_counted(index);
        Ok(())
    }
}
