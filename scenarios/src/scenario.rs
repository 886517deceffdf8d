//! The scenarios: each of them ends by itself, with success or an error, whatever goes wrong.

mod plays;

use crate::stage::Stage;
use core::{future::Future, pin::Pin};
use jelling::{Characteristic, CharacteristicOptions, Descriptor, Error, Host, Properties, ServiceOptions, Uuid};

/// The service of every scenario.
pub const SERVICE: Uuid = Uuid::new16(0x181a);
/// Its characteristic: read, write, notify, indicate, up to 300 octets.
pub const VALUE: Uuid = Uuid::new16(0x2a6e);

/// A service with a number.
pub const OTHER: Uuid = Uuid::new16(0x1815);
/// The number.
pub const NUMBER: Uuid = Uuid::new16(0x2a58);
/// Its description.
pub const DESCRIPTION: Uuid = Uuid::new16(0x2901);
/// A secondary service.
pub const HIDDEN: Uuid = Uuid::new16(0x1811);

/// A future that is a scenario.
pub type Play<'d> = Pin<Box<dyn Future<Output = Result<(), Error>> + 'd>>;

/// Something two hosts do with each other.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// Octets of data in an ACL packet.
    pub acl_length: u16,
    /// What is done.
    pub play: for<'d> fn(Stage<'d>) -> Play<'d>,
}

impl core::fmt::Debug for Scenario {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name)
    }
}

macro_rules! scenarios {
    ($($(#[$doc:meta])* $constant:ident = $play:ident, $acl:literal;)+) => {
        $($(#[$doc])* pub const $constant: Scenario =
            Scenario { name: stringify!($play), acl_length: $acl, play: |stage| Box::pin(plays::$play(stage)) };)+
        /// Every scenario.
        pub const ALL: &[Scenario] = &[$($constant),+];
    };
}

scenarios! {
    /// Connect, and disconnect.
    CONNECT = connect, 27;
    /// An active scan, until the name has come.
    SCAN = scan, 27;
    /// Discovery of everything, a short and a long read.
    READ = read, 27;
    /// A write, a write command and a long write, each captured.
    WRITE = write, 27;
    /// A subscription with ten notifications.
    NOTIFY = notify, 251;
    /// A subscription with five indications.
    INDICATE = indicate, 27;
    /// The largest MTU, and notifications as long as it, in fragments.
    BULK = bulk, 27;
    /// The peripheral ends the link, twice.
    LEFT = left, 251;
    /// The radio is switched off and on on both sides.
    RESTART = restart, 27;
    /// Typed values both ways: reads, writes, updates, descriptors, a secondary service; no capture.
    TYPED = typed, 27;
    /// Advertising that nobody may connect to, then for the central alone; a passive scan by `next`.
    SHOWN = shown, 27;
    /// What is told beside the calls: `advertising`, `event`; two tasks ask on one link.
    BESIDE = beside, 27;
}

/// Registers the peripheral's table.
///
/// # Errors
/// Those of a registration.
pub fn serve<'d>(host: Host<'d>) -> Result<Characteristic<'d>, Error> {
    serve_all(host).map(|(value, ..)| value)
}

/// Registers the peripheral's table.
///
/// # Errors
/// Those of a registration.
pub fn serve_all<'d>(host: Host<'d>) -> Result<(Characteristic<'d>, Characteristic<'d>, Descriptor<'d>), Error> {
    let mut db = host.services()?;
    let service = db.service(SERVICE)?;
    let all = Properties::READ
        | Properties::WRITE
        | Properties::WRITE_WITHOUT_RESPONSE
        | Properties::NOTIFY
        | Properties::INDICATE;
    let options = CharacteristicOptions::new(all).initial(&[0x5a; 100]).max_len(300).capture(1);
    let value = db.characteristic_with(service, VALUE, &options)?;
    let other = db.service(OTHER)?;
    let plain = Properties::READ | Properties::WRITE | Properties::NOTIFY | Properties::INDICATE;
    let number = db.characteristic(other, NUMBER, plain)?;
    let both = Properties::READ | Properties::WRITE;
    let options = CharacteristicOptions::new(both).initial(&[1, 2]).max_len(40);
    let description = db.descriptor(number, DESCRIPTION, &options)?;
    db.service_with(HIDDEN, &ServiceOptions::new().secondary())?;
    db.register()?;
    number.write(&1u16)?;
    Ok((value, number, description))
}
