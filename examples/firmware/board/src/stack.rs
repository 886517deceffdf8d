//! How far down the stack has ever been: start-up paints all of it.
#![expect(unsafe_code, reason = "the stack's memory is known to the linker alone")]

use core::ptr::addr_of;

unsafe extern "C" {
    /// The lowest word of the stack, and what stands above its highest.
    static _stack_end: u32;
    static _stack_start: u32;
}

/// Octets there are.
#[must_use]
pub fn size() -> usize {
    addr_of!(_stack_start).addr().saturating_sub(addr_of!(_stack_end).addr())
}

/// Octets that have been used since the start, at most.
#[must_use]
pub fn used() -> usize {
    let end = addr_of!(_stack_end);
    let words = size() / 4;
    // SAFETY: it is memory of the stack, below what is in use, and read as it lies.
    let is_painted = |word: &usize| unsafe { end.add(*word).read_volatile() } == cortex_m_rt::STACK_PAINT_VALUE;
    words.saturating_sub((0..words).take_while(is_painted).count()).saturating_mul(4)
}
