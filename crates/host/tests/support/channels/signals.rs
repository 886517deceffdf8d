//! Commands of the signalling channel, octet by octet (Vol 3, Part A, 4): the second opinion on those of `wire`.

pub(crate) const REJECT: u8 = 0x01;
pub(crate) const DISCONNECT: u8 = 0x06;
pub(crate) const DISCONNECTED: u8 = 0x07;
pub(crate) const UPDATE: u8 = 0x12;
pub(crate) const CONNECT: u8 = 0x14;
pub(crate) const CONNECTED: u8 = 0x15;
pub(crate) const CREDIT: u8 = 0x16;

/// The most octets that a peer must take on the signalling channel (4).
pub(crate) const MTU: usize = 23;

/// A command as it was heard: code, identifier, its fields of two octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signal {
    pub(crate) code: u8,
    pub(crate) identifier: u8,
    pub(crate) fields: Vec<u16>,
}

impl Signal {
    pub(crate) fn new(code: u8, identifier: u8, fields: &[u16]) -> Self {
        Signal { code, identifier, fields: fields.to_vec() }
    }

    /// Of the host, which sends nothing but whole commands that any peer takes.
    pub(crate) fn parse(octets: &[u8]) -> Self {
        assert!(octets.len() >= 4 && octets.len() <= MTU, "a command of {} octets", octets.len());
        let length = usize::from(u16::from_le_bytes([octets[2], octets[3]]));
        assert_eq!(octets.len(), length + 4, "a command with a wrong length: {octets:02x?}");
        assert_ne!(octets[1], 0, "an identifier of 0");
        assert_eq!(length % 2, 0, "half a field: {octets:02x?}");
        let fields = octets[4..].chunks(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect();
        Signal { code: octets[0], identifier: octets[1], fields }
    }

    pub(crate) fn octets(&self) -> Vec<u8> {
        let data: Vec<u8> = self.fields.iter().flat_map(|field| field.to_le_bytes()).collect();
        raw(self.code, self.identifier, &data)
    }
}

/// A command with any data.
pub(crate) fn raw(code: u8, identifier: u8, data: &[u8]) -> Vec<u8> {
    let mut octets = vec![code, identifier];
    octets.extend((data.len() as u16).to_le_bytes());
    octets.extend(data);
    octets
}

/// What a side says of its end of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) cid: u16,
    pub(crate) mtu: u16,
    pub(crate) mps: u16,
    pub(crate) credits: u16,
}

pub(crate) fn connect(identifier: u8, psm: u16, end: &End) -> Signal {
    Signal::new(CONNECT, identifier, &[psm, end.cid, end.mtu, end.mps, end.credits])
}

pub(crate) fn connected(identifier: u8, end: &End, result: u16) -> Signal {
    Signal::new(CONNECTED, identifier, &[end.cid, end.mtu, end.mps, end.credits, result])
}

/// The channel's end at who gets this, and at who sends it.
pub(crate) fn disconnect(identifier: u8, destination: u16, source: u16) -> Signal {
    Signal::new(DISCONNECT, identifier, &[destination, source])
}

/// As in the request.
pub(crate) fn disconnected(identifier: u8, destination: u16, source: u16) -> Signal {
    Signal::new(DISCONNECTED, identifier, &[destination, source])
}

/// The channel's end at who sends this.
pub(crate) fn credit(identifier: u8, source: u16, credits: u16) -> Signal {
    Signal::new(CREDIT, identifier, &[source, credits])
}

pub(crate) fn not_understood(identifier: u8) -> Signal {
    Signal::new(REJECT, identifier, &[0])
}

/// The disputed channel's end at who sends this, and at who asked (4.1).
pub(crate) fn invalid_cid(identifier: u8, local: u16, remote: u16) -> Signal {
    Signal::new(REJECT, identifier, &[2, local, remote])
}
