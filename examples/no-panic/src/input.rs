//! Octets and numbers that the compiler cannot foresee: volatile reads.

static mut INPUT: [u32; 128] = [0; 128];
static mut OUTPUT: u32 = 0;

/// Any number.
pub(crate) fn word() -> u32 {
    unsafe { core::ptr::read_volatile(core::ptr::addr_of!(INPUT).cast::<u32>()) }
}

/// Any octets, up to 300 of them.
pub(crate) fn octets(buffer: &mut [u8; 300]) -> &[u8] {
    for octet in buffer.iter_mut() {
        *octet = word() as u8;
    }
    let length = (word() as usize).min(buffer.len());
    buffer.get(..length).unwrap_or_default()
}

/// Something came out.
pub(crate) fn out(value: u32) {
    unsafe { core::ptr::write_volatile(core::ptr::addr_of_mut!(OUTPUT), value) }
}
