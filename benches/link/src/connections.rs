//! Who is connected to whom. A connection has the same handle at both ends, the lowest that is free.

use crate::Port;
use alloc::vec::Vec;

/// The handle of the first connection.
const FIRST: u16 = 0x0040;

/// By handle: both ends, and the key with which the central wants to encrypt, until the peripheral has told its own.
#[derive(Default)]
pub(crate) struct Connections(Vec<Option<Connection>>);

#[derive(Clone, Copy)]
struct Connection {
    ends: [usize; 2],
    key: Option<[u8; 16]>,
}

impl Connections {
    fn of(&mut self, handle: [u8; 2]) -> &mut Option<Connection> {
        let number = u16::from_le_bytes(handle).checked_sub(FIRST).expect("it is a handle of this air");
        &mut self.0[usize::from(number)]
    }

    /// The handle of a connection that begins.
    fn add(&mut self, ends: [usize; 2]) -> [u8; 2] {
        let free = self.0.iter().position(Option::is_none).unwrap_or_else(|| {
            self.0.push(None);
            self.0.len() - 1
        });
        self.0[free] = Some(Connection { ends, key: None });
        (FIRST + free as u16).to_le_bytes()
    }

    pub(crate) fn key(&mut self, handle: [u8; 2]) -> &mut Option<[u8; 16]> {
        &mut self.of(handle).as_mut().expect("it is connected").key
    }
}

impl Port<'_> {
    /// The other end of a connection.
    pub(crate) fn peer(self, handle: [u8; 2]) -> usize {
        let ends = self.air.connections.borrow_mut().of(handle).expect("it is connected").ends;
        if ends[0] == self.side { ends[1] } else { ends[0] }
    }

    /// Connects one that initiates to the one that it means, if that advertises.
    pub(crate) fn connect(self) {
        let mut controllers = self.air.controllers.borrow_mut();
        let pair = controllers.iter().enumerate().find_map(|(central, controller)| {
            let address = controller.initiates?;
            let found =
                |(number, c): (usize, &crate::Controller)| c.advertises && crate::Air::address(number) == address;
            Some((central, controllers.iter().enumerate().position(found)?))
        });
        let Some((central, peripheral)) = pair else { return };
        controllers[central].initiates = None;
        controllers[peripheral].advertises = false;
        drop(controllers);
        let [low, high] = self.air.connections.borrow_mut().add([central, peripheral]);
        for (role, side, peer) in [(0, central, peripheral), (1, peripheral, central)] {
            let [a, b, c, d, e, f] = crate::Air::address(peer);
            // Vol 4, Part E, 7.7.65.1; interval 7.5 ms, no latency, supervision timeout 4 s.
            let head = [0x3e, 19, 1, 0, low, high, role, 0, a, b, c, d, e, f];
            self.event(side, &[&head[..], &[6, 0, 0, 0, 0x90, 1, 0]].concat());
        }
    }

    /// Ends a connection.
    pub(crate) fn disconnect(self, opcode: u16, handle: [u8; 2]) {
        let Some(connection) = self.air.connections.borrow_mut().of(handle).take() else {
            // Unknown Connection Identifier.
            return self.status(opcode, 0x02);
        };
        self.status(opcode, 0);
        let [low, high] = handle;
        for side in connection.ends {
            // Connection Terminated By Local Host; Remote User Terminated Connection.
            let reason = if side == self.side { 0x16 } else { 0x13 };
            self.event(side, &[0x05, 4, 0, low, high, reason]);
        }
    }
}
