//! What the peer's requests do, and their answers (Vol 3, Part F, 3.4).

use super::{
    held::{Served, Slot},
    question::ASK,
};
use crate::{
    Core,
    gatt::{AccessKind, Kind},
};
use jelling_wire::{
    Uuid, Writer,
    att::{ErrorCode, Opcode, Pdu},
};

/// An error and the handle it is about.
pub(crate) type Refusal = (u16, ErrorCode);

impl Core<'_> {
    /// Carries a request out and writes its answer, which is an error response where it fails; or finds that the application
    /// has to be asked first, and has changed nothing then.
    pub(super) fn serve(&mut self, index: usize, request: &Pdu<'_>, w: &mut Writer<'_>) -> Served {
        let before = w.len();
        if let Some(link) = self.links.get_mut(index) {
            link.server.question_mut(Slot::Request).begin();
        }
        let result = match *request {
            Pdu::ExchangeMtuRequest { mtu } => self.serve_mtu(index, mtu, w),
            Pdu::FindInformationRequest { start, end } => self.serve_find_information(start, end, w),
            Pdu::FindByTypeValueRequest { start, end, kind, value } => {
                self.serve_find_by_value(index, start, end, kind, value, w)
            }
            Pdu::ReadByTypeRequest { start, end, kind } => self.serve_read_by_type(index, start, end, kind, w),
            Pdu::ReadRequest { handle } => {
                w.u8(Opcode::READ_RESPONSE.0);
                self.serve_value(index, handle, 0, w)
            }
            Pdu::ReadBlobRequest { handle, offset } => {
                w.u8(Opcode::READ_BLOB_RESPONSE.0);
                self.serve_value(index, handle, usize::from(offset), w)
            }
            Pdu::ReadMultipleRequest { handles } => {
                w.u8(Opcode::READ_MULTIPLE_RESPONSE.0);
                handles.iter().try_for_each(|handle| self.serve_value(index, handle, 0, w))
            }
            Pdu::ReadMultipleVariableRequest { handles } => {
                w.u8(Opcode::READ_MULTIPLE_VARIABLE_RESPONSE.0);
                handles.iter().try_for_each(|handle| self.serve_counted_value(index, handle, w))
            }
            Pdu::ReadByGroupTypeRequest { start, end, kind } => self.serve_groups(start, end, kind, w),
            Pdu::WriteRequest { handle, value } => self
                .write_from_peer(index, Slot::Request, handle, value)
                .map(|()| w.u8(Opcode::WRITE_RESPONSE.0))
                .map_err(|c| (handle, c)),
            Pdu::PrepareWriteRequest { handle, offset, value } => self
                .prepare(index, handle, offset, value)
                .map(|()| Pdu::PrepareWriteResponse { handle, offset, value }.emit(w)),
            Pdu::ExecuteWriteRequest { flags } => {
                let result = if flags == 1 { self.execute(index) } else { Ok(()) };
                if !matches!(result, Err((_, ASK))) {
                    self.clear_prepared(index);
                }
                result.map(|()| w.u8(Opcode::EXECUTE_WRITE_RESPONSE.0))
            }
            _ => Err((0, ErrorCode::REQUEST_NOT_SUPPORTED)),
        };
        if let Err((handle, code)) = result {
            w.truncate(before);
            if code == ASK {
                return Served::Asks;
            }
            Pdu::ErrorResponse { request: request.opcode(), handle, code }.emit(w);
        }
        Served::Answered
    }

    /// Whether a value may leave in the answer to a request: the door's word, then the application's.
    fn let_out(&mut self, index: usize, at: usize, offset: usize) -> Result<(), ErrorCode> {
        self.may_read(index, at)?;
        self.admit(index, Slot::Request, at, AccessKind::Read, offset)
    }

    fn serve_mtu(&mut self, index: usize, mtu: u16, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let most = self.own_mtu();
        let Some(link) = self.links.get_mut(index) else { return Err((0, ErrorCode::UNLIKELY_ERROR)) };
        // Vol 3, Part F, 3.4.2.2: our answer has the same MTU as our request.
        let own = if link.told_mtu == 0 { most } else { link.told_mtu };
        link.told_mtu = own;
        self.set_mtu(index, own.min(mtu));
        Pdu::ExchangeMtuResponse { mtu: own }.emit(w);
        Ok(())
    }

    fn serve_find_information(&mut self, start: u16, end: u16, w: &mut Writer<'_>) -> Result<(), Refusal> {
        check_range(start, end)?;
        w.u8(Opcode::FIND_INFORMATION_RESPONSE.0);
        let mut width = 0;
        for at in self.range(start, end) {
            let Some((handle, uuid)) = self.attribute_type(at) else { break };
            // Vol 3, Part F, 3.4.3.2: one answer holds UUIDs of one size.
            if width == 0 {
                width = uuid.wire_len();
                w.u8(if width == 2 { 1 } else { 2 });
            }
            if uuid.wire_len() != width || w.room() < width.saturating_add(2) {
                break;
            }
            w.u16(handle);
            uuid.with_le_bytes(|octets| w.bytes(octets));
        }
        if width == 0 { Err((start, ErrorCode::ATTRIBUTE_NOT_FOUND)) } else { Ok(()) }
    }

    fn serve_find_by_value(
        &mut self,
        index: usize,
        start: u16,
        end: u16,
        kind: u16,
        value: &[u8],
        w: &mut Writer<'_>,
    ) -> Result<(), Refusal> {
        check_range(start, end)?;
        w.u8(Opcode::FIND_BY_TYPE_VALUE_RESPONSE.0);
        let mut found = false;
        for at in self.range(start, end) {
            if w.room() < 4 {
                break;
            }
            let Some((handle, uuid)) = self.attribute_type(at) else { break };
            // What may not be read may not be guessed either; nor what somebody decides on, for a read may give another value.
            let guessed = self.may_read(index, at).is_err() || self.is_decided(at, AccessKind::Read);
            if uuid != Uuid::new16(kind) || guessed || !self.value_equals(index, at, value) {
                continue;
            }
            found = true;
            w.u16(handle);
            w.u16(self.group_end(at));
        }
        if found { Ok(()) } else { Err((start, ErrorCode::ATTRIBUTE_NOT_FOUND)) }
    }

    fn serve_read_by_type(
        &mut self,
        index: usize,
        start: u16,
        end: u16,
        kind: Uuid,
        w: &mut Writer<'_>,
    ) -> Result<(), Refusal> {
        check_range(start, end)?;
        w.u8(Opcode::READ_BY_TYPE_RESPONSE.0);
        let mut entry = 0usize;
        for at in self.range(start, end) {
            let Some((handle, uuid)) = self.attribute_type(at) else { break };
            if uuid != kind {
                continue;
            }
            if entry != 0 && w.room() < entry {
                break;
            }
            if let Err(code) = self.let_out(index, at, 0) {
                // Vol 3, Part F, 3.4.4.1: an error only where the first match cannot be read.
                if entry == 0 || code == ASK {
                    return Err((handle, code));
                }
                break;
            }
            let length = self.value_length(at);
            if entry == 0 {
                // Length octet, then each entry; an entry's length is one octet.
                entry = length.saturating_add(2).min(w.room().saturating_sub(1)).min(255);
                w.u8(u8::try_from(entry).unwrap_or(u8::MAX));
            } else if length.saturating_add(2) != entry || w.room() < entry {
                break;
            }
            w.u16(handle);
            self.write_value(index, at, 0, entry.saturating_sub(2), w);
        }
        if entry == 0 { Err((start, ErrorCode::ATTRIBUTE_NOT_FOUND)) } else { Ok(()) }
    }

    fn serve_groups(&mut self, start: u16, end: u16, kind: Uuid, w: &mut Writer<'_>) -> Result<(), Refusal> {
        check_range(start, end)?;
        let wanted = match kind.as_u16() {
            Some(0x2800) => Kind::PrimaryService,
            Some(0x2801) => Kind::SecondaryService,
            _ => return Err((start, ErrorCode::UNSUPPORTED_GROUP_TYPE)),
        };
        w.u8(Opcode::READ_BY_GROUP_TYPE_RESPONSE.0);
        let mut entry = 0usize;
        for at in self.range(start, end) {
            if self.attributes.get(at).is_none_or(|a| a.kind() != wanted) {
                continue;
            }
            let Some((handle, _)) = self.attribute_type(at) else { break };
            let length = self.value_length(at).saturating_add(4);
            if entry == 0 {
                entry = length;
                w.u8(u8::try_from(entry).unwrap_or(u8::MAX));
            }
            if length != entry || w.room() < entry {
                break;
            }
            w.u16(handle);
            w.u16(self.group_end(at));
            self.write_value(0, at, 0, entry, w);
        }
        if entry == 0 { Err((start, ErrorCode::ATTRIBUTE_NOT_FOUND)) } else { Ok(()) }
    }

    /// Appends as much of a value from `offset` on as there is room for.
    fn serve_value(&mut self, index: usize, handle: u16, offset: usize, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let at = self.find(handle).ok_or((handle, ErrorCode::INVALID_HANDLE))?;
        self.let_out(index, at, offset).map_err(|code| (handle, code))?;
        if offset > self.value_length(at) {
            return Err((handle, ErrorCode::INVALID_OFFSET));
        }
        let room = w.room();
        self.write_value(index, at, offset, room, w);
        Ok(())
    }

    fn serve_counted_value(&mut self, index: usize, handle: u16, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let at = self.find(handle).ok_or((handle, ErrorCode::INVALID_HANDLE))?;
        self.let_out(index, at, 0).map_err(|code| (handle, code))?;
        // Vol 3, Part F, 3.4.4.12: a length that does not fit ends the answer, a value that does not is cut.
        if w.room() < 2 {
            return Ok(());
        }
        w.u16(u16::try_from(self.value_length(at)).unwrap_or(u16::MAX));
        let room = w.room();
        self.write_value(index, at, 0, room, w);
        Ok(())
    }
}

fn check_range(start: u16, end: u16) -> Result<(), Refusal> {
    if start == 0 || start > end { Err((start, ErrorCode::INVALID_HANDLE)) } else { Ok(()) }
}
