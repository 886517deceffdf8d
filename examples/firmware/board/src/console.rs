//! Lines for whoever watches the board, on UART0.

use core::fmt;

/// Where [`println`](crate::println) writes.
#[derive(Clone, Copy, Debug)]
pub struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        crate::uart::print(text);
        Ok(())
    }
}

/// Prints a line on UART0, and waits until the FIFO has it.
#[macro_export]
macro_rules! println {
    ($($argument:tt)*) => {{
        use core::fmt::Write as _;
        // The console takes everything.
        let _ = writeln!($crate::console::Console, $($argument)*);
    }};
}
