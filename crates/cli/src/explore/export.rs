//! A peer's table as a file of `serve`. What cannot be seen from outside is chosen in one way, so that serving the file and
//! exporting that gives the same octets:
//!
//! - Permissions: as the properties say, but for what reading told. Who has to be encrypted, authenticated or authorised to read
//!   has to be so to write; a value that was not given for any other reason is not readable.
//! - Lengths: a value that peers may write, or that was kept back for want of security, is variable; any other is fixed.
//! - A CCCD has no value, for it has another one for each client.

use super::{Answer, Characteristic, Descriptor, Service, names};
use jelling::{ErrorCode, Properties, Uuid};
use std::fmt::Write;

const EXTENDED_PROPERTIES: Uuid = Uuid::new16(0x2900);
const USER_DESCRIPTION: Uuid = Uuid::new16(0x2901);
const CCCD: Uuid = Uuid::new16(0x2902);

/// What is exported of an attribute beside its handles.
struct Content<'t> {
    value: &'t Answer,
    /// What its permissions are where nothing is stated.
    default: &'t [&'static str],
    /// Whether peers may write it, as far as can be seen.
    writable: bool,
    /// Of a CCCD, neither value nor length.
    is_cccd: bool,
}

/// The file. `is_encrypted`: the values were read over an encrypted link.
pub(super) fn file(table: &[Service], is_encrypted: bool) -> String {
    let mut text = "default_services = false\n".to_owned();
    for service in table {
        service.export(&mut text, is_encrypted);
    }
    text
}

/// Lines `name = value`.
macro_rules! lines {
    ($text:expr; $($name:literal = $value:expr),+) => {
        // Writing to a String cannot fail.
        $(let _ = writeln!($text, concat!($name, " = {}"), $value);)+
    };
}

fn handle(handle: u16) -> String {
    format!("{handle:#06x}")
}

fn quoted(text: impl std::fmt::Display) -> String {
    format!("\"{text}\"")
}

fn list(names: &[impl std::fmt::Display]) -> String {
    format!("[{}]", names.iter().map(quoted).collect::<Vec<_>>().join(", "))
}

impl Service {
    fn export(&self, text: &mut String, is_encrypted: bool) {
        *text += "\n[[service]]\n";
        lines!(text; "uuid" = quoted(self.itself.uuid()), "primary" = self.itself.is_primary(),
            "handle" = handle(self.itself.handle()), "end_handle" = handle(self.itself.end_handle()));
        for (at, service) in &self.includes {
            *text += "\n[[service.include]]\n";
            lines!(text; "handle" = handle(*at), "service" = handle(*service));
        }
        for characteristic in &self.characteristics {
            characteristic.export(text, is_encrypted);
        }
    }
}

impl Characteristic {
    fn export(&self, text: &mut String, is_encrypted: bool) {
        let properties = self.itself.properties();
        *text += "\n[[service.characteristic]]\n";
        lines!(text; "uuid" = quoted(self.itself.uuid()), "properties" = list(&names(properties)),
            "handle" = handle(self.itself.handle()), "value_handle" = handle(self.itself.value_handle()));
        let writable = properties.intersects(Properties::WRITE | Properties::WRITE_WITHOUT_RESPONSE);
        let mut default = vec![];
        default.extend(properties.contains(Properties::READ).then_some("read"));
        default.extend(writable.then_some("write"));
        let content = Content { value: &self.value, default: &default, writable, is_cccd: false };
        content.export(text, is_encrypted);
        let auxiliaries = self.descriptors.iter().any(Descriptor::has_writable_auxiliaries);
        for descriptor in &self.descriptors {
            descriptor.export(text, auxiliaries, is_encrypted);
        }
    }
}

impl Descriptor {
    /// Vol 3, Part G, 3.3.3.1: the user description can be written.
    fn has_writable_auxiliaries(&self) -> bool {
        let set = matches!(&self.value, Answer::Octets(octets) if octets.first().is_some_and(|bits| bits & 2 != 0));
        self.uuid == EXTENDED_PROPERTIES && set
    }

    fn export(&self, text: &mut String, auxiliaries: bool, is_encrypted: bool) {
        *text += "\n[[service.characteristic.descriptor]]\n";
        lines!(text; "uuid" = quoted(self.uuid), "handle" = handle(self.handle));
        let is_cccd = self.uuid == CCCD;
        let writable = is_cccd || (self.uuid == USER_DESCRIPTION && auxiliaries);
        let default: &[&str] = if is_cccd { &["read", "write"] } else { &["read"] };
        Content { value: &self.value, default, writable, is_cccd }.export(text, is_encrypted);
    }
}

impl Content<'_> {
    fn export(&self, text: &mut String, is_encrypted: bool) {
        let level = self.level(is_encrypted);
        let mut permissions = vec![];
        permissions.extend(level.map(|level| format!("read{level}")));
        permissions.extend(self.writable.then(|| format!("write{}", level.unwrap_or_default())));
        if permissions != self.default {
            lines!(text; "permissions" = list(&permissions));
        }
        if matches!(self.value, Answer::Refused(Some(ErrorCode::ENCRYPTION_KEY_SIZE_TOO_SHORT))) {
            lines!(text; "key_size" = 16);
        }
        if self.is_cccd {
            return;
        }
        if let Some(hex) = self.value.hex() {
            lines!(text; "value" = quoted(hex));
        }
        let kept_back = matches!(self.value, Answer::Refused(_)) && level.is_some();
        if self.writable || kept_back {
            lines!(text; "variable" = true);
        }
    }

    /// What reading demands, as the names of permissions end; none where it is of no use.
    fn level(&self, is_encrypted: bool) -> Option<&'static str> {
        match self.value {
            Answer::Octets(_) => Some(""),
            Answer::Refused(Some(ErrorCode::INSUFFICIENT_AUTHENTICATION)) if is_encrypted => Some("_authenticated"),
            Answer::Refused(Some(
                ErrorCode::INSUFFICIENT_AUTHENTICATION
                | ErrorCode::INSUFFICIENT_ENCRYPTION
                | ErrorCode::ENCRYPTION_KEY_SIZE_TOO_SHORT,
            )) => Some("_encrypted"),
            Answer::Refused(Some(ErrorCode::INSUFFICIENT_AUTHORIZATION)) => Some("_authorised"),
            Answer::Refused(_) => None,
        }
    }
}
