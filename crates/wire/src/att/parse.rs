//! ATT PDUs from octets: lengths are judged strictly, for a server must refuse what is not exact.

use super::{
    AttributeData, ErrorCode, GroupData, HandleLengthValues, HandleRanges, Handles, Information, LengthValues, Opcode,
    Pdu,
};
use crate::{Malformed, Reader, Uuid};

/// What stands after the numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tail {
    Nothing,
    Octets,
}

/// What follows the opcode: so many numbers of 16 bits, then octets or nothing.
fn shape(opcode: Opcode) -> (usize, Tail) {
    match opcode {
        Opcode::WRITE_RESPONSE | Opcode::EXECUTE_WRITE_RESPONSE | Opcode::HANDLE_VALUE_CONFIRMATION => {
            (0, Tail::Nothing)
        }
        Opcode::EXCHANGE_MTU_REQUEST | Opcode::EXCHANGE_MTU_RESPONSE | Opcode::READ_REQUEST => (1, Tail::Nothing),
        Opcode::FIND_INFORMATION_REQUEST | Opcode::READ_BLOB_REQUEST => (2, Tail::Nothing),
        Opcode::WRITE_REQUEST
        | Opcode::WRITE_COMMAND
        | Opcode::SIGNED_WRITE_COMMAND
        | Opcode::HANDLE_VALUE_NOTIFICATION
        | Opcode::HANDLE_VALUE_INDICATION => (1, Tail::Octets),
        Opcode::READ_BY_TYPE_REQUEST
        | Opcode::READ_BY_GROUP_TYPE_REQUEST
        | Opcode::PREPARE_WRITE_REQUEST
        | Opcode::PREPARE_WRITE_RESPONSE => (2, Tail::Octets),
        Opcode::FIND_BY_TYPE_VALUE_REQUEST => (3, Tail::Octets),
        _ => (0, Tail::Octets),
    }
}

/// An attribute type: 2 or 16 octets.
fn uuid(octets: &[u8]) -> Result<Uuid, Malformed> {
    if octets.len() == 4 { Err(Malformed) } else { Uuid::from_le_bytes(octets).ok_or(Malformed) }
}

impl<'a> Pdu<'a> {
    /// Takes a PDU apart.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(octets);
        let opcode = Opcode(r.u8()?);
        let (count, tail) = shape(opcode);
        let mut numbers = [0; 3];
        for number in numbers.iter_mut().take(count) {
            *number = r.u16()?;
        }
        let ([first, second, third], rest) = (numbers, r.rest());
        if tail == Tail::Nothing && !rest.is_empty() {
            return Err(Malformed);
        }
        Ok(match opcode {
            Opcode::ERROR_RESPONSE => {
                let [request, low, high, code] = *rest else { return Err(Malformed) };
                let handle = u16::from_le_bytes([low, high]);
                Pdu::ErrorResponse { request: Opcode(request), handle, code: ErrorCode(code) }
            }
            Opcode::EXCHANGE_MTU_REQUEST => Pdu::ExchangeMtuRequest { mtu: first },
            Opcode::EXCHANGE_MTU_RESPONSE => Pdu::ExchangeMtuResponse { mtu: first },
            Opcode::FIND_INFORMATION_REQUEST => Pdu::FindInformationRequest { start: first, end: second },
            Opcode::FIND_INFORMATION_RESPONSE => Pdu::FindInformationResponse(Information::parse(rest)?),
            Opcode::FIND_BY_TYPE_VALUE_REQUEST => {
                Pdu::FindByTypeValueRequest { start: first, end: second, kind: third, value: rest }
            }
            Opcode::FIND_BY_TYPE_VALUE_RESPONSE => Pdu::FindByTypeValueResponse(HandleRanges::parse(rest)?),
            Opcode::READ_BY_TYPE_REQUEST => Pdu::ReadByTypeRequest { start: first, end: second, kind: uuid(rest)? },
            Opcode::READ_BY_TYPE_RESPONSE => Pdu::ReadByTypeResponse(AttributeData::parse(rest)?),
            Opcode::READ_REQUEST => Pdu::ReadRequest { handle: first },
            Opcode::READ_RESPONSE => Pdu::ReadResponse { value: rest },
            Opcode::READ_BLOB_REQUEST => Pdu::ReadBlobRequest { handle: first, offset: second },
            Opcode::READ_BLOB_RESPONSE => Pdu::ReadBlobResponse { value: rest },
            Opcode::READ_MULTIPLE_REQUEST => Pdu::ReadMultipleRequest { handles: Handles::parse(rest)? },
            Opcode::READ_MULTIPLE_RESPONSE => Pdu::ReadMultipleResponse { values: rest },
            Opcode::READ_BY_GROUP_TYPE_REQUEST => {
                Pdu::ReadByGroupTypeRequest { start: first, end: second, kind: uuid(rest)? }
            }
            Opcode::READ_BY_GROUP_TYPE_RESPONSE => Pdu::ReadByGroupTypeResponse(GroupData::parse(rest)?),
            Opcode::READ_MULTIPLE_VARIABLE_REQUEST => {
                Pdu::ReadMultipleVariableRequest { handles: Handles::parse(rest)? }
            }
            Opcode::READ_MULTIPLE_VARIABLE_RESPONSE => Pdu::ReadMultipleVariableResponse(LengthValues::parse(rest)?),
            Opcode::WRITE_REQUEST => Pdu::WriteRequest { handle: first, value: rest },
            Opcode::WRITE_RESPONSE => Pdu::WriteResponse,
            Opcode::WRITE_COMMAND => Pdu::WriteCommand { handle: first, value: rest },
            Opcode::SIGNED_WRITE_COMMAND => {
                let (value, signature) = rest.split_last_chunk().ok_or(Malformed)?;
                Pdu::SignedWriteCommand { handle: first, value, signature: *signature }
            }
            Opcode::PREPARE_WRITE_REQUEST => Pdu::PrepareWriteRequest { handle: first, offset: second, value: rest },
            Opcode::PREPARE_WRITE_RESPONSE => Pdu::PrepareWriteResponse { handle: first, offset: second, value: rest },
            Opcode::EXECUTE_WRITE_REQUEST => match *rest {
                [flags @ 0..=1] => Pdu::ExecuteWriteRequest { flags },
                _ => return Err(Malformed),
            },
            Opcode::EXECUTE_WRITE_RESPONSE => Pdu::ExecuteWriteResponse,
            Opcode::HANDLE_VALUE_NOTIFICATION => Pdu::HandleValueNotification { handle: first, value: rest },
            Opcode::HANDLE_VALUE_INDICATION => Pdu::HandleValueIndication { handle: first, value: rest },
            Opcode::HANDLE_VALUE_CONFIRMATION => Pdu::HandleValueConfirmation,
            Opcode::MULTIPLE_HANDLE_VALUE_NOTIFICATION => {
                Pdu::MultipleHandleValueNotification(HandleLengthValues::parse(rest)?)
            }
            opcode => Pdu::Unknown { opcode, parameters: rest },
        })
    }
}
