//! Registers of the MCU, by their addresses.
#![expect(unsafe_code, reason = "registers are memory that no type knows")]

/// A register of 32 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Register(usize);

impl Register {
    /// The register at this address, and nothing else may be there.
    pub(crate) const fn at(address: usize) -> Self {
        Register(address)
    }

    /// The one so many octets further.
    pub(crate) const fn offset(self, octets: usize) -> Self {
        Register(self.0.wrapping_add(octets))
    }

    pub(crate) fn read(self) -> u32 {
        // SAFETY: only addresses of registers come here, which are aligned and always there.
        unsafe { core::ptr::with_exposed_provenance::<u32>(self.0).read_volatile() }
    }

    pub(crate) fn write(self, value: u32) {
        // SAFETY: as above; no register that is written here lets the MCU change memory by itself.
        unsafe { core::ptr::with_exposed_provenance_mut::<u32>(self.0).write_volatile(value) }
    }
}

/// Lets the NVIC pass an interrupt on (ARMv7-M, B3.4.4: a register for each 32; what is written as 0 stays).
pub(crate) fn enable_interrupt(number: usize) {
    const SET_ENABLE: Register = Register::at(0xe000_e100);
    SET_ENABLE.offset((number / 32).wrapping_mul(4)).write(1 << (number % 32));
}
