//! ATT PDUs from octets: lengths are judged strictly, for a server must refuse what is not exact.

use super::{
    AttributeData, ErrorCode, GroupData, HandleLengthValues, HandleRanges, Handles, Information, LengthValues, Opcode,
    Pdu,
};
use crate::{Malformed, Reader, Uuid};

/// An attribute type: 2 or 16 octets, the rest of the PDU.
fn uuid(r: &mut Reader<'_>) -> Result<Uuid, Malformed> {
    match r.remaining() {
        2 | 16 => Uuid::from_le_bytes(r.rest()).ok_or(Malformed),
        _ => Err(Malformed),
    }
}

impl<'a> Pdu<'a> {
    /// Takes a PDU apart.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(octets);
        let opcode = Opcode(r.u8()?);
        let pdu = match opcode {
            Opcode::ERROR_RESPONSE => {
                Pdu::ErrorResponse { request: Opcode(r.u8()?), handle: r.u16()?, code: ErrorCode(r.u8()?) }
            }
            Opcode::EXCHANGE_MTU_REQUEST => Pdu::ExchangeMtuRequest { mtu: r.u16()? },
            Opcode::EXCHANGE_MTU_RESPONSE => Pdu::ExchangeMtuResponse { mtu: r.u16()? },
            Opcode::FIND_INFORMATION_REQUEST => Pdu::FindInformationRequest { start: r.u16()?, end: r.u16()? },
            Opcode::FIND_INFORMATION_RESPONSE => Pdu::FindInformationResponse(Information::parse(r.rest())?),
            Opcode::FIND_BY_TYPE_VALUE_REQUEST => {
                Pdu::FindByTypeValueRequest { start: r.u16()?, end: r.u16()?, kind: r.u16()?, value: r.rest() }
            }
            Opcode::FIND_BY_TYPE_VALUE_RESPONSE => Pdu::FindByTypeValueResponse(HandleRanges::parse(r.rest())?),
            Opcode::READ_BY_TYPE_REQUEST => {
                Pdu::ReadByTypeRequest { start: r.u16()?, end: r.u16()?, kind: uuid(&mut r)? }
            }
            Opcode::READ_BY_TYPE_RESPONSE => Pdu::ReadByTypeResponse(AttributeData::parse(r.rest())?),
            Opcode::READ_REQUEST => Pdu::ReadRequest { handle: r.u16()? },
            Opcode::READ_RESPONSE => Pdu::ReadResponse { value: r.rest() },
            Opcode::READ_BLOB_REQUEST => Pdu::ReadBlobRequest { handle: r.u16()?, offset: r.u16()? },
            Opcode::READ_BLOB_RESPONSE => Pdu::ReadBlobResponse { value: r.rest() },
            Opcode::READ_MULTIPLE_REQUEST => Pdu::ReadMultipleRequest { handles: Handles::parse(r.rest())? },
            Opcode::READ_MULTIPLE_RESPONSE => Pdu::ReadMultipleResponse { values: r.rest() },
            Opcode::READ_BY_GROUP_TYPE_REQUEST => {
                Pdu::ReadByGroupTypeRequest { start: r.u16()?, end: r.u16()?, kind: uuid(&mut r)? }
            }
            Opcode::READ_BY_GROUP_TYPE_RESPONSE => Pdu::ReadByGroupTypeResponse(GroupData::parse(r.rest())?),
            Opcode::READ_MULTIPLE_VARIABLE_REQUEST => {
                Pdu::ReadMultipleVariableRequest { handles: Handles::parse(r.rest())? }
            }
            Opcode::READ_MULTIPLE_VARIABLE_RESPONSE => {
                Pdu::ReadMultipleVariableResponse(LengthValues::parse(r.rest())?)
            }
            Opcode::WRITE_REQUEST => Pdu::WriteRequest { handle: r.u16()?, value: r.rest() },
            Opcode::WRITE_RESPONSE => Pdu::WriteResponse,
            Opcode::WRITE_COMMAND => Pdu::WriteCommand { handle: r.u16()?, value: r.rest() },
            Opcode::SIGNED_WRITE_COMMAND => {
                let handle = r.u16()?;
                let length = r.remaining().checked_sub(12).ok_or(Malformed)?;
                Pdu::SignedWriteCommand { handle, value: r.bytes(length)?, signature: r.array()? }
            }
            Opcode::PREPARE_WRITE_REQUEST => {
                Pdu::PrepareWriteRequest { handle: r.u16()?, offset: r.u16()?, value: r.rest() }
            }
            Opcode::PREPARE_WRITE_RESPONSE => {
                Pdu::PrepareWriteResponse { handle: r.u16()?, offset: r.u16()?, value: r.rest() }
            }
            Opcode::EXECUTE_WRITE_REQUEST => {
                let flags = r.u8()?;
                if flags > 1 {
                    return Err(Malformed);
                }
                Pdu::ExecuteWriteRequest { flags }
            }
            Opcode::EXECUTE_WRITE_RESPONSE => Pdu::ExecuteWriteResponse,
            Opcode::HANDLE_VALUE_NOTIFICATION => Pdu::HandleValueNotification { handle: r.u16()?, value: r.rest() },
            Opcode::HANDLE_VALUE_INDICATION => Pdu::HandleValueIndication { handle: r.u16()?, value: r.rest() },
            Opcode::HANDLE_VALUE_CONFIRMATION => Pdu::HandleValueConfirmation,
            Opcode::MULTIPLE_HANDLE_VALUE_NOTIFICATION => {
                Pdu::MultipleHandleValueNotification(HandleLengthValues::parse(r.rest())?)
            }
            opcode => Pdu::Unknown { opcode, parameters: r.rest() },
        };
        r.finish()?;
        Ok(pdu)
    }
}
