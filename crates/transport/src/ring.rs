//! A capture in memory, whose octets leave more slowly than packets pass: by a second UART.

use crate::{SnoopSink, btsnoop::FILE_HEADER};
use core::{
    cell::RefCell,
    fmt,
    future::poll_fn,
    task::{Poll, Waker},
};
use jelling_wire::copy;

/// A sink of `N` octets, from which a task takes what it can send on. Nobody waits for that task: a record that finds no room is
/// dropped as a whole, and those that come after it say how many were. What is read is a file of btsnoop, from its header on.
///
/// A record has [`RECORD_HEADER`](crate::btsnoop::RECORD_HEADER) octets more than its packet, 25. It is for one thread.
///
/// ```
/// # embassy_futures::block_on(async {
/// use jelling_transport::{Snoop, SnoopRing, btsnoop::FILE_HEADER};
/// # use jelling_transport::PacketWrite;
/// # struct Uart;
/// # impl PacketWrite for Uart {
/// #     type Error = ();
/// #     async fn write(&mut self, _: jelling_wire::Packet<'_>) -> Result<(), ()> { Ok(()) }
/// # }
/// let ring = SnoopRing::<1024>::new(|| 0);
/// let writer = Snoop::new(Uart, &ring);
/// // Beside the host, with both halves of its transport snooped:
/// let mut buffer = [0; 64];
/// let length = ring.read(&mut buffer).await;
/// assert_eq!(buffer[..length], FILE_HEADER);
/// # let _ = writer;
/// # });
/// ```
pub struct SnoopRing<const N: usize> {
    micros: fn() -> u64,
    contents: RefCell<Contents<N>>,
}

struct Contents<const N: usize> {
    octets: [u8; N],
    start: usize,
    length: usize,
    /// Octets of the file's header that have been read.
    headed: usize,
    dropped: u32,
    reader: Option<Waker>,
}

impl<const N: usize> SnoopRing<N> {
    /// An empty capture. `micros` tells the time, in microseconds: since 1970, or since the start where there is no calendar.
    pub const fn new(micros: fn() -> u64) -> Self {
        let contents = Contents { octets: [0; N], start: 0, length: 0, headed: 0, dropped: 0, reader: None };
        SnoopRing { micros, contents: RefCell::new(contents) }
    }

    /// Takes the next octets of the file, as many as are there and fit into `buffer`; waits for the first. 0 only where `buffer` is
    /// empty. One task may wait at a time.
    ///
    /// Dropping the future loses nothing.
    pub async fn read(&self, buffer: &mut [u8]) -> usize {
        poll_fn(|context| {
            // Nothing calls back in from here, so it is never borrowed already.
            let Ok(mut contents) = self.contents.try_borrow_mut() else { return Poll::Pending };
            match contents.take(buffer) {
                0 if !buffer.is_empty() => {
                    contents.reader = Some(context.waker().clone());
                    Poll::Pending
                }
                taken => Poll::Ready(taken),
            }
        })
        .await
    }
}

impl<const N: usize> Contents<N> {
    fn take(&mut self, buffer: &mut [u8]) -> usize {
        let head = copy(buffer, FILE_HEADER.get(self.headed..).unwrap_or_default());
        self.headed = self.headed.saturating_add(head);
        let mut taken = head;
        // The ring's end, then its beginning.
        for _ in 0..2 {
            let rest = buffer.get_mut(taken..).unwrap_or_default();
            let there = self.octets.get(self.start..).unwrap_or_default();
            let there = there.get(..self.length.min(there.len())).unwrap_or_default();
            let n = copy(rest, there);
            taken = taken.saturating_add(n);
            self.length = self.length.saturating_sub(n);
            self.start = Self::place(self.start, n);
        }
        taken
    }

    /// False where there is no room for all of them.
    fn put(&mut self, pieces: &[&[u8]]) -> bool {
        let size = pieces.iter().fold(0usize, |size, piece| size.saturating_add(piece.len()));
        if size > N.saturating_sub(self.length) {
            return false;
        }
        for piece in pieces {
            let end = Self::place(self.start, self.length);
            let n = copy(self.octets.get_mut(end..).unwrap_or_default(), piece);
            copy(&mut self.octets, piece.get(n..).unwrap_or_default());
            self.length = self.length.saturating_add(piece.len());
        }
        true
    }

    /// So many octets further; at most `N`.
    fn place(from: usize, octets: usize) -> usize {
        let place = from.saturating_add(octets);
        place.checked_sub(N).unwrap_or(place)
    }
}

impl<const N: usize> SnoopSink for SnoopRing<N> {
    fn unix_micros(&self) -> u64 {
        (self.micros)()
    }

    fn write(&self, pieces: &[&[u8]]) {
        let Ok(mut contents) = self.contents.try_borrow_mut() else { return };
        if !contents.put(pieces) {
            contents.dropped = contents.dropped.saturating_add(1);
        }
        let reader = contents.reader.take();
        drop(contents);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    fn dropped(&self) -> u32 {
        self.contents.try_borrow().map_or(0, |contents| contents.dropped)
    }
}

impl<const N: usize> fmt::Debug for SnoopRing<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnoopRing").field("dropped", &self.dropped()).finish_non_exhaustive()
    }
}
