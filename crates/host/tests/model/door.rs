//! What a door demands of a link, and the error where it is not met.

/// What a door demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    Open,
    Closed,
    Encrypted,
    Authenticated,
    Authorised,
    Key16,
}

/// How well a peer's link is secured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct State {
    pub(crate) encrypted: bool,
    pub(crate) authenticated: bool,
    pub(crate) bonded: bool,
    pub(crate) key_size: u8,
    pub(crate) authorised: bool,
}

impl Demand {
    /// The error of the door, whose own when it is closed is `closed`.
    pub(crate) fn judge(self, state: &State, closed: u8) -> Result<(), u8> {
        let encrypted = match (state.encrypted, state.bonded) {
            (true, _) => Ok(()),
            (false, bonded) => Err(if bonded { 0x0f } else { 0x05 }),
        };
        match self {
            Demand::Open => Ok(()),
            Demand::Closed => Err(closed),
            Demand::Encrypted => encrypted,
            Demand::Authenticated => encrypted.and(if state.authenticated { Ok(()) } else { Err(0x05) }),
            Demand::Authorised => state.authorised.then_some(()).ok_or(0x08),
            Demand::Key16 => encrypted.and(if state.key_size == 16 { Ok(()) } else { Err(0x0c) }),
        }
    }
}
