//! ATT PDUs to octets.

use super::Pdu;
use crate::Writer;

impl Pdu<'_> {
    /// Writes the PDU.
    pub fn emit(&self, w: &mut Writer<'_>) {
        w.u8(self.opcode().0);
        match *self {
            Pdu::ErrorResponse { request, handle, code } => {
                w.u8(request.0);
                w.u16(handle);
                w.u8(code.0);
            }
            Pdu::ExchangeMtuRequest { mtu } | Pdu::ExchangeMtuResponse { mtu } => w.u16(mtu),
            Pdu::FindInformationRequest { start, end } => {
                w.u16(start);
                w.u16(end);
            }
            Pdu::FindByTypeValueRequest { start, end, kind, value } => {
                w.u16(start);
                w.u16(end);
                w.u16(kind);
                w.bytes(value);
            }
            Pdu::ReadByTypeRequest { start, end, kind } | Pdu::ReadByGroupTypeRequest { start, end, kind } => {
                w.u16(start);
                w.u16(end);
                kind.with_le_bytes(|octets| w.bytes(octets));
            }
            Pdu::ReadRequest { handle } => w.u16(handle),
            Pdu::ReadBlobRequest { handle, offset } => {
                w.u16(handle);
                w.u16(offset);
            }
            Pdu::ReadResponse { value: octets }
            | Pdu::ReadBlobResponse { value: octets }
            | Pdu::ReadMultipleResponse { values: octets }
            | Pdu::Unknown { parameters: octets, .. } => w.bytes(octets),
            Pdu::ReadMultipleRequest { handles } | Pdu::ReadMultipleVariableRequest { handles } => handles.emit(w),
            Pdu::FindInformationResponse(list) => list.emit(w),
            Pdu::FindByTypeValueResponse(list) => w.bytes(list.octets()),
            Pdu::ReadByTypeResponse(list) => list.emit(w),
            Pdu::ReadByGroupTypeResponse(list) => list.emit(w),
            Pdu::ReadMultipleVariableResponse(list) => w.bytes(list.octets()),
            Pdu::MultipleHandleValueNotification(list) => w.bytes(list.octets()),
            Pdu::WriteRequest { handle, value }
            | Pdu::WriteCommand { handle, value }
            | Pdu::HandleValueNotification { handle, value }
            | Pdu::HandleValueIndication { handle, value } => {
                w.u16(handle);
                w.bytes(value);
            }
            Pdu::SignedWriteCommand { handle, value, signature } => {
                w.u16(handle);
                w.bytes(value);
                w.bytes(&signature);
            }
            Pdu::PrepareWriteRequest { handle, offset, value }
            | Pdu::PrepareWriteResponse { handle, offset, value } => {
                w.u16(handle);
                w.u16(offset);
                w.bytes(value);
            }
            Pdu::ExecuteWriteRequest { flags } => w.u8(flags),
            Pdu::WriteResponse | Pdu::ExecuteWriteResponse | Pdu::HandleValueConfirmation => {}
        }
    }
}
