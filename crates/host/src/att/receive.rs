//! What comes in on the bearer: requests to the server, answers to the client, values to their queues
//! (Vol 3, Part F, 3.3). A malformed request is answered, everything else malformed is dropped.

use crate::{Core, time::Instant};
use jelling_wire::att::{ErrorCode, Opcode, Request};

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
        match role(opcode) {
            Role::Request => match Request::parse(octets) {
                Ok(request) => self.on_request(now, index, octets, &request),
                Err(_) => {
                    self.drop_malformed("an ATT request");
                    self.refuse(index, opcode, ErrorCode::INVALID_PDU);
                }
            },
            Role::Command => match Request::parse(octets) {
                Ok(command) => self.on_write_command(now, index, octets, &command),
                Err(_) => self.drop_malformed("an ATT command"),
            },
            Role::Response => self.on_response(index, octets),
            Role::Value => self.on_value(index, octets),
            Role::Confirmation if octets.len() == 1 => self.on_confirmation(index),
            Role::Confirmation => self.drop_malformed("an ATT confirmation"),
        }
    }

    /// A PDU longer than the MTU. A request must be answered even so; an answer must end its request.
    pub(crate) fn on_long_att(&mut self, index: usize, opcode: Opcode) {
        self.drop_malformed("an ATT PDU longer than the MTU");
        match role(opcode) {
            Role::Request => {
                // A request that is known has more octets than this one.
                let is_known = Request::parse(&[opcode.0]).is_err();
                let code = if is_known { ErrorCode::INVALID_PDU } else { ErrorCode::REQUEST_NOT_SUPPORTED };
                self.refuse(index, opcode, code);
            }
            Role::Response => self.on_broken_response(index),
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
