//! What the peer's requests do, and their answers (Vol 3, Part F, 3.4).

use super::{
    held::{Served, Slot},
    question::ASK,
};
use crate::{
    Core,
    gatt::{AccessKind, DECLARED, PRIMARY_SERVICE, SECONDARY_SERVICE},
};
use jelling_wire::{
    Uuid, Writer,
    att::{ErrorCode, Opcode, Request, error_response},
};

impl Core<'_> {
    /// Carries a request out and writes its answer, which is an error response where it fails; or finds that the application
    /// has to be asked first, and has changed nothing then.
    pub(super) fn serve(&mut self, index: usize, request: &Request<'_>, w: &mut Writer<'_>) -> Served {
        if let Some(link) = self.links.get_mut(index) {
            link.server.question_mut(Slot::Request).begin();
        }
        let before = w.len();
        // The opcode of each answer is the one behind its request's (Vol 3, Part F, 3.4.8).
        w.u8(request.opcode.0 | 1);
        let mut handle = request.first;
        if let Err(code) = self.carry_out(index, request, &mut handle, w) {
            w.truncate(before);
            if code == ASK {
                return Served::Asks;
            }
            w.bytes(&error_response(request.opcode, handle, code));
        }
        Served::Answered
    }

    /// Does it, and writes what stands behind the opcode of the answer. An error is about `handle`, which is the first of the request
    /// unless another one is to blame.
    fn carry_out(
        &mut self,
        index: usize,
        request: &Request<'_>,
        handle: &mut u16,
        w: &mut Writer<'_>,
    ) -> Result<(), ErrorCode> {
        let Request { opcode, first, second, rest } = *request;
        match opcode {
            Opcode::EXCHANGE_MTU_REQUEST => {
                self.answer_mtu(index, first, w);
                Ok(())
            }
            Opcode::FIND_INFORMATION_REQUEST
            | Opcode::FIND_BY_TYPE_VALUE_REQUEST
            | Opcode::READ_BY_TYPE_REQUEST
            | Opcode::READ_BY_GROUP_TYPE_REQUEST => self.search(index, request, handle, w),
            Opcode::READ_REQUEST | Opcode::READ_BLOB_REQUEST => self.read(index, opcode, first, second.into(), w),
            Opcode::READ_MULTIPLE_REQUEST | Opcode::READ_MULTIPLE_VARIABLE_REQUEST => {
                let (handles, _) = rest.as_chunks::<2>();
                handles.iter().try_for_each(|octets| {
                    *handle = u16::from_le_bytes(*octets);
                    self.read(index, opcode, *handle, 0, w)
                })
            }
            Opcode::WRITE_REQUEST => self.write_from_peer(index, Slot::Request, first, rest),
            Opcode::PREPARE_WRITE_REQUEST => {
                self.prepare(index, first, second, rest)?;
                w.u16(first);
                w.u16(second);
                w.bytes(rest);
                Ok(())
            }
            Opcode::EXECUTE_WRITE_REQUEST => {
                let result = if rest == [1] { self.execute(index, handle) } else { Ok(()) };
                if result != Err(ASK) {
                    self.clear_prepared(index);
                }
                result
            }
            _ => Err(ErrorCode::REQUEST_NOT_SUPPORTED),
        }
    }

    /// Whether a value may leave in the answer to a request: the door's word, then the application's.
    fn let_out(&mut self, index: usize, at: usize, offset: usize) -> Result<(), ErrorCode> {
        self.may_read(index, at)?;
        self.admit(index, Slot::Request, at, AccessKind::Read, offset)
    }

    fn answer_mtu(&mut self, index: usize, mtu: u16, w: &mut Writer<'_>) {
        let most = self.own_mtu();
        let Some(link) = self.links.get_mut(index) else { return };
        // Vol 3, Part F, 3.4.2.2: our answer has the same MTU as our request.
        let own = if link.told_mtu == 0 { most } else { link.told_mtu };
        link.told_mtu = own;
        self.set_mtu(index, own.min(mtu));
        w.u16(own);
    }

    /// Walks over a range of handles, and writes an entry for each attribute that the request asks for: as many as have the length of the
    /// first one (Vol 3, Part F, 3.4.3.1 to 3.4.4.2, 3.4.4.9 and 3.4.4.10).
    fn search(
        &mut self,
        index: usize,
        request: &Request<'_>,
        culprit: &mut u16,
        w: &mut Writer<'_>,
    ) -> Result<(), ErrorCode> {
        let Request { opcode, first, second, rest } = *request;
        if first == 0 || first > second {
            return Err(ErrorCode::INVALID_HANDLE);
        }
        let is_for_types = opcode == Opcode::FIND_INFORMATION_REQUEST;
        let is_for_values = opcode == Opcode::FIND_BY_TYPE_VALUE_REQUEST;
        let tells_groups = is_for_values || opcode == Opcode::READ_BY_GROUP_TYPE_REQUEST;
        let (wanted, value) = rest.split_at_checked(if is_for_values { 2 } else { rest.len() }).unwrap_or_default();
        let wanted = Uuid::shortest(wanted);
        if tells_groups && !is_for_values && wanted != PRIMARY_SERVICE && wanted != SECONDARY_SERVICE {
            return Err(ErrorCode::UNSUPPORTED_GROUP_TYPE);
        }
        let (mut entry, mut declared) = (0, DECLARED);
        for at in self.range(first, second) {
            let Some(attribute) = self.attributes.get(at) else { break };
            let (handle, is_service) = (attribute.handle, attribute.is_service());
            if !is_for_types && self.type_of(at) != wanted {
                continue;
            }
            if entry != 0 && w.room() < entry {
                break;
            }
            if is_for_values {
                // What may not be read may not be guessed either; nor what somebody decides on, for a read may give another value.
                if self.may_read(index, at).is_err() || self.is_decided(at, AccessKind::Read) {
                    continue;
                }
            } else if !is_for_types && let Err(code) = self.let_out(index, at, 0) {
                // Vol 3, Part F, 3.4.4.1: an error only where the first match cannot be read.
                if entry == 0 || code == ASK {
                    *culprit = handle;
                    return Err(code);
                }
                break;
            }
            let mut told = if is_for_types { self.type_of(at) } else { self.value(index, at, &mut declared) };
            if is_for_values {
                // A service is found by either form of its UUID.
                if told != if is_service { Uuid::shortest(value) } else { value } {
                    continue;
                }
                told = &[];
            }
            let head = if tells_groups { 4 } else { 2 };
            let length = told.len().saturating_add(head);
            if entry == 0 {
                // An entry's length is one octet, and stands before the first one.
                entry = length.min(w.room().saturating_sub(1)).min(255);
                if is_for_types {
                    // Vol 3, Part F, 3.4.3.2: the format of UUIDs of 16 or of 128 bits.
                    w.u8(if entry == 4 { 1 } else { 2 });
                } else if !is_for_values {
                    w.u8(u8::try_from(entry).unwrap_or(u8::MAX));
                }
            } else if length != entry {
                break;
            }
            w.u16(handle);
            if tells_groups {
                w.u16(self.group_end(at));
            }
            w.bytes(told.get(..entry.saturating_sub(head)).unwrap_or_default());
        }
        if entry == 0 { Err(ErrorCode::ATTRIBUTE_NOT_FOUND) } else { Ok(()) }
    }

    /// Appends as much of a value from `offset` on as there is room for, behind its length where several of variable length are read.
    fn read(
        &mut self,
        index: usize,
        opcode: Opcode,
        handle: u16,
        offset: usize,
        w: &mut Writer<'_>,
    ) -> Result<(), ErrorCode> {
        let at = self.find(handle).ok_or(ErrorCode::INVALID_HANDLE)?;
        self.let_out(index, at, offset)?;
        let mut declared = DECLARED;
        let value = self.value(index, at, &mut declared);
        let rest = value.get(offset..).ok_or(ErrorCode::INVALID_OFFSET)?;
        if opcode == Opcode::READ_MULTIPLE_VARIABLE_REQUEST {
            // Vol 3, Part F, 3.4.4.12: a length that does not fit ends the answer, a value that does not is cut.
            if w.room() < 2 {
                return Ok(());
            }
            w.u16(u16::try_from(rest.len()).unwrap_or(u16::MAX));
        }
        w.bytes(rest.get(..w.room()).unwrap_or(rest));
        Ok(())
    }
}
