//! CRC-32 (ISO 3309), over which no single octet can change unnoticed.

/// The checksum of octets.
pub(crate) fn crc32(octets: &[u8]) -> u32 {
    let next = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !octets.iter().fold(u32::MAX, |crc, octet| (0..8).fold(crc ^ u32::from(*octet), |crc, _| next(crc)))
}

#[cfg(test)]
mod tests {
    use super::crc32;

    /// The check value of CRC-32.
    #[test]
    fn it_is_the_one_that_everybody_has() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }
}
