//! What the MCU calls: the interrupts of UARTs and timer, SysTick, and what must not happen.
#![expect(unsafe_code, reason = "the linker places and finds these by their names")]

use crate::{clock, exit, println, uart};

/// LM3S6965, table 2-9: number of interrupts.
const INTERRUPTS: usize = 44;

#[expect(clippy::indexing_slicing, reason = "worked out when it is compiled")]
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [extern "C" fn(); INTERRUPTS] = {
    let mut table: [extern "C" fn(); INTERRUPTS] = [unexpected; INTERRUPTS];
    table[clock::INTERRUPT] = timer0;
    table[uart::INTERRUPTS[0]] = uart0;
    table[uart::INTERRUPTS[1]] = uart1;
    table[uart::INTERRUPTS[2]] = uart2;
    table
};

extern "C" fn uart0() {
    uart::CONSOLE.interrupt();
}

extern "C" fn uart1() {
    uart::HCI.interrupt();
}

extern "C" fn uart2() {
    uart::EXTRA.interrupt();
}

#[unsafe(no_mangle)]
extern "C" fn SysTick() {
    clock::round();
}

extern "C" fn timer0() {
    clock::alarm();
}

extern "C" fn unexpected() {
    println!("an interrupt that nobody asked for");
    exit(Err(()));
}

#[unsafe(no_mangle)]
extern "C" fn DefaultHandler() {
    unexpected();
}

/// Where cortex-m-rt's would wait for ever.
#[unsafe(no_mangle)]
extern "C" fn HardFault() {
    println!("hard fault: an address that is none, or the stack has run over");
    exit(Err(()));
}
