//! Connections that came about, or did not.

use super::ReportedAddress;
use crate::{
    Malformed, Reader, Writer,
    hci::{
        ConnectionHandle, Role, Status,
        field::{Field, TakeAfter, hex, label, show},
    },
};
use core::fmt;

/// LE Connection Complete (7.7.65.1). Only `status` and `role` count when it is an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectionComplete {
    /// Whether there is a link.
    pub status: Status,
    /// The link.
    pub handle: ConnectionHandle,
    /// Our role.
    pub role: Role,
    /// The peer.
    pub peer: ReportedAddress,
    /// 1.25 ms each.
    pub interval: u16,
    /// Connection events.
    pub latency: u16,
    /// 10 ms each.
    pub supervision_timeout: u16,
    /// 0 is 500 ppm, 7 is 20 ppm.
    pub clock_accuracy: u8,
}

/// LE Enhanced Connection Complete (7.7.65.10): with the resolvable addresses that were used, zero where there were none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnhancedConnectionComplete {
    /// What LE Connection Complete says.
    pub connection: ConnectionComplete,
    /// Ours; least significant octet first.
    pub local_resolvable: [u8; 6],
    /// The peer's; least significant octet first.
    pub peer_resolvable: [u8; 6],
}

/// LE Enhanced Connection Complete, version 2 (7.7.65.10): with what led to the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnhancedConnectionCompleteV2 {
    /// What the first version says.
    pub enhanced: EnhancedConnectionComplete,
    /// Our advertising set; 0xff: none.
    pub advertising_handle: u8,
    /// The train of our peripheral role with responses; 0x0fff: none.
    pub sync_handle: u16,
}

impl ConnectionComplete {
    /// `between` stands after the peer's address.
    fn take_around<T>(
        r: &mut Reader<'_>,
        between: impl FnOnce(&mut Reader<'_>) -> Result<T, Malformed>,
    ) -> Result<(Self, T), Malformed> {
        let status = Status::take(r)?;
        let handle = ConnectionHandle::take_after(r, status)?;
        let role = Role::take_after(r, status)?;
        let peer = ReportedAddress::take_after(r, status)?;
        let between = between(r)?;
        let connection = ConnectionComplete {
            status,
            handle,
            role,
            peer,
            interval: r.u16()?,
            latency: r.u16()?,
            supervision_timeout: r.u16()?,
            clock_accuracy: r.u8()?,
        };
        Ok((connection, between))
    }

    fn emit_around(&self, w: &mut Writer<'_>, between: impl FnOnce(&mut Writer<'_>)) {
        self.status.emit(w);
        self.handle.emit(w);
        self.role.emit(w);
        self.peer.emit(w);
        between(w);
        w.u16(self.interval);
        w.u16(self.latency);
        w.u16(self.supervision_timeout);
        w.u8(self.clock_accuracy);
    }
}

impl Field for ConnectionComplete {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self::take_around(r, |_| Ok(()))?.0)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        self.emit_around(w, |_| {});
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "status", &self.status)?;
        show(f, "handle", &self.handle)?;
        show(f, "role", &self.role)?;
        show(f, "peer", &self.peer)?;
        show(f, "interval", &self.interval)?;
        show(f, "latency", &self.latency)?;
        show(f, "supervision_timeout", &self.supervision_timeout)?;
        show(f, "clock_accuracy", &self.clock_accuracy)
    }
}

impl Field for EnhancedConnectionComplete {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (connection, (local_resolvable, peer_resolvable)) =
            ConnectionComplete::take_around(r, |r| Ok((r.array()?, r.array()?)))?;
        Ok(EnhancedConnectionComplete { connection, local_resolvable, peer_resolvable })
    }
    fn emit(&self, w: &mut Writer<'_>) {
        self.connection.emit_around(w, |w| {
            w.bytes(&self.local_resolvable);
            w.bytes(&self.peer_resolvable);
        });
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.connection.show(f)?;
        for (name, octets) in [("local_resolvable", self.local_resolvable), ("peer_resolvable", self.peer_resolvable)] {
            label(f, name)?;
            hex(f, &octets)?;
        }
        Ok(())
    }
}

impl Field for EnhancedConnectionCompleteV2 {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let enhanced = EnhancedConnectionComplete::take(r)?;
        Ok(EnhancedConnectionCompleteV2 { enhanced, advertising_handle: r.u8()?, sync_handle: r.u16()? })
    }
    fn emit(&self, w: &mut Writer<'_>) {
        self.enhanced.emit(w);
        w.u8(self.advertising_handle);
        w.u16(self.sync_handle);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.enhanced.show(f)?;
        show(f, "advertising_handle", &self.advertising_handle)?;
        show(f, "sync_handle", &self.sync_handle)
    }
}
