//! PL011 UARTs, driven by interrupts, as `embedded-io-async` halves.
//!
//! What comes is put into a ring. Where the ring is full, octets stay in the FIFO with the interrupt masked, until a read makes
//! room: QEMU holds its socket back meanwhile. This part has no RTS; one that has would hold its peer back in the same way.

use crate::{
    clock::HERTZ,
    registers::{Register, enable_interrupt},
    shared::Shared,
};
use core::{convert::Infallible, fmt, future::poll_fn, task::Poll};
use embassy_sync::waitqueue::AtomicWaker;
use embedded_io_async::{ErrorType, Read, Write};

pub(crate) static CONSOLE: Port<0x4000_c000, 16> = Port::new();
pub(crate) static HCI: Port<0x4000_d000, 256> = Port::new();
pub(crate) static EXTRA: Port<0x4000_e000, 0> = Port::new();

/// Numbers of their interrupts.
pub(crate) const INTERRUPTS: [usize; 3] = [5, 6, 33];

/// UARTFR: the receive FIFO is empty, the transmit FIFO is full.
const RECEIVE_EMPTY: u32 = 1 << 4;
const TRANSMIT_FULL: u32 = 1 << 5;
/// UARTIM and UARTICR: octets came, or came to rest; there is room to transmit.
const RECEIVED: u32 = 1 << 6 | 1 << 4;
const TRANSMITTED: u32 = 1 << 5;
/// UARTDR: octets were lost in front of this one.
const OVERRUN: u32 = 1 << 11;

/// The controller's UART: what `hci_uart` images have as their default.
const BAUD: u32 = 1_000_000;

/// The registers of a PL011, by the first one's address.
#[derive(Clone, Copy)]
struct Registers(Register);

impl Registers {
    const fn data(self) -> Register {
        self.0
    }
    const fn flags(self) -> Register {
        self.0.offset(0x18)
    }
    const fn mask(self) -> Register {
        self.0.offset(0x38)
    }
    const fn clear(self) -> Register {
        self.0.offset(0x44)
    }

    /// 8N1 with FIFOs.
    fn start(self) {
        /// The clock over 16 times the rate, in 64ths.
        const DIVISOR: u32 = (HERTZ * 4 + BAUD / 2) / BAUD;
        let [integer_divisor, fractional_divisor, line_control, control] =
            [0x24, 0x28, 0x2c, 0x30].map(|octets| self.0.offset(octets));
        control.write(0);
        integer_divisor.write(DIVISOR / 64);
        fractional_divisor.write(DIVISOR % 64);
        line_control.write(0b111 << 4);
        control.write(1 << 9 | 1 << 8 | 1);
    }

    /// Puts an octet into the transmit FIFO, if it has room.
    fn transmit(self, octet: u8) -> bool {
        let room = self.flags().read() & TRANSMIT_FULL == 0;
        if room {
            self.data().write(octet.into());
        }
        room
    }

    fn has_received(self) -> bool {
        self.flags().read() & RECEIVE_EMPTY == 0
    }
}

/// Octets that came and were not read.
struct Ring<const N: usize> {
    octets: [u8; N],
    start: usize,
    length: usize,
    lost: u32,
    full: u32,
}

impl<const N: usize> Ring<N> {
    const fn is_full(&self) -> bool {
        self.length >= N
    }

    fn push(&mut self, octet: u8) {
        let end = self.start.wrapping_add(self.length).checked_rem(N).unwrap_or(0);
        if let Some(place) = self.octets.get_mut(end) {
            *place = octet;
            self.length = self.length.saturating_add(1);
        }
    }

    fn pop(&mut self, buffer: &mut [u8]) -> usize {
        let taken = buffer.len().min(self.length);
        for place in buffer.iter_mut().take(taken) {
            *place = self.octets.get(self.start).copied().unwrap_or(0);
            self.start = self.start.wrapping_add(1).checked_rem(N).unwrap_or(0);
        }
        self.length = self.length.saturating_sub(taken);
        taken
    }
}

