//! What carries a host's packets: the controller's UART, and a second one on which a capture of them leaves.

use core::convert::Infallible;
use embassy_futures::select::{Either, select};
use embassy_time::Instant;
use embedded_io_async::Write;
use jelling::{RunError, Runner};
use jelling_h4::{H4DirectReader, H4Error, H4Writer};
use jelling_transport::{Snoop, SnoopRing};
use static_cell::ConstStaticCell;

/// Octets that may wait for the second UART; records beyond them are dropped and counted. While the host computes, 256 octets come to
/// the first one's ring: 32 of the shortest packets, whose records these are.
const ROOM: usize = 1024;
/// Not in a future: what builds one there would have it on the stack too, below P-256.
static RING: ConstStaticCell<SnoopRing<ROOM>> = ConstStaticCell::new(SnoopRing::new(|| Instant::now().as_micros()));

/// The UARTs that a host needs.
#[derive(Debug)]
pub struct Wires {
    hci: board::Hci,
    extra: board::Extra,
}

impl Wires {
    /// Of the controller, and of who keeps the capture.
    #[must_use]
    pub fn new(hci: board::Hci, extra: board::Extra) -> Self {
        Wires { hci, extra }
    }

    pub(crate) async fn carry(self, runner: &mut Runner<'static>) -> RunError<H4Error<Infallible>, Infallible> {
        let Some(ring) = RING.try_take() else { board::exit(Err(())) };
        let ring = &*ring;
        let (reader, writer) = self.hci;
        let reader = Snoop::new(H4DirectReader::new(reader), ring);
        let run = runner.run(reader, Snoop::new(H4Writer::new(writer), ring));
        match select(run, send(ring, self.extra)).await {
            Either::First(end) => end,
            Either::Second(never) => match never {},
        }
    }
}

/// Sends the capture on, as fast as the UART takes it: the host does not wait for that.
async fn send(ring: &SnoopRing<ROOM>, mut extra: board::Extra) -> Infallible {
    let mut buffer = [0; 64];
    loop {
        let length = ring.read(&mut buffer).await;
        let mut rest = buffer.get(..length).unwrap_or_default();
        while !rest.is_empty() {
            let Ok(taken) = extra.write(rest).await;
            rest = rest.get(taken..).unwrap_or_default();
        }
    }
}
