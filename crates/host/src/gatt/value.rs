//! Typed values: what Rust types are as the octets of an attribute, little-endian.

/// A value that can be written: integers, floats, `bool`, octet arrays, slices and strings.
pub trait ToOctets {
    /// Its octets.
    type Octets<'a>: AsRef<[u8]>
    where
        Self: 'a;
    /// Gives its octets.
    fn to_octets(&self) -> Self::Octets<'_>;
}

/// A value that can be read: integers, floats, `bool`, octet arrays.
pub trait Value: Sized {
    /// Room for its octets.
    type Buffer: AsMut<[u8]> + AsRef<[u8]> + Copy;
    /// The empty room.
    const EMPTY: Self::Buffer;
    /// From octets; `None` where they are no such value.
    fn decode(octets: &[u8]) -> Option<Self>;
}

macro_rules! numbers {
    ($($type:ty: $size:literal)+) => {$(
        impl ToOctets for $type {
            type Octets<'a> = [u8; $size];
            fn to_octets(&self) -> [u8; $size] {
                self.to_le_bytes()
            }
        }

        impl Value for $type {
            type Buffer = [u8; $size];
            const EMPTY: [u8; $size] = [0; $size];
            fn decode(octets: &[u8]) -> Option<Self> {
                octets.try_into().ok().map(<$type>::from_le_bytes)
            }
        }
    )+};
}

numbers! { u8: 1 i8: 1 u16: 2 i16: 2 u32: 4 i32: 4 u64: 8 i64: 8 u128: 16 i128: 16 f32: 4 f64: 8 }

impl ToOctets for bool {
    type Octets<'a> = [u8; 1];
    fn to_octets(&self) -> [u8; 1] {
        [u8::from(*self)]
    }
}

impl Value for bool {
    type Buffer = [u8; 1];
    const EMPTY: [u8; 1] = [0];
    fn decode(octets: &[u8]) -> Option<Self> {
        match octets {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }
}

impl<const N: usize> ToOctets for [u8; N] {
    type Octets<'a> = &'a [u8];
    fn to_octets(&self) -> &[u8] {
        self
    }
}

impl<const N: usize> Value for [u8; N] {
    type Buffer = [u8; N];
    const EMPTY: [u8; N] = [0; N];
    fn decode(octets: &[u8]) -> Option<Self> {
        octets.try_into().ok()
    }
}

impl ToOctets for [u8] {
    type Octets<'a> = &'a [u8];
    fn to_octets(&self) -> &[u8] {
        self
    }
}

impl ToOctets for str {
    type Octets<'a> = &'a [u8];
    fn to_octets(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl<T: ToOctets + ?Sized> ToOctets for &T {
    type Octets<'a>
        = T::Octets<'a>
    where
        Self: 'a;
    fn to_octets(&self) -> T::Octets<'_> {
        T::to_octets(self)
    }
}
