//! L2CAP between ACL packets and channels: recombination, fragmentation, the signalling channel, channels that are opened by request
//! (Vol 3, Part A).

#[cfg(feature = "l2cap")]
mod channel;
#[cfg(feature = "peripheral")]
mod parameters;
mod receive;
mod replies;
mod signalling;
mod transmit;

#[cfg(feature = "l2cap")]
pub(crate) use channel::Turns;
#[cfg(feature = "l2cap")]
pub use channel::{
    Channel, ChannelDemands, ChannelHandle, ChannelInfo, ChannelOptions, FramePart, ListenerHandle, Received,
};
pub(crate) use replies::Replies;
#[cfg(feature = "central")]
pub(crate) use replies::Reply;
pub(crate) use transmit::{COMPLETION_TIMEOUT, Data};
