//! LE credit-based channels (Vol 3, Part A, 3.4, 4.22-4.24 and 10.1). Each is a slot; what is to be signalled and sent follows from it.

mod close;
mod demands;
mod fifo;
mod open;
mod receive;
mod send;
mod signals;
mod slot;
mod timeout;

pub use demands::ChannelDemands;
pub use send::FramePart;
pub(crate) use send::Turns;
pub use slot::{Channel, ChannelHandle, ChannelInfo, ChannelOptions, ListenerHandle, Received};
