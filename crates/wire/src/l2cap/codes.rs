//! Numbers of the signalling channel, and their names (Vol 3, Part A, 4).

use crate::{hci::names, show::named_fields};
use core::fmt;

/// The code of a command (4, Table 4.2): those that occur on LE, by the names that btmon gives them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub u8);

names! { Code;
    COMMAND_REJECT = 0x01, "Command Reject";
    DISCONNECTION_REQUEST = 0x06, "Disconnection Request";
    DISCONNECTION_RESPONSE = 0x07, "Disconnection Response";
    CONNECTION_PARAMETER_UPDATE_REQUEST = 0x12, "Connection Parameter Update Request";
    CONNECTION_PARAMETER_UPDATE_RESPONSE = 0x13, "Connection Parameter Update Response";
    LE_CREDIT_BASED_CONNECTION_REQUEST = 0x14, "LE Connection Request";
    LE_CREDIT_BASED_CONNECTION_RESPONSE = 0x15, "LE Connection Response";
    FLOW_CONTROL_CREDIT_INDICATION = 0x16, "LE Flow Control Credit";
    CREDIT_BASED_CONNECTION_REQUEST = 0x17, "Enhanced Credit Connection Request";
    CREDIT_BASED_CONNECTION_RESPONSE = 0x18, "Enhanced Credit Connection Response";
    CREDIT_BASED_RECONFIGURE_REQUEST = 0x19, "Enhanced Credit Reconfigure Request";
    CREDIT_BASED_RECONFIGURE_RESPONSE = 0x1a, "Enhanced Credit Reconfigure Response";
}

impl Code {
    /// False for responses and for indications of credit, which nobody answers. Of a code that the specification does not
    /// know, nobody can tell: Command Reject answers it (4.1).
    pub const fn wants_answer(self) -> bool {
        // Requests are even up to LE Credit Based Connection, and odd from Credit Based Connection on.
        !matches!(
            self.0,
            0x01 | 0x03 | 0x05 | 0x07 | 0x09 | 0x0b | 0x0d | 0x0f | 0x11 | 0x13 | 0x15 | 0x16 | 0x18 | 0x1a
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:#04x})", self.name().unwrap_or("Unknown"), self.0)
    }
}

/// The answer to a Connection Parameter Update Request (4.21).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UpdateResult(pub u16);

names! { UpdateResult;
    ACCEPTED = 0x0000, "Connection Parameters accepted";
    REJECTED = 0x0001, "Connection Parameters rejected";
}

/// The answer to an LE Credit Based Connection Request (4.23, Table 4.16).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LeConnectionResult(pub u16);

names! { LeConnectionResult;
    SUCCESSFUL = 0x0000, "Connection successful";
    PSM_NOT_SUPPORTED = 0x0002, "Connection refused - PSM not supported";
    NO_RESOURCES = 0x0004, "Connection refused - no resources available";
    INSUFFICIENT_AUTHENTICATION = 0x0005, "Connection refused - insufficient authentication";
    INSUFFICIENT_AUTHORIZATION = 0x0006, "Connection refused - insufficient authorization";
    ENCRYPTION_KEY_SIZE_TOO_SHORT = 0x0007, "Connection refused - encryption key size too short";
    INSUFFICIENT_ENCRYPTION = 0x0008, "Connection refused - insufficient encryption";
    INVALID_SOURCE_CID = 0x0009, "Connection refused - invalid Source CID";
    SOURCE_CID_ALREADY_ALLOCATED = 0x000a, "Connection refused - Source CID already allocated";
    UNACCEPTABLE_PARAMETERS = 0x000b, "Connection refused - unacceptable parameters";
}

/// The answer to a Credit Based Connection Request (4.26).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionResult(pub u16);

names! { ConnectionResult;
    ALL_SUCCESSFUL = 0x0000, "All connections successful";
    ALL_REFUSED_PSM_NOT_SUPPORTED = 0x0002, "All connections refused - PSM not supported";
    SOME_REFUSED_INSUFFICIENT_RESOURCES = 0x0004, "Some connections refused - insufficient resources available";
    ALL_REFUSED_INSUFFICIENT_AUTHENTICATION = 0x0005, "All connections refused - insufficient authentication";
    ALL_REFUSED_INSUFFICIENT_AUTHORIZATION = 0x0006, "All connections refused - insufficient authorization";
    ALL_REFUSED_ENCRYPTION_KEY_SIZE_TOO_SHORT = 0x0007, "All connections refused - encryption key size too short";
    ALL_REFUSED_INSUFFICIENT_ENCRYPTION = 0x0008, "All connections refused - insufficient encryption";
    SOME_REFUSED_INVALID_SOURCE_CID = 0x0009, "Some connections refused - invalid Source CID";
    SOME_REFUSED_SOURCE_CID_ALREADY_ALLOCATED = 0x000a, "Some connections refused - Source CID already allocated";
    ALL_REFUSED_UNACCEPTABLE_PARAMETERS = 0x000b, "All connections refused - unacceptable parameters";
    ALL_REFUSED_INVALID_PARAMETERS = 0x000c, "All connections refused - invalid parameters";
    ALL_PENDING = 0x000d, "All connections pending - no further information available";
    ALL_PENDING_AUTHENTICATION = 0x000e, "All connections pending - authentication pending";
    ALL_PENDING_AUTHORIZATION = 0x000f, "All connections pending - authorization pending";
}

/// The answer to a Credit Based Reconfigure Request (4.28).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReconfigureResult(pub u16);

names! { ReconfigureResult;
    SUCCESSFUL = 0x0000, "Reconfiguration successful";
    MTU_REDUCED = 0x0001, "Reconfiguration failed - reduction in size of MTU not allowed";
    MPS_REDUCED = 0x0002, "Reconfiguration failed - reduction in size of MPS not allowed for more than one channel at a time";
    INVALID_DESTINATION_CID = 0x0003, "Reconfiguration failed - one or more Destination CIDs invalid";
    UNACCEPTABLE_PARAMETERS = 0x0004, "Reconfiguration failed - other unacceptable parameters";
}

named_fields! { u16, 6: UpdateResult LeConnectionResult ConnectionResult ReconfigureResult }
