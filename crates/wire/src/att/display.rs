//! ATT PDUs as a capture shows them.

use super::Pdu;
use core::fmt;

impl fmt::Display for Pdu<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ATT: {}", self.opcode())?;
        match self {
            Pdu::ErrorResponse { request, handle, code } => write!(f, " {request} handle {handle:#06x} {code}"),
            Pdu::ExchangeMtuRequest { mtu } | Pdu::ExchangeMtuResponse { mtu } => write!(f, " mtu {mtu}"),
            Pdu::FindInformationRequest { start, end } => write!(f, " {start:#06x}-{end:#06x}"),
            Pdu::FindInformationResponse(list) => list.iter().try_for_each(|(h, u)| write!(f, " {h:#06x}={u}")),
            Pdu::FindByTypeValueRequest { start, end, kind, value } => {
                write!(f, " {start:#06x}-{end:#06x} type {kind:04x} len {}", value.len())
            }
            Pdu::FindByTypeValueResponse(list) => list.iter().try_for_each(|(h, e)| write!(f, " {h:#06x}-{e:#06x}")),
            Pdu::ReadByTypeRequest { start, end, kind } | Pdu::ReadByGroupTypeRequest { start, end, kind } => {
                write!(f, " {start:#06x}-{end:#06x} type {kind}")
            }
            Pdu::ReadByTypeResponse(list) => list.iter().try_for_each(|(h, v)| write!(f, " {h:#06x} len {}", v.len())),
            Pdu::ReadByGroupTypeResponse(list) => {
                list.iter().try_for_each(|(h, e, v)| write!(f, " {h:#06x}-{e:#06x} len {}", v.len()))
            }
            Pdu::ReadRequest { handle } => write!(f, " handle {handle:#06x}"),
            Pdu::ReadBlobRequest { handle, offset } => write!(f, " handle {handle:#06x} offset {offset}"),
            Pdu::ReadMultipleRequest { handles } | Pdu::ReadMultipleVariableRequest { handles } => {
                handles.iter().try_for_each(|h| write!(f, " {h:#06x}"))
            }
            Pdu::ReadResponse { value } | Pdu::ReadBlobResponse { value } => write!(f, " len {}", value.len()),
            Pdu::ReadMultipleResponse { values } => write!(f, " len {}", values.len()),
            Pdu::ReadMultipleVariableResponse(list) => list.iter().try_for_each(|(n, _)| write!(f, " len {n}")),
            Pdu::WriteRequest { handle, value }
            | Pdu::WriteCommand { handle, value }
            | Pdu::SignedWriteCommand { handle, value, .. }
            | Pdu::HandleValueNotification { handle, value }
            | Pdu::HandleValueIndication { handle, value } => write!(f, " handle {handle:#06x} len {}", value.len()),
            Pdu::PrepareWriteRequest { handle, offset, value }
            | Pdu::PrepareWriteResponse { handle, offset, value } => {
                write!(f, " handle {handle:#06x} offset {offset} len {}", value.len())
            }
            Pdu::ExecuteWriteRequest { flags } => write!(f, " flags {flags:#04x}"),
            Pdu::MultipleHandleValueNotification(list) => {
                list.iter().try_for_each(|(h, v)| write!(f, " {h:#06x} len {}", v.len()))
            }
            Pdu::Unknown { parameters, .. } => write!(f, " len {}", parameters.len()),
            Pdu::WriteResponse | Pdu::ExecuteWriteResponse | Pdu::HandleValueConfirmation => Ok(()),
        }
    }
}
