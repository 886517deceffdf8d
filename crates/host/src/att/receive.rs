//! What comes in on the bearer: requests to the server, answers to the client, values to their queues
//! (Vol 3, Part F, 3.3). A malformed request is answered, everything else malformed is dropped.

use crate::{Core, time::Instant};
use jelling_wire::att::{ErrorCode, Opcode, Pdu};

impl Core<'_> {
    pub(crate) fn on_att(&mut self, now: Instant, index: usize, octets: &[u8]) {
        let Some(&first) = octets.first() else {
            return self.drop_malformed("an ATT PDU without octets");
        };
        let opcode = Opcode(first);
        let Some(link) = self.links.get(index) else { return };
        if octets.len() > usize::from(link.mtu) {
            return self.on_long_att(index, opcode);
        }
        let pdu = Pdu::parse(octets);
        match (role(opcode), pdu) {
            (Role::Request, Ok(pdu)) => self.on_request(now, index, octets, &pdu),
            (Role::Request, Err(_)) => {
                self.drop_malformed("an ATT request");
                self.refuse(index, opcode, ErrorCode::INVALID_PDU);
            }
            (Role::Response, Ok(pdu)) => self.on_response(index, octets, Some(&pdu)),
            (Role::Response, Err(_)) => {
                self.drop_malformed("an ATT response");
                self.on_response(index, octets, None);
            }
            (Role::Command, Ok(pdu)) => self.on_write_command(now, index, octets, &pdu),
            (Role::Value, Ok(pdu)) => self.on_value(index, &pdu),
            (Role::Confirmation, Ok(_)) => self.on_confirmation(index),
            (_, Err(_)) => self.drop_malformed("an ATT PDU"),
        }
    }

    /// A PDU longer than the MTU. A request must be answered even so; an answer must end its request.
    pub(crate) fn on_long_att(&mut self, index: usize, opcode: Opcode) {
        self.drop_malformed("an ATT PDU longer than the MTU");
        let is_unknown = matches!(Pdu::parse(&[opcode.0]), Ok(Pdu::Unknown { .. }));
        match role(opcode) {
            Role::Request if is_unknown => self.refuse(index, opcode, ErrorCode::REQUEST_NOT_SUPPORTED),
            Role::Request => self.refuse(index, opcode, ErrorCode::INVALID_PDU),
            Role::Response => self.on_response(index, &[opcode.0], None),
            _ => {}
        }
    }
}

/// What an opcode is, by its direction and by whether an answer is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Request,
    Response,
    Command,
    Value,
    Confirmation,
}

fn role(opcode: Opcode) -> Role {
    match opcode {
        _ if opcode.is_command() => Role::Command,
        Opcode::HANDLE_VALUE_NOTIFICATION
        | Opcode::HANDLE_VALUE_INDICATION
        | Opcode::MULTIPLE_HANDLE_VALUE_NOTIFICATION => Role::Value,
        Opcode::HANDLE_VALUE_CONFIRMATION => Role::Confirmation,
        Opcode::ERROR_RESPONSE
        | Opcode::EXCHANGE_MTU_RESPONSE
        | Opcode::FIND_INFORMATION_RESPONSE
        | Opcode::FIND_BY_TYPE_VALUE_RESPONSE
        | Opcode::READ_BY_TYPE_RESPONSE
        | Opcode::READ_RESPONSE
        | Opcode::READ_BLOB_RESPONSE
        | Opcode::READ_MULTIPLE_RESPONSE
        | Opcode::READ_BY_GROUP_TYPE_RESPONSE
        | Opcode::WRITE_RESPONSE
        | Opcode::PREPARE_WRITE_RESPONSE
        | Opcode::EXECUTE_WRITE_RESPONSE
        | Opcode::READ_MULTIPLE_VARIABLE_RESPONSE => Role::Response,
        // Unknown ones too: they are answered with Request Not Supported.
        _ => Role::Request,
    }
}
