//! The machine: text on QEMU's semihosting, a timer that counts instructions, a heap for the link, the stack.

use alloc::alloc::{GlobalAlloc, Layout};
use core::{arch::asm, cell::UnsafeCell, fmt, panic::PanicInfo, ptr, sync::atomic};

/// Semihosting (Arm's "Semihosting for AArch32 and AArch64", 5): operation and parameter.
fn call(operation: u32, parameter: usize) {
    // SAFETY: QEMU takes the call, and changes no register but r0.
    unsafe { asm!("bkpt #0xab", inout("r0") operation => _, in("r1") parameter) };
}

struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for octet in text.bytes() {
            // SYS_WRITEC.
            call(0x03, ptr::from_ref(&octet) as usize);
        }
        Ok(())
    }
}

/// Prints a line.
pub fn print(line: fmt::Arguments<'_>) {
    let _ = fmt::Write::write_fmt(&mut Console, format_args!("{line}\n"));
}

/// Prints a figure, for `xtask`.
pub fn tell(what: &str, figure: u64) {
    print(format_args!("{what}\t{figure}"));
}

/// Ends the emulator.
pub fn exit(is_well: Result<(), ()>) -> ! {
    // SYS_EXIT: ADP_Stopped_ApplicationExit, or ADP_Stopped_RunTimeErrorUnknown.
    call(0x18, if is_well.is_ok() { 0x2_0026 } else { 0x2_0023 });
    loop {}
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    print(format_args!("{info}"));
    exit(Err(()))
}

/// CMSDK APB timer 0: CTRL, VALUE, RELOAD. It counts down, 25 MHz.
const TIMER: *mut u32 = 0x4000_0000 as *mut u32;
/// Nanoseconds of a tick, and of an instruction as `-icount shift=7` has it.
const TICK: u64 = 40;
const INSTRUCTION: u64 = 128;

/// Starts the timer.
pub fn start() {
    // SAFETY: these are the timer's registers, and nobody else uses them.
    unsafe {
        TIMER.add(2).write_volatile(u32::MAX);
        TIMER.add(1).write_volatile(u32::MAX);
        TIMER.write_volatile(1);
    }
}

/// Ticks that are left.
#[inline(always)]
pub fn ticks() -> u32 {
    atomic::compiler_fence(atomic::Ordering::SeqCst);
    // SAFETY: as above.
    let value = unsafe { TIMER.add(1).read_volatile() };
    atomic::compiler_fence(atomic::Ordering::SeqCst);
    value
}

/// Holds the timer against a loop whose instructions are known.
pub fn calibrate() {
    const ROUNDS: u32 = 10_000;
    let start = ticks();
    // SAFETY: nothing but a register and the flags change.
    unsafe { asm!("2: subs {0}, #1", "bne 2b", inout(reg) ROUNDS => _) };
    let counted = instructions(u64::from(start.wrapping_sub(ticks())));
    let known = u64::from(2 * ROUNDS);
    // What reads the timer are a few instructions more.
    assert!((known..known + 8).contains(&counted), "{counted} instructions were counted, and {known} are there");
}

/// Instructions in so many ticks.
pub const fn instructions(ticks: u64) -> u64 {
    ticks * TICK / INSTRUCTION
}

/// Memory that is never given back: the link's packets go round.
struct Heap {
    memory: UnsafeCell<[u64; SIZE / 8]>,
    used: UnsafeCell<usize>,
}

const SIZE: usize = 2 << 20;

// SAFETY: there is one thread, and no interrupt.
unsafe impl Sync for Heap {}

// SAFETY: a piece begins where the last one ended, and lasts for ever.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe {
            let start = (*self.used.get()).next_multiple_of(layout.align());
            let end = start + layout.size();
            if end > SIZE {
                return ptr::null_mut();
            }
            *self.used.get() = end;
            self.memory.get().cast::<u8>().add(start)
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static HEAP: Heap = Heap { memory: UnsafeCell::new([0; SIZE / 8]), used: UnsafeCell::new(0) };

struct Alone;
critical_section::set_impl!(Alone);

// SAFETY: there is one thread, and no interrupt.
unsafe impl critical_section::Impl for Alone {
    unsafe fn acquire() -> critical_section::RawRestoreState {}
    unsafe fn release(_: critical_section::RawRestoreState) {}
}

/// What unused stack is filled with.
const PAINT: u32 = 0x5afe_57ac;
/// How far down is looked, in words. More than any host needs.
const DEPTH: usize = 8 << 10;

/// Runs `work`, and gives the octets of stack that it used.
#[inline(never)]
pub fn stack_of(work: impl FnOnce()) -> usize {
    let mark: *mut u32;
    // SAFETY: reads a register. Below it is nothing that is needed, and the stack goes on for 4 MB.
    unsafe { asm!("mov {}, sp", out(reg) mark) };
    // A few words for what writes the paint.
    let top = mark.wrapping_sub(16);
    for word in 0..DEPTH {
        // SAFETY: as above.
        unsafe { top.wrapping_sub(word).write_volatile(PAINT) };
    }
    work();
    let mut word = DEPTH;
    // SAFETY: as above.
    while word > 0 && unsafe { top.wrapping_sub(word - 1).read_volatile() } == PAINT {
        word -= 1;
    }
    assert!(word < DEPTH, "the stack is deeper than what was painted");
    (word + 16) * 4
}
