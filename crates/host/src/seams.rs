//! For tests of what pairing decides, without a pairing: verbs that set what it sets, and the cryptography by itself.

#[cfg(feature = "security")]
impl crate::Core<'_> {
    /// AES-CMAC of `message` (RFC 4493; Vol 3, Part H, 2.2.5). Key and code begin with their most significant octet.
    pub fn aes_cmac(key: &[u8; 16], message: &[u8]) -> [u8; 16] {
        let mut cmac = crate::crypto::AesCmac::new(key);
        cmac.update(message);
        cmac.finish()
    }
}

impl crate::Core<'_> {
    /// Sets the security of a link, as pairing and encryption do.
    pub fn inject_security(&mut self, link: crate::LinkId, security: crate::Security) -> Result<(), crate::Error> {
        self.set_security(link, security)
    }
}

#[cfg(all(feature = "security", any(feature = "client", feature = "server")))]
fn signing_key(mut key: [u8; 16], counter: u32) -> crate::SigningKey {
    key.reverse();
    crate::SigningKey { key: crate::wire::Secret(key), counter }
}

#[cfg(feature = "security")]
impl crate::Core<'_> {
    /// Bonds the peer of a link, as pairing does when it is complete.
    pub fn inject_bond(&mut self, link: crate::LinkId, bond: crate::Bond) -> Result<(), crate::Error> {
        self.link(link)?;
        self.keep_bond(usize::from(link.index), bond)
    }

    /// True while a slot, free or not, holds this key.
    pub fn bonds_hold(&self, key: &[u8; 16]) -> bool {
        self.bonds.iter().any(|slot| slot.holds(key))
    }

    /// A link is encrypted, with the key of its bond if it has one.
    pub fn inject_encryption(&mut self, link: crate::LinkId) -> Result<(), crate::Error> {
        let before = self.link(link)?.security;
        let bond = self.bond_of(link);
        let (authenticated, secure_connections, key_size) =
            bond.as_ref().map_or((false, false, 16), |b| (b.authenticated, b.secure_connections, b.key_size));
        let bonded = before.bonded;
        let security = crate::Security { encrypted: true, authenticated, secure_connections, bonded, key_size };
        self.set_security(link, security)?;
        self.on_encrypted(usize::from(link.index));
        Ok(())
    }

    /// Sets the key with which the peer of a link signs, its most significant octet first, and the lowest counter that is accepted
    /// of it: 0 at first, as pairing does.
    #[cfg(feature = "server")]
    pub fn inject_peer_signing_key(
        &mut self,
        link: crate::LinkId,
        key: [u8; 16],
        counter: u32,
    ) -> Result<(), crate::Error> {
        self.link_mut(link)?.signing.peer.set(Some(signing_key(key, counter)));
        Ok(())
    }

    /// Sets the key with which we sign for the peer of a link, its most significant octet first, and the counter of the next
    /// signature: 0 at first, as pairing does.
    #[cfg(feature = "client")]
    pub fn inject_own_signing_key(
        &mut self,
        link: crate::LinkId,
        key: [u8; 16],
        counter: u32,
    ) -> Result<(), crate::Error> {
        self.link_mut(link)?.signing.own.set(Some(signing_key(key, counter)));
        Ok(())
    }
}
