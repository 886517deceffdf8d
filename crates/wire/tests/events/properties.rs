//! Whatever the parameters are, an event is malformed or is written as it reads.

use crate::{octets, rows};
use jelling_wire::{
    Writer,
    hci::event::{Event, EventCode, Subevent},
};
use proptest::{prelude::*, sample::select};

fn holds(octets: &[u8]) -> Result<(), TestCaseError> {
    let Ok(event) = Event::parse(octets) else { return Ok(()) };
    let mut buffer = [0; 257];
    let mut w = Writer::new(&mut buffer);
    event.emit(&mut w);
    let written = w.finish().unwrap();
    prop_assert_eq!(written.len(), octets.len());
    prop_assert_eq!(Event::parse(written), Ok(event));
    prop_assert_eq!((written[0], written[1]), (octets[0], octets[1]));
    prop_assert!(event.to_string().starts_with("HCI Event: "));
    Ok(())
}

fn packet(code: u8, parameters: &[u8]) -> Vec<u8> {
    [&[code, parameters.len() as u8], parameters].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn any_parameters(code in select(EventCode::ALL), parameters in proptest::collection::vec(any::<u8>(), 0..=255)) {
        holds(&packet(code.0, &parameters))?;
    }

    #[test]
    fn any_parameters_of_an_le_event(
        subevent in select(Subevent::ALL),
        parameters in proptest::collection::vec(any::<u8>(), 0..255),
    ) {
        holds(&packet(0x3e, &[&[subevent.0], &parameters[..]].concat()))?;
    }

    /// Events of the right length, some of whose octets are others.
    #[test]
    fn a_row_with_other_values(
        row in select(rows().collect::<Vec<_>>()),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut octets = octets(row.1);
        let first = if octets[0] == 0x3e { 3 } else { 2 };
        if octets.len() > first {
            for (at, value) in changes {
                let length = octets.len() - first;
                octets[first + at.index(length)] = value;
            }
        }
        holds(&octets)?;
    }
}
