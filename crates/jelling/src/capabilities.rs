//! What a host was built with (micropython-lib #803: no way to ask whether L2CAP is there).

use crate::core::Host;

/// What a host was built with: cargo features, and the sizes in its [`Resources`](crate::Resources).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Capabilities {
    /// It scans and connects.
    pub central: bool,
    /// It advertises.
    pub peripheral: bool,
    /// It asks GATT servers.
    pub client: bool,
    /// It is a GATT server.
    pub server: bool,
    /// It has L2CAP channels.
    pub l2cap: bool,
    /// It pairs, encrypts and keeps bonds.
    pub security: bool,
    /// Connections at once.
    pub connections: usize,
    /// L2CAP channels at once, those who listen for them among them; 0 without `l2cap`.
    pub channels: usize,
}

impl Host<'_> {
    /// What the host was built with.
    ///
    /// ```no_run
    /// # fn ask(host: jelling::Host<'_>) {
    /// let capabilities = host.capabilities();
    /// println!("L2CAP: {}, {} channels", capabilities.l2cap, capabilities.channels);
    /// # }
    /// ```
    pub fn capabilities(self) -> Capabilities {
        let pools = self.pools();
        Capabilities {
            central: cfg!(feature = "central"),
            peripheral: cfg!(feature = "peripheral"),
            client: cfg!(feature = "client"),
            server: cfg!(feature = "server"),
            l2cap: cfg!(feature = "l2cap"),
            security: cfg!(feature = "security"),
            connections: pools.links.total,
            channels: pools.channels.total,
        }
    }
}
