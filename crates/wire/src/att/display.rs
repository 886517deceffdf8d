//! ATT PDUs as a capture shows them.

use super::Pdu;
use crate::hci::field::hex;
use core::fmt;

impl fmt::Display for Pdu<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ATT: {} len {}", self.opcode(), self.parameters_length())?;
        match self {
            Pdu::ErrorResponse { request, handle, code } => {
                write!(f, " request {request} handle {handle:#06x} error {code}")
            }
            Pdu::ExchangeMtuRequest { mtu } | Pdu::ExchangeMtuResponse { mtu } => write!(f, " mtu {mtu}"),
            Pdu::FindInformationRequest { start, end } => write!(f, " handles {start:#06x}-{end:#06x}"),
            Pdu::FindInformationResponse(list) => {
                list.iter().try_for_each(|(handle, kind)| write!(f, " handle {handle:#06x} type {kind}"))
            }
            Pdu::FindByTypeValueRequest { start, end, kind, value } => {
                write!(f, " handles {start:#06x}-{end:#06x} type {kind:04x}")?;
                octets(f, value)
            }
            Pdu::FindByTypeValueResponse(list) => {
                list.iter().try_for_each(|(start, end)| write!(f, " handles {start:#06x}-{end:#06x}"))
            }
            Pdu::ReadByTypeRequest { start, end, kind } | Pdu::ReadByGroupTypeRequest { start, end, kind } => {
                write!(f, " handles {start:#06x}-{end:#06x} type {kind}")
            }
            Pdu::ReadByTypeResponse(list) => list.iter().try_for_each(|(handle, value)| {
                write!(f, " handle {handle:#06x}")?;
                octets(f, value)
            }),
            Pdu::ReadByGroupTypeResponse(list) => list.iter().try_for_each(|(start, end, value)| {
                write!(f, " handles {start:#06x}-{end:#06x}")?;
                octets(f, value)
            }),
            Pdu::ReadRequest { handle } => write!(f, " handle {handle:#06x}"),
            Pdu::ReadBlobRequest { handle, offset } => write!(f, " handle {handle:#06x} offset {offset}"),
            Pdu::ReadMultipleRequest { handles } | Pdu::ReadMultipleVariableRequest { handles } => {
                handles.iter().try_for_each(|handle| write!(f, " handle {handle:#06x}"))
            }
            Pdu::ReadResponse { value }
            | Pdu::ReadBlobResponse { value }
            | Pdu::ReadMultipleResponse { values: value }
            | Pdu::Unknown { parameters: value, .. } => octets(f, value),
            Pdu::ReadMultipleVariableResponse(list) => list.iter().try_for_each(|(length, value)| {
                write!(f, " length {length}")?;
                octets(f, value)
            }),
            Pdu::WriteRequest { handle, value }
            | Pdu::WriteCommand { handle, value }
            | Pdu::SignedWriteCommand { handle, value, .. }
            | Pdu::HandleValueNotification { handle, value }
            | Pdu::HandleValueIndication { handle, value } => {
                write!(f, " handle {handle:#06x}")?;
                octets(f, value)
            }
            Pdu::PrepareWriteRequest { handle, offset, value }
            | Pdu::PrepareWriteResponse { handle, offset, value } => {
                write!(f, " handle {handle:#06x} offset {offset}")?;
                octets(f, value)
            }
            Pdu::ExecuteWriteRequest { flags } => write!(f, " flags {flags:#04x}"),
            Pdu::MultipleHandleValueNotification(list) => list.iter().try_for_each(|(handle, value)| {
                write!(f, " handle {handle:#06x}")?;
                octets(f, value)
            }),
            Pdu::WriteResponse | Pdu::ExecuteWriteResponse | Pdu::HandleValueConfirmation => Ok(()),
        }
    }
}

/// A value; nothing for one of no octets.
fn octets(f: &mut fmt::Formatter<'_>, value: &[u8]) -> fmt::Result {
    if value.is_empty() {
        return Ok(());
    }
    f.write_str(" value ")?;
    hex(f, value)
}

impl Pdu<'_> {
    /// Octets after the opcode.
    fn parameters_length(&self) -> usize {
        match self {
            Pdu::ErrorResponse { .. } | Pdu::FindInformationRequest { .. } | Pdu::ReadBlobRequest { .. } => 4,
            Pdu::ExchangeMtuRequest { .. } | Pdu::ExchangeMtuResponse { .. } | Pdu::ReadRequest { .. } => 2,
            Pdu::FindInformationResponse(list) => list.length(),
            Pdu::FindByTypeValueRequest { value, .. } => value.len().saturating_add(6),
            Pdu::FindByTypeValueResponse(list) => list.octets().len(),
            Pdu::ReadByTypeRequest { kind, .. } | Pdu::ReadByGroupTypeRequest { kind, .. } => {
                kind.wire_len().saturating_add(4)
            }
            Pdu::ReadByTypeResponse(list) => list.length(),
            Pdu::ReadByGroupTypeResponse(list) => list.length(),
            Pdu::ReadMultipleRequest { handles } | Pdu::ReadMultipleVariableRequest { handles } => handles.length(),
            Pdu::ReadResponse { value }
            | Pdu::ReadBlobResponse { value }
            | Pdu::ReadMultipleResponse { values: value }
            | Pdu::Unknown { parameters: value, .. } => value.len(),
            Pdu::ReadMultipleVariableResponse(list) => list.octets().len(),
            Pdu::WriteRequest { value, .. }
            | Pdu::WriteCommand { value, .. }
            | Pdu::HandleValueNotification { value, .. }
            | Pdu::HandleValueIndication { value, .. } => value.len().saturating_add(2),
            Pdu::SignedWriteCommand { value, signature, .. } => {
                value.len().saturating_add(signature.len()).saturating_add(2)
            }
            Pdu::PrepareWriteRequest { value, .. } | Pdu::PrepareWriteResponse { value, .. } => {
                value.len().saturating_add(4)
            }
            Pdu::ExecuteWriteRequest { .. } => 1,
            Pdu::MultipleHandleValueNotification(list) => list.octets().len(),
            Pdu::WriteResponse | Pdu::ExecuteWriteResponse | Pdu::HandleValueConfirmation => 0,
        }
    }
}
