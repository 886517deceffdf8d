//! Answers that are wrong in one way each, and what a procedure makes of them.

use crate::{
    procedures::{HANDLES, PROCEDURES, is_well, remote},
    support::{honest, play},
};
use jelling::{Error, ErrorCode};

/// Stands for the right answer.
const HONEST: &[u8] = &[];

/// Answers one after another, whatever is asked; the last one again and again.
pub(crate) fn in_turn(answers: &'static [&'static [u8]]) -> impl FnMut(&[u8]) -> Vec<Vec<u8>> {
    let mut next = 0;
    move |request| {
        if request[0] == 0x18 && request[1] == 0 {
            return vec![vec![0x19]];
        }
        let answer = answers[next.min(answers.len() - 1)];
        next += 1;
        if answer == HONEST { honest::answer(request) } else { vec![answer.to_vec()] }
    }
}

const NONE: &[u8] = &[0x01, 0x08, 0x11, 0, 0x0a];
const FULL: &[u8] = &[0x0d; 23];

/// What is odd, the procedure, the answers, and what it ends with.
type Row = (&'static str, &'static str, &'static [&'static [u8]], Result<(), Error>);

#[test]
fn what_hostile_answers_lead_to() {
    use Error::{Gatt, InvalidValue, Protocol, TooLong};
    let handle = Gatt(ErrorCode::INVALID_HANDLE);
    let table: &[Row] = &[
        ("an error of another request", "read", &[&[0x01, 0x12, 0x13, 0, 0x01], HONEST], Err(Protocol)),
        ("an error of this request", "read", &[&[0x01, 0x0a, 0x13, 0, 0x01]], Err(handle)),
        ("an error that is cut", "read", &[&[0x01, 0x0a, 0x13, 0]], Err(Protocol)),
        ("the answer to another request", "read", &[&[0x0d, 1], HONEST], Err(Protocol)),
        ("an answer beyond the MTU", "read", &[&[0x0b; 24]], Err(Protocol)),
        ("a value without an end", "read", &[&[0x0b; 23], FULL], Err(Protocol)),
        ("a value that ends with its PDU", "read", &[&[0x0b; 23], &[0x01, 0x0c, 0x13, 0, 0x0b]], Ok(())),
        ("a server without long values", "read", &[&[0x0b; 23], &[0x01, 0x0c, 0x13, 0, 0x06]], Ok(())),
        (
            "a part that may not be read",
            "read",
            &[&[0x0b; 23], &[0x01, 0x0c, 0x13, 0, 0x05]],
            Err(Gatt(ErrorCode::INSUFFICIENT_AUTHENTICATION)),
        ),
        ("a service again", "services", &[&[0x11, 6, 0x10, 0, 0x1f, 0, 0x1a, 0x18]], Err(Protocol)),
        (
            "a service that ends before it begins",
            "services",
            &[&[0x11, 6, 0x10, 0, 0x0f, 0, 0x1a, 0x18], HONEST],
            Err(Protocol),
        ),
        ("a service at handle 0", "services", &[&[0x11, 6, 0, 0, 0x0f, 0, 0x1a, 0x18], HONEST], Err(Protocol)),
        (
            "services that overlap",
            "services",
            &[&[0x11, 6, 0x10, 0, 0x1f, 0, 0x1a, 0x18, 0x1f, 0, 0x2f, 0, 0x1a, 0x18], HONEST],
            Err(Protocol),
        ),
        (
            "a service after the last handle",
            "services",
            &[&[0x11, 6, 0x10, 0, 0xff, 0xff, 0x1a, 0x18, 0xff, 0xff, 0xff, 0xff, 0x1a, 0x18]],
            Err(Protocol),
        ),
        (
            "services of no such length",
            "services",
            &[&[0x11, 8, 0x10, 0, 0x1f, 0, 0x1a, 0x18, 1, 2], HONEST],
            Err(Protocol),
        ),
        ("services that are cut", "services", &[&[0x11, 6, 0x10, 0, 0x1f, 0, 0x1a], HONEST], Err(Protocol)),
        ("a service by UUID again", "service by UUID", &[&[0x07, 0x10, 0, 0x0f, 0], HONEST], Err(Protocol)),
        ("a characteristic again", "characteristics", &[&[0x09, 7, 0x12, 0, 2, 0x13, 0, 0x6e, 0x2a]], Err(Protocol)),
        (
            "a value before its declaration",
            "characteristics",
            &[&[0x09, 7, 0x12, 0, 2, 0x12, 0, 0x6e, 0x2a], HONEST],
            Err(Protocol),
        ),
        (
            "a value beyond the service",
            "characteristics",
            &[&[0x09, 7, 0x12, 0, 2, 0x20, 0, 0x6e, 0x2a], HONEST],
            Err(Protocol),
        ),
        (
            "a characteristic after the last",
            "characteristics",
            &[&[0x09, 7, 0x12, 0, 2, 0x1f, 0, 0x6e, 0x2a, 0x13, 0, 2, 0x1f, 0, 0x6e, 0x2a], HONEST],
            Err(Protocol),
        ),
        ("an include again", "includes", &[&[0x09, 8, 0x11, 0, 0x20, 0, 0x2f, 0, 0x0f, 0x18]], Err(Protocol)),
        (
            "an include of handle 0",
            "includes",
            &[&[0x09, 8, 0x11, 0, 0, 0, 0x2f, 0, 0x0f, 0x18], HONEST],
            Err(Protocol),
        ),
        (
            "an include that ends before",
            "includes",
            &[&[0x09, 8, 0x11, 0, 0x20, 0, 0x1f, 0, 0x0f, 0x18], HONEST],
            Err(Protocol),
        ),
        (
            "an include beyond the service",
            "includes",
            &[&[0x09, 8, 0x20, 0, 0x20, 0, 0x2f, 0, 0x0f, 0x18], HONEST],
            Err(Protocol),
        ),
        (
            "an include of 16 bits without a UUID",
            "includes",
            &[&[0x09, 6, 0x11, 0, 0x20, 0, 0x2f, 0], &[0x0b, 0x0f, 0x18]],
            Err(Protocol),
        ),
        (
            "an include whose UUID may not be read",
            "includes",
            &[&[0x09, 6, 0x11, 0, 0x20, 0, 0x2f, 0], &[0x01, 0x0a, 0x20, 0, 0x01]],
            Err(handle),
        ),
        (
            "an include of 128 bits",
            "includes",
            &[
                &[0x09, 6, 0x11, 0, 0x20, 0, 0x2f, 0],
                &[0x0b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
                NONE,
            ],
            Ok(()),
        ),
        ("a descriptor again", "descriptors", &[&[0x05, 1, 0x14, 0, 2, 0x29]], Err(Protocol)),
        ("a descriptor of another form", "descriptors", &[&[0x05, 3, 0x14, 0, 2, 0x29], HONEST], Err(Protocol)),
        ("an attribute before the first", "attribute", &[&[0x05, 1, 0x0f, 0, 2, 0x29], HONEST], Err(Protocol)),
        ("a value by UUID again", "read by UUID", &[&[0x09, 4, 0x13, 0, 1, 2]], Err(Protocol)),
        (
            "values by UUID that do not ascend",
            "read by UUID",
            &[&[0x09, 4, 0x13, 0, 1, 2, 0x12, 0, 1, 2], HONEST],
            Err(Protocol),
        ),
        ("an entry shorter than a handle", "read by UUID", &[&[0x09, 1, 0x13], HONEST], Err(Protocol)),
        ("values that are cut", "read multiple variable", &[&[0x21, 2, 0, 1, 2, 2, 0, 1]], Err(Protocol)),
        ("a value that lies of its length", "read multiple variable", &[&[0x21, 0xff, 0xff, 1, 2]], Err(Protocol)),
        ("half a length", "read multiple variable", &[&[0x21, 2, 0, 1, 2, 2]], Err(Protocol)),
        ("fewer values", "read multiple variable", &[&[0x21, 2, 0, 1, 2]], Err(Protocol)),
        ("more values", "read multiple variable", &[&[0x21, 1, 0, 1, 1, 0, 2, 1, 0, 3]], Err(Protocol)),
        (
            "more values, as many as fit",
            "read multiple variable",
            &[&[0x21, 1, 0, 1, 1, 0, 2, 1, 0, 3, 1, 0, 4, 1, 0, 5, 1, 0, 6, 1, 0, 7]],
            Err(Protocol),
        ),
        (
            "the last value cut by the MTU",
            "read multiple variable",
            &[&[0x21, 2, 0, 1, 2, 99, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]],
            Ok(()),
        ),
        (
            "no value but the first fits",
            "read multiple variable",
            &[&[0x21, 18, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]],
            Ok(()),
        ),
        ("the answer to Read Multiple", "read multiple variable", &[&[0x0f, 1, 2]], Err(Protocol)),
        ("the answer with lengths", "read multiple", &[&[0x21, 1, 0, 1, 1, 0, 1]], Err(Protocol)),
        ("an answer that holds more than it may", "write", &[&[0x13, 0], HONEST], Err(Protocol)),
        (
            "an echo of another handle",
            "long write",
            &[&[0x17, 0x14, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7], HONEST],
            Err(Protocol),
        ),
        (
            "an echo of another offset",
            "long write",
            &[&[0x17, 0x13, 0, 1, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7], HONEST],
            Err(Protocol),
        ),
        (
            "an echo whose last octet differs",
            "long write",
            &[&[0x17, 0x13, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8], HONEST],
            Err(Protocol),
        ),
        (
            "an echo that is cut",
            "long write",
            &[&[0x17, 0x13, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7], HONEST],
            Err(Protocol),
        ),
        ("an echo that goes on", "reliable write", &[&[0x17, 0x13, 0, 0, 0, 1, 1], HONEST], Err(Protocol)),
        (
            "a full queue",
            "reliable write",
            &[&[0x17, 0x13, 0, 0, 0, 1], &[0x01, 0x16, 0x13, 0, 0x09]],
            Err(Gatt(ErrorCode::PREPARE_QUEUE_FULL)),
        ),
        (
            "a queue that cannot be executed",
            "reliable write",
            &[
                &[0x17, 0x13, 0, 0, 0, 1],
                &[0x17, 0x13, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
                &[0x17, 0x13, 0, 18, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
                &[0x17, 0x13, 0, 36, 0, 7, 7, 7, 7],
                &[0x01, 0x18, 0x13, 0, 0x0d],
            ],
            Err(Gatt(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH)),
        ),
        (
            "a CCCD that may not be written",
            "subscribe",
            &[&[0x05, 1, 0x14, 0, 2, 0x29], &[0x01, 0x12, 0x14, 0, 0x05]],
            Err(Gatt(ErrorCode::INSUFFICIENT_AUTHENTICATION)),
        ),
        ("no CCCD", "subscribe", &[&[0x01, 0x04, 0x14, 0, 0x0a]], Err(Error::NoCccd)),
    ];
    play(async |host, connection, peer| {
        let remote = remote(host, connection, peer).await;
        for (what, name, answers, expected) in table {
            let (_, procedure) = PROCEDURES.iter().find(|(n, _)| n == name).expect("a procedure");
            peer.answers(in_turn(answers));
            assert_eq!(procedure(&remote).await, *expected, "{name}: {what}");
            is_well(&remote, peer, what).await;
        }
        // What is no value of the type asked for, and what the buffer is too short for, are the application's to hear of.
        peer.answers(in_turn(&[&[0x0b, 1, 2, 3]]));
        assert_eq!(remote.characteristic.read::<u16>().await, Err(InvalidValue));
        assert_eq!(remote.characteristic.read_into(&mut [0; 2]).await, Err(TooLong));
        peer.answers(in_turn(&[&[0x0f, 1, 2, 3, 4]]));
        assert_eq!(remote.connection.read_multiple(&HANDLES, &mut [0; 3]).await, Err(TooLong));
        is_well(&remote, peer, &"values").await;
    });
}
