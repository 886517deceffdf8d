//! L2CAP channels with credits (Vol 3, Part A, 10.1; aioble's `l2cap.py`).

mod channel;
mod connect;
mod end;
mod frames;
mod io;
mod listen;
mod receive;
mod send;

pub use channel::L2capChannel;
pub use connect::{L2capAccept, L2capConnect};
pub use end::{L2capDisconnect, L2capDisconnected};
pub(crate) use frames::FrameBuffer;
pub use listen::{L2capAccepted, L2capListener};
pub use receive::{L2capReceive, L2capRecvinto};
pub use send::{L2capFlush, L2capSend};
