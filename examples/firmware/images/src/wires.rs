//! What carries a host's packets: the controller's UART.

use core::convert::Infallible;
use jelling::{RunError, Runner};
use jelling_h4::{H4DirectReader, H4Error, H4Writer};

/// The UARTs that a host needs.
#[derive(Debug)]
pub struct Wires(board::Hci);

impl Wires {
    /// Of the controller; feature `snoop` writes a capture on the other.
    #[must_use]
    pub fn new(hci: board::Hci, _: board::Extra) -> Self {
        Wires(hci)
    }

    pub(crate) async fn carry(self, runner: &mut Runner<'static>) -> RunError<H4Error<Infallible>, Infallible> {
        let (reader, writer) = self.0;
        runner.run(H4DirectReader::new(reader), H4Writer::new(writer)).await
    }
}
