//! The scenarios: each of them ends by itself, with success or an error, whatever goes wrong.

mod changes;
mod channels;
mod hidden;
mod pairing;
mod plays;
mod together;
pub(crate) mod transfers;

use crate::stage::Stage;
use core::{future::Future, pin::Pin};
use jelling::{
    Characteristic, CharacteristicOptions, Descriptor, Error, Host, IoCapability, Properties, ServiceOptions, Uuid,
};

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
/// A value on whose reads and writes a task decides.
pub const DECIDED: Uuid = Uuid::new16(0x2a56);
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
    /// What the central and the peripheral can show and take in, where they pair.
    pub pairs: Option<[IoCapability; 2]>,
    /// Octets go over L2CAP channels.
    pub transfers: bool,
    /// What is done.
    pub play: for<'d> fn(Stage<'d>) -> Play<'d>,
}

impl core::fmt::Debug for Scenario {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name)
    }
}

macro_rules! pairs {
    () => {
        None
    };
    ($central:ident, $peripheral:ident) => {
        Some([IoCapability::$central, IoCapability::$peripheral])
    };
}

macro_rules! is {
    () => {
        false
    };
    (transfer) => {
        true
    };
}

macro_rules! scenarios {
    ($($(#[$doc:meta])* $constant:ident = $module:ident::$play:ident, $acl:literal
        $(, $central:ident, $peripheral:ident)? $(=> $what:ident)?;)+) => {
        $($(#[$doc])* pub const $constant: Scenario = Scenario {
            name: stringify!($play),
            acl_length: $acl,
            pairs: pairs!($($central, $peripheral)?),
            transfers: is!($($what)?),
            play: |stage| Box::pin($module::$play(stage)),
        };)+
        /// Every scenario.
        pub const ALL: &[Scenario] = &[$($constant),+];
    };
}

scenarios! {
    /// Connect, and disconnect.
    CONNECT = plays::connect, 27;
    /// An active scan, until the name has come.
    SCAN = plays::scan, 27;
    /// Discovery of everything, a short and a long read.
    READ = plays::read, 27;
    /// A write, a write command and a long write, each captured.
    WRITE = plays::write, 27;
    /// A subscription with ten notifications.
    NOTIFY = plays::notify, 251;
    /// A subscription with five indications.
    INDICATE = plays::indicate, 27;
    /// The largest MTU, and notifications as long as it, in fragments.
    BULK = plays::bulk, 27;
    /// The peripheral ends the link, twice.
    LEFT = plays::left, 251;
    /// The radio is switched off and on on both sides.
    RESTART = plays::restart, 27;
    /// Typed values both ways: reads, writes, updates, descriptors, a secondary service; no capture.
    TYPED = plays::typed, 27;
    /// Advertising that nobody may connect to, then for the central alone; a passive scan by `next`.
    SHOWN = plays::shown, 27;
    /// What is told beside the calls: `advertising`, `event`; two tasks ask on one link.
    BESIDE = plays::beside, 27;
    /// A subscription to a burst of notifications, ended; another to indications of the stored value, ended.
    RESUBSCRIBE = together::resubscribe, 27;
    /// Four tasks on one link: a discovery that rests, long reads, descriptors, notifications.
    CROWD = together::crowd, 27;
    /// Reads and writes on which a task of the server decides.
    ASKED = together::asked, 27;
    /// The table changes: Service Changed is indicated, and a client of robust caching goes on.
    CHANGED = changes::changed, 27;
    /// The central pairs: Just Works.
    PAIR = pairing::pair, 27, NO_INPUT_NO_OUTPUT, NO_INPUT_NO_OUTPUT;
    /// It pairs, and both users compare digits.
    COMPARE = pairing::compare, 251, DISPLAY_YES_NO, DISPLAY_YES_NO;
    /// It pairs, and its user types in what the peripheral shows.
    TYPE_IN = pairing::type_in, 251, KEYBOARD_ONLY, DISPLAY_ONLY;
    /// It pairs, and the peripheral's user types in what the central shows.
    SHOW = pairing::show, 251, DISPLAY_ONLY, KEYBOARD_ONLY;
    /// They pair, and meet again twice, the second time in the other roles: the bond's key encrypts.
    AGAIN = pairing::again, 27, NO_INPUT_NO_OUTPUT, NO_INPUT_NO_OUTPUT;
    /// The peripheral asks for security, without a bond and with one.
    REQUEST = pairing::request, 27, NO_INPUT_NO_OUTPUT, NO_INPUT_NO_OUTPUT;
    /// The peripheral has forgotten its bond, then the central has: the loss is told, and they pair anew.
    FORGET = pairing::forget, 251, NO_INPUT_NO_OUTPUT, NO_INPUT_NO_OUTPUT;
    /// The central hides: its address changes while it scans, connects and advertises.
    HIDES = hidden::hidden, 27;
    /// A channel, SDUs one way, from an empty one to the longest; the sender closes it.
    STREAM = transfers::stream, 27 => transfer;
    /// A channel, both ways at once, as a stream; the taker closes it.
    DUPLEX = transfers::duplex, 27 => transfer;
    /// Four channels of one link at once, two each way.
    FOUR = channels::four, 251 => transfer;
    /// A channel beside notifications and reads.
    MIXED = channels::mixed, 27 => transfer;
    /// A listener takes channels of one link after another; the last one ends with its link.
    LISTENER = transfers::listener, 27 => transfer;
    /// Either side closes a channel with octets that nobody has read: they are still there.
    UNREAD = channels::unread, 251 => transfer;
}

/// What the peripheral serves.
#[derive(Clone, Copy, Debug)]
pub struct Served<'d> {
    /// Each write is captured, one at a time.
    pub value: Characteristic<'d>,
    /// Two octets, whose last write counts.
    pub number: Characteristic<'d>,
    /// Of the number.
    pub description: Descriptor<'d>,
    /// On whose reads and writes a task decides.
    pub decided: Characteristic<'d>,
}

/// Registers the peripheral's table.
///
/// # Errors
/// Those of a registration.
pub fn serve<'d>(host: Host<'d>) -> Result<Served<'d>, Error> {
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
    let options = CharacteristicOptions::new(both).defer_reads().defer_writes();
    let decided = db.characteristic_with(other, DECIDED, &options)?;
    db.service_with(HIDDEN, &ServiceOptions::new().secondary())?;
    db.register()?;
    number.write(&1u16)?;
    Ok(Served { value, number, description, decided })
}
