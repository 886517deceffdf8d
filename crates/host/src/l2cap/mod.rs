//! L2CAP between ACL packets and channels: recombination, fragmentation, the signalling channel (Vol 3, Part A).

mod receive;
mod signalling;
mod transmit;

pub(crate) use transmit::COMPLETION_TIMEOUT;
