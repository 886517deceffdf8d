//! Packets as tables of (name, octets, value), checked both ways.
#![allow(missing_docs, unreachable_pub, reason = "tests")]

use core::fmt::Debug;
use jelling_wire::Malformed;

/// Both ways, and cut short or made longer at every length: then it is malformed, or another value that keeps its octets.
pub fn check<T: PartialEq + Debug>(
    name: &str,
    octets: &[u8],
    value: &T,
    parse: impl for<'a> Fn(&'a [u8]) -> Result<Vec<u8>, Malformed>,
    equals: impl Fn(&[u8], &T) -> bool,
) {
    assert!(equals(octets, value), "{name}: {octets:02x?} is not {value:?}");
    assert_eq!(parse(octets).as_deref(), Ok(octets), "{name}: not written as it was read");
    for length in 0..octets.len() {
        if let Ok(again) = parse(&octets[..length]) {
            assert_eq!(again, &octets[..length], "{name}, cut to {length}");
        }
    }
    for more in 1..4 {
        let mut longer = octets.to_vec();
        longer.resize(octets.len() + more, 0);
        if let Ok(again) = parse(&longer) {
            assert_eq!(again, longer, "{name}, longer by {more}");
        }
    }
}

macro_rules! table {
    ($test:ident, $type:ident, [$(($name:literal, $octets:expr, $value:expr)),+ $(,)?]) => {
        #[test]
        fn $test() {
            let write = |octets: &[u8]| -> Result<Vec<u8>, Malformed> {
                let mut buffer = [0; 600];
                let mut w = Writer::new(&mut buffer);
                $type::parse(octets)?.emit(&mut w);
                Ok(w.finish().expect("it fits").to_vec())
            };
            $(
                let octets: &[u8] = &$octets;
                check($name, octets, &$value, write, |octets, value| $type::parse(octets).as_ref() == Ok(value));
                assert!(!$value.to_string().is_empty());
            )+
        }
    };
}