/// A UART at this address, with a ring of `N` octets. All zero at the start.
pub(crate) struct Port<const AT: usize, const N: usize> {
    ring: Shared<Ring<N>>,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl<const AT: usize, const N: usize> Port<AT, N> {
    const REGISTERS: Registers = Registers(Register::at(AT));

    const fn new() -> Self {
        Port {
            ring: Shared::new(Ring { octets: [0; N], start: 0, length: 0, lost: 0, full: 0 }),
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
        }
    }

    fn transmit(&self, octet: u8) -> bool {
        Self::REGISTERS.transmit(octet)
    }

    /// What the interrupt does. Reading the FIFO empty is what clears its request; were it cleared by hand, an octet that comes in
    /// that moment would lie there without one.
    pub(crate) fn interrupt(&self) {
        let (data, mask, clear) = (Self::REGISTERS.data(), Self::REGISTERS.mask(), Self::REGISTERS.clear());
        let came = self.ring.with(|ring| {
            let before = ring.length;
            while !ring.is_full() && Self::REGISTERS.has_received() {
                let octet = data.read();
                ring.lost = ring.lost.wrapping_add(u32::from(octet & OVERRUN != 0));
                ring.push(octet.to_le_bytes()[0]);
            }
            let mut masked = 0;
            if ring.is_full() && Self::REGISTERS.has_received() {
                ring.full = ring.full.wrapping_add(1);
                masked = RECEIVED;
            }
            // Who waits for room is told once, and asks again.
            mask.write(mask.read() & !(masked | TRANSMITTED));
            clear.write(TRANSMITTED);
            ring.length != before
        });
        if came {
            self.reader.wake();
        }
        self.writer.wake();
    }

    /// Where the mask was set because the ring was full, octets may come again.
    fn unmask(&self, bits: u32) {
        let mask = Self::REGISTERS.mask();
        mask.write(mask.read() | bits);
    }

    fn start(&self, interrupt: usize) {
        Self::REGISTERS.start();
        self.ring.with(|_| {
            if N > 0 {
                self.unmask(RECEIVED)
            }
        });
        enable_interrupt(interrupt);
    }
}

/// Switches all of them on.
pub(crate) fn start() {
    /// RCGC1: clocks of UART0 to UART2.
    const CLOCKS: Register = Register::at(0x400f_e104);
    CLOCKS.write(CLOCKS.read() | 0b111);
    CONSOLE.start(INTERRUPTS[0]);
    HCI.start(INTERRUPTS[1]);
    EXTRA.start(INTERRUPTS[2]);
}

/// What became of octets of the controller that nobody read in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Congestion {
    /// How often the ring was full, and the FIFO held back what came.
    pub full: u32,
    /// How often the FIFO ran over: octets were lost, for the peer heeded no flow control.
    pub lost: u32,
}

/// How it went since the start.
#[must_use]
pub fn congestion() -> Congestion {
    HCI.ring.with(|ring| Congestion { full: ring.full, lost: ring.lost })
}

/// Waits for room in the FIFO for each octet: the console's way.
pub(crate) fn print(text: &str) {
    for octet in text.bytes() {
        while !CONSOLE.transmit(octet) {}
    }
}

/// A UART's receiving half, with a ring of `N` octets.
pub struct Reader<const AT: usize, const N: usize>(pub(crate) &'static Port<AT, N>);

/// A UART's transmitting half.
pub struct Writer<const AT: usize, const N: usize>(pub(crate) &'static Port<AT, N>);

impl<const AT: usize, const N: usize> fmt::Debug for Reader<AT, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader")
    }
}

impl<const AT: usize, const N: usize> fmt::Debug for Writer<AT, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl<const AT: usize, const N: usize> ErrorType for Reader<AT, N> {
    type Error = Infallible;
}

impl<const AT: usize, const N: usize> ErrorType for Writer<AT, N> {
    type Error = Infallible;
}

impl<const AT: usize, const N: usize> Read for Reader<AT, N> {
    /// Gives what has come, and waits for the first octet. Dropping the future loses nothing.
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        if buffer.is_empty() {
            return Ok(0);
        }
        poll_fn(|context| {
            let taken = self.0.ring.with(|ring| {
                let taken = ring.pop(buffer);
                match taken {
                    0 => self.0.reader.register(context.waker()),
                    _ => self.0.unmask(RECEIVED),
                }
                taken
            });
            if taken == 0 { Poll::Pending } else { Poll::Ready(Ok(taken)) }
        })
        .await
    }
}

impl<const AT: usize, const N: usize> Write for Writer<AT, N> {
    /// Gives the FIFO as much as it takes, and waits for room for the first octet. Dropping the future loses nothing.
    async fn write(&mut self, octets: &[u8]) -> Result<usize, Infallible> {
        poll_fn(|context| {
            let taken = octets.iter().take_while(|octet| self.0.transmit(**octet)).count();
            if taken == 0 && !octets.is_empty() {
                self.0.writer.register(context.waker());
                // The request of the FIFO that ran low stands until it is cleared, and only the interrupt does that.
                self.0.ring.with(|_| self.0.unmask(TRANSMITTED));
                return Poll::Pending;
            }
            Poll::Ready(Ok(taken))
        })
        .await
    }

    /// What is in the FIFO leaves by itself.
    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
