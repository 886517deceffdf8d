//! Cursors over octets: [`Reader`] takes a packet apart, [`Writer`] puts one together.
//! All integers on the wire are little-endian (Core 6.0, Vol 4, Part E, 5.2).

use core::fmt;

/// The octets are no packet of the kind asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("malformed packet")
    }
}

impl core::error::Error for Malformed {}

/// The packet does not fit the buffer of its [`Writer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Overflow;

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the packet does not fit its buffer")
    }
}

impl core::error::Error for Overflow {}

/// Copies as much of `source` as `target` holds and tells how much that was. Cannot panic.
#[inline]
pub fn copy(target: &mut [u8], source: &[u8]) -> usize {
    let n = target.len().min(source.len());
    if let (Some(t), Some(s)) = (target.get_mut(..n), source.get(..n)) {
        t.copy_from_slice(s);
    }
    n
}

/// Takes octets from the front of a slice.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader at the first octet of `bytes`.
    #[inline]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    /// How many octets are left.
    #[inline]
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// True when no octet is left.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next `n` octets.
    #[inline]
    pub fn bytes(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        let (head, tail) = self.rest.split_at_checked(n).ok_or(Malformed)?;
        self.rest = tail;
        Ok(head)
    }

    /// The next `N` octets, where they stand.
    #[inline]
    pub fn chunk<const N: usize>(&mut self) -> Result<&'a [u8; N], Malformed> {
        let (head, tail) = self.rest.split_first_chunk::<N>().ok_or(Malformed)?;
        self.rest = tail;
        Ok(head)
    }

    /// The next `N` octets as an array.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.chunk().copied()
    }

    /// Everything that is left.
    #[inline]
    pub fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }

    /// The next octet.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    #[cfg_attr(not(target_pointer_width = "32"), inline)]
    pub fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[a]| a)
    }

    /// The next octet as a two's complement number.
    #[inline]
    pub fn i8(&mut self) -> Result<i8, Malformed> {
        self.array::<1>().map(i8::from_le_bytes)
    }

    /// The next two octets.
    #[inline]
    pub fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_le_bytes)
    }

    /// The next three octets.
    #[inline]
    pub fn u24(&mut self) -> Result<u32, Malformed> {
        self.array::<3>().map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]))
    }

    /// The next four octets.
    #[inline]
    pub fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next eight octets.
    #[inline]
    pub fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    /// Fails when octets are left.
    #[inline]
    pub const fn finish(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

/// Appends octets to a buffer. What does not fit is remembered and told by [`Writer::finish`]; nothing panics.
#[derive(Debug)]
pub struct Writer<'b> {
    buffer: &'b mut [u8],
    length: usize,
    overflowed: bool,
}

impl<'b> Writer<'b> {
    /// A writer at the start of `buffer`.
    #[inline]
    pub const fn new(buffer: &'b mut [u8]) -> Self {
        Writer { buffer, length: 0, overflowed: false }
    }

    /// Appends octets, or none of them and remembers the overflow.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    #[cfg_attr(not(target_pointer_width = "32"), inline)]
    pub fn bytes(&mut self, bytes: &[u8]) {
        // In this order the compiler sees that both are as long.
        let target = self.buffer.get_mut(self.length..).and_then(|rest| rest.get_mut(..bytes.len()));
        match target {
            Some(target) => {
                target.copy_from_slice(bytes);
                self.length = self.length.saturating_add(bytes.len());
            }
            None => self.overflowed = true,
        }
    }

    /// Appends an octet.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    #[cfg_attr(not(target_pointer_width = "32"), inline)]
    pub fn u8(&mut self, value: u8) {
        self.bytes(&[value]);
    }

    /// Appends an octet in two's complement.
    #[inline]
    pub fn i8(&mut self, value: i8) {
        self.bytes(&value.to_le_bytes());
    }

    /// Appends two octets.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    #[cfg_attr(not(target_pointer_width = "32"), inline)]
    pub fn u16(&mut self, value: u16) {
        self.bytes(&value.to_le_bytes());
    }

    /// Appends the low three octets of `value`.
    #[inline]
    pub fn u24(&mut self, value: u32) {
        let [a, b, c, _] = value.to_le_bytes();
        self.bytes(&[a, b, c]);
    }

    /// Appends four octets.
    #[inline]
    pub fn u32(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    /// Appends eight octets.
    #[inline]
    pub fn u64(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    /// Overwrites the octet at `at`, which must have been written already; else remembers an overflow.
    #[inline]
    pub fn patch_u8(&mut self, at: usize, value: u8) {
        match self.buffer.get_mut(..self.length).and_then(|b| b.get_mut(at)) {
            Some(octet) => *octet = value,
            None => self.overflowed = true,
        }
    }

    /// Overwrites the two octets at `at`, which must have been written already; else remembers an overflow.
    #[inline]
    pub fn patch_u16(&mut self, at: usize, value: u16) {
        let [low, high] = value.to_le_bytes();
        self.patch_u8(at, low);
        self.patch_u8(at.saturating_add(1), high);
    }

    /// Takes back everything after the first `length` octets, an overflow too.
    #[inline]
    pub fn truncate(&mut self, length: usize) {
        if length <= self.length {
            self.length = length;
            self.overflowed = false;
        }
    }

    /// How many octets have been written.
    #[inline]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// True before the first octet.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// How many octets still fit.
    #[inline]
    pub const fn room(&self) -> usize {
        self.buffer.len().saturating_sub(self.length)
    }

    /// What has been written so far.
    #[inline]
    pub fn written(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }

    /// True when something did not fit.
    #[inline]
    pub const fn is_overflowed(&self) -> bool {
        self.overflowed
    }

    /// What has been written, or [`Overflow`] when something did not fit.
    #[inline]
    pub fn finish(self) -> Result<&'b [u8], Overflow> {
        if self.overflowed {
            return Err(Overflow);
        }
        let Writer { buffer, length, .. } = self;
        let written: &'b [u8] = buffer;
        written.get(..length).ok_or(Overflow)
    }
}
