//! Requests and commands in the one shape that a server needs of them: two numbers, and the octets behind.

use super::{ErrorCode, Opcode};
use crate::{Malformed, Reader};

/// A request or a command, judged as strictly as [`Pdu::parse`](super::Pdu::parse) does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// What is wanted.
    pub opcode: Opcode,
    /// The handle, the first one of a range, or the MTU; 0 where there is none.
    pub first: u16,
    /// The last handle of a range, or the offset; 0 where there is none.
    pub second: u16,
    /// A type, a type and a value, a value, a value and a signature, handles, or flags. All there is of a PDU that the specification
    /// does not know.
    pub rest: &'a [u8],
}

impl<'a> Request<'a> {
    /// Takes a request or a command apart. Any other PDU is taken for one that the specification does not know.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(octets);
        let opcode = Opcode(r.u8()?);
        let numbers = match opcode {
            Opcode::FIND_INFORMATION_REQUEST
            | Opcode::FIND_BY_TYPE_VALUE_REQUEST
            | Opcode::READ_BY_TYPE_REQUEST
            | Opcode::READ_BLOB_REQUEST
            | Opcode::READ_BY_GROUP_TYPE_REQUEST
            | Opcode::PREPARE_WRITE_REQUEST => 2,
            Opcode::EXCHANGE_MTU_REQUEST
            | Opcode::READ_REQUEST
            | Opcode::WRITE_REQUEST
            | Opcode::WRITE_COMMAND
            | Opcode::SIGNED_WRITE_COMMAND => 1,
            _ => 0,
        };
        let first = if numbers > 0 { r.u16()? } else { 0 };
        let second = if numbers > 1 { r.u16()? } else { 0 };
        let rest = r.rest();
        let fits = match opcode {
            Opcode::EXCHANGE_MTU_REQUEST
            | Opcode::FIND_INFORMATION_REQUEST
            | Opcode::READ_REQUEST
            | Opcode::READ_BLOB_REQUEST => rest.is_empty(),
            Opcode::READ_BY_TYPE_REQUEST | Opcode::READ_BY_GROUP_TYPE_REQUEST => matches!(rest.len(), 2 | 16),
            Opcode::FIND_BY_TYPE_VALUE_REQUEST => rest.len() >= 2,
            Opcode::READ_MULTIPLE_REQUEST | Opcode::READ_MULTIPLE_VARIABLE_REQUEST => {
                rest.len() >= 4 && rest.len().is_multiple_of(2)
            }
            Opcode::EXECUTE_WRITE_REQUEST => matches!(rest, [0 | 1]),
            Opcode::SIGNED_WRITE_COMMAND => rest.len() >= 12,
            _ => true,
        };
        if fits { Ok(Request { opcode, first, second, rest }) } else { Err(Malformed) }
    }
}

/// An Error Response (3.4.1.1).
pub const fn error_response(request: Opcode, handle: u16, code: ErrorCode) -> [u8; 5] {
    let [low, high] = handle.to_le_bytes();
    [Opcode::ERROR_RESPONSE.0, request.0, low, high, code.0]
}
