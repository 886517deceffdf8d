//! Frame buffers: an SDU is copied once, into a buffer from which the transport takes it with the lock of the core open.

#[cfg(feature = "sync")]
use crate::gate::RawLock;
use ::core::ops::DerefMut;

/// A buffer that one task at a time fills, or the runner writes from. Nobody waits for one: the core knows which are free.
#[cfg(not(feature = "sync"))]
#[derive(Debug)]
pub struct FrameBuffer<T: ?Sized = [u8]>(::core::cell::RefCell<T>);

/// A buffer that one task at a time fills, or the runner writes from. Nobody waits for one: the core knows which are free.
#[cfg(feature = "sync")]
#[derive(Debug)]
pub struct FrameBuffer<T: ?Sized = [u8]>(embassy_sync::mutex::Mutex<RawLock, T>);

impl<const PACKET: usize> FrameBuffer<[u8; PACKET]> {
    /// All zero.
    pub(crate) const fn new() -> Self {
        #[cfg(not(feature = "sync"))]
        return FrameBuffer(::core::cell::RefCell::new([0; PACKET]));
        #[cfg(feature = "sync")]
        return FrameBuffer(embassy_sync::mutex::Mutex::new([0; PACKET]));
    }
}

impl FrameBuffer {
    /// The octets, as long as nobody else has them.
    pub(crate) fn try_lock(&self) -> Option<impl DerefMut<Target = [u8]>> {
        #[cfg(not(feature = "sync"))]
        return self.0.try_borrow_mut().ok();
        #[cfg(feature = "sync")]
        return self.0.try_lock().ok();
    }
}
