//! The Attribute Protocol: every PDU (Vol 3, Part F, 3.4).

mod codes;
mod display;
mod emit;
mod lists;
mod parse;
mod request;

pub use codes::{ErrorCode, Opcode};
pub use lists::{AttributeData, GroupData, HandleLengthValues, HandleRanges, Handles, Information, LengthValues};
pub use request::{Request, error_response};

use crate::Uuid;

/// An ATT PDU, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields are named as in the section of the specification that each variant cites")]
pub enum Pdu<'a> {
    /// 3.4.1.1.
    ErrorResponse { request: Opcode, handle: u16, code: ErrorCode },
    /// 3.4.2.1.
    ExchangeMtuRequest { mtu: u16 },
    /// 3.4.2.2.
    ExchangeMtuResponse { mtu: u16 },
    /// 3.4.3.1.
    FindInformationRequest { start: u16, end: u16 },
    /// 3.4.3.2.
    FindInformationResponse(Information<'a>),
    /// 3.4.3.3.
    FindByTypeValueRequest { start: u16, end: u16, kind: u16, value: &'a [u8] },
    /// 3.4.3.4.
    FindByTypeValueResponse(HandleRanges<'a>),
    /// 3.4.4.1.
    ReadByTypeRequest { start: u16, end: u16, kind: Uuid },
    /// 3.4.4.2.
    ReadByTypeResponse(AttributeData<'a>),
    /// 3.4.4.3.
    ReadRequest { handle: u16 },
    /// 3.4.4.4.
    ReadResponse { value: &'a [u8] },
    /// 3.4.4.5.
    ReadBlobRequest { handle: u16, offset: u16 },
    /// 3.4.4.6.
    ReadBlobResponse { value: &'a [u8] },
    /// 3.4.4.7.
    ReadMultipleRequest { handles: Handles<'a> },
    /// 3.4.4.8.
    ReadMultipleResponse { values: &'a [u8] },
    /// 3.4.4.9.
    ReadByGroupTypeRequest { start: u16, end: u16, kind: Uuid },
    /// 3.4.4.10.
    ReadByGroupTypeResponse(GroupData<'a>),
    /// 3.4.4.11.
    ReadMultipleVariableRequest { handles: Handles<'a> },
    /// 3.4.4.12.
    ReadMultipleVariableResponse(LengthValues<'a>),
    /// 3.4.5.1.
    WriteRequest { handle: u16, value: &'a [u8] },
    /// 3.4.5.2.
    WriteResponse,
    /// 3.4.5.3.
    WriteCommand { handle: u16, value: &'a [u8] },
    /// 3.4.5.4.
    SignedWriteCommand { handle: u16, value: &'a [u8], signature: [u8; 12] },
    /// 3.4.6.1.
    PrepareWriteRequest { handle: u16, offset: u16, value: &'a [u8] },
    /// 3.4.6.2.
    PrepareWriteResponse { handle: u16, offset: u16, value: &'a [u8] },
    /// 3.4.6.3: 0 cancels, 1 writes.
    ExecuteWriteRequest { flags: u8 },
    /// 3.4.6.4.
    ExecuteWriteResponse,
    /// 3.4.7.1.
    HandleValueNotification { handle: u16, value: &'a [u8] },
    /// 3.4.7.2.
    HandleValueIndication { handle: u16, value: &'a [u8] },
    /// 3.4.7.3.
    HandleValueConfirmation,
    /// 3.4.7.4.
    MultipleHandleValueNotification(HandleLengthValues<'a>),
    /// A PDU of an opcode the specification does not know.
    Unknown { opcode: Opcode, parameters: &'a [u8] },
}

impl Pdu<'_> {
    /// The PDU's opcode.
    pub fn opcode(&self) -> Opcode {
        if let Pdu::Unknown { opcode, .. } = self { *opcode } else { self.known_opcode() }
    }

    /// The opcode of a PDU that the specification knows.
    // Out of line, this is a table.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn known_opcode(&self) -> Opcode {
        match self {
            Pdu::ErrorResponse { .. } => Opcode::ERROR_RESPONSE,
            Pdu::ExchangeMtuRequest { .. } => Opcode::EXCHANGE_MTU_REQUEST,
            Pdu::ExchangeMtuResponse { .. } => Opcode::EXCHANGE_MTU_RESPONSE,
            Pdu::FindInformationRequest { .. } => Opcode::FIND_INFORMATION_REQUEST,
            Pdu::FindInformationResponse(_) => Opcode::FIND_INFORMATION_RESPONSE,
            Pdu::FindByTypeValueRequest { .. } => Opcode::FIND_BY_TYPE_VALUE_REQUEST,
            Pdu::FindByTypeValueResponse(_) => Opcode::FIND_BY_TYPE_VALUE_RESPONSE,
            Pdu::ReadByTypeRequest { .. } => Opcode::READ_BY_TYPE_REQUEST,
            Pdu::ReadByTypeResponse(_) => Opcode::READ_BY_TYPE_RESPONSE,
            Pdu::ReadRequest { .. } => Opcode::READ_REQUEST,
            Pdu::ReadResponse { .. } => Opcode::READ_RESPONSE,
            Pdu::ReadBlobRequest { .. } => Opcode::READ_BLOB_REQUEST,
            Pdu::ReadBlobResponse { .. } => Opcode::READ_BLOB_RESPONSE,
            Pdu::ReadMultipleRequest { .. } => Opcode::READ_MULTIPLE_REQUEST,
            Pdu::ReadMultipleResponse { .. } => Opcode::READ_MULTIPLE_RESPONSE,
            Pdu::ReadByGroupTypeRequest { .. } => Opcode::READ_BY_GROUP_TYPE_REQUEST,
            Pdu::ReadByGroupTypeResponse(_) => Opcode::READ_BY_GROUP_TYPE_RESPONSE,
            Pdu::ReadMultipleVariableRequest { .. } => Opcode::READ_MULTIPLE_VARIABLE_REQUEST,
            Pdu::ReadMultipleVariableResponse(_) => Opcode::READ_MULTIPLE_VARIABLE_RESPONSE,
            Pdu::WriteRequest { .. } => Opcode::WRITE_REQUEST,
            Pdu::WriteResponse => Opcode::WRITE_RESPONSE,
            Pdu::WriteCommand { .. } => Opcode::WRITE_COMMAND,
            Pdu::SignedWriteCommand { .. } => Opcode::SIGNED_WRITE_COMMAND,
            Pdu::PrepareWriteRequest { .. } => Opcode::PREPARE_WRITE_REQUEST,
            Pdu::PrepareWriteResponse { .. } => Opcode::PREPARE_WRITE_RESPONSE,
            Pdu::ExecuteWriteRequest { .. } => Opcode::EXECUTE_WRITE_REQUEST,
            Pdu::ExecuteWriteResponse => Opcode::EXECUTE_WRITE_RESPONSE,
            Pdu::HandleValueNotification { .. } => Opcode::HANDLE_VALUE_NOTIFICATION,
            Pdu::HandleValueIndication { .. } => Opcode::HANDLE_VALUE_INDICATION,
            Pdu::HandleValueConfirmation => Opcode::HANDLE_VALUE_CONFIRMATION,
            Pdu::MultipleHandleValueNotification(_) => Opcode::MULTIPLE_HANDLE_VALUE_NOTIFICATION,
            Pdu::Unknown { .. } => Opcode(0),
        }
    }
}
