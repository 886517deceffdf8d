//! The client against a server of ours.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server"))]
#![cfg(all(feature = "sim", not(feature = "sync")))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod served;
#[path = "../support/mod.rs"]
mod support;
mod together;

use embassy_time::Timer;
use jelling::{Argument, Error, ErrorCode, Uuid};
use served::{LEVEL, NAME, SHORT, TEXT, WIDE, polled, text, with_server};

#[test]
fn includes_are_found_in_the_order_of_handles() {
    with_server(async |ours, _, _| {
        let mut includes = ours.service.includes();
        let mut found = vec![];
        while let Some(include) = includes.next().await.unwrap() {
            let service = include.service();
            found.push((
                include.handle(),
                service.uuid(),
                service.handle(),
                service.end_handle(),
                service.is_primary(),
            ));
            // What is included is a service like any other, while the search goes on.
            let level = service.characteristic(LEVEL).await.unwrap();
            assert_eq!(level.read::<u8>().await, Ok(if service.uuid() == SHORT { 1 } else { 2 }));
        }
        let short = |handle| (handle, SHORT, 0x10, 0x1f, false);
        assert_eq!(found, [short(0x41), (0x42, WIDE, 0x20, 0x22, false), short(0x43)]);
        let mut none = found.into_iter();
        drop(includes);
        let mut secondary = ours.connection.secondary_services();
        let service = secondary.next().await.unwrap().unwrap();
        assert_eq!(service.handle(), none.next().unwrap().2);
        assert!(service.includes().next().await.unwrap().is_none());
    });
}

#[test]
fn every_attribute_is_found_with_its_type() {
    with_server(async |ours, _, _| {
        let value = |uuid: u16| Uuid::new16(uuid);
        let main = [
            (0x40, value(0x2800)),
            (0x41, value(0x2802)),
            (0x42, value(0x2802)),
            (0x43, value(0x2802)),
            (0x44, value(0x2803)),
            (0x45, LEVEL),
            (0x46, value(0x2902)),
            (0x47, NAME),
            (0x48, value(0x2803)),
            (0x49, LEVEL),
            (0x4a, value(0x2902)),
            (0x4b, value(0x2803)),
            (0x4c, TEXT),
            (0x4d, value(0x2902)),
        ];
        let mut attributes = ours.service.attributes();
        let mut found = vec![];
        let mut octets = [0; 512];
        while let Some(attribute) = attributes.next().await.unwrap() {
            found.push((attribute.handle(), attribute.uuid()));
            match attribute.handle() {
                // An included service of 128 bits: its first and last handle.
                0x42 => {
                    assert_eq!(attribute.read_into(&mut octets).await, Ok(4));
                    assert_eq!(octets[..4], [0x20, 0, 0x22, 0]);
                }
                0x45 => assert_eq!(attribute.read::<u8>().await, Ok(3)),
                _ => {}
            }
        }
        assert_eq!(found, main);
        let mut every = ours.connection.attributes(1..=0xffff);
        let mut count = 0;
        while every.next().await.unwrap().is_some() {
            count += 1;
        }
        assert_eq!(count, main.len() + 6);
        let mut few = ours.connection.attributes(0x47..=0x49);
        let mut handles = vec![];
        while let Some(attribute) = few.next().await.unwrap() {
            handles.push(attribute.handle());
        }
        assert_eq!(handles, [0x47, 0x48, 0x49]);
        #[expect(clippy::reversed_empty_ranges, reason = "no handle at all")]
        for empty in [0..=5, 9..=8] {
            assert!(ours.connection.attributes(empty).next().await.unwrap().is_none());
        }
    });
}

#[test]
fn values_are_read_by_uuid_whole() {
    with_server(async |ours, _, local| {
        let mut levels = ours.connection.read_by_uuid(LEVEL);
        let mut buffer = [0; 512];
        let mut found = vec![];
        while let Some((handle, length)) = levels.next_into(&mut buffer).await.unwrap() {
            found.push((handle, buffer[..length].to_vec()));
        }
        assert_eq!(found, [(0x12, vec![1]), (0x22, vec![2]), (0x45, vec![3]), (0x49, vec![4, 5])]);
        drop(levels);
        // Typed: what is no such value is told, and the next call goes on behind it.
        local[0].write(&[1u8, 2, 3]).unwrap();
        let mut levels = ours.service.read_by_uuid(LEVEL);
        assert_eq!(levels.next::<u16>().await, Err(Error::InvalidValue));
        assert_eq!(levels.next::<u16>().await, Ok(Some((0x49, 0x0504))));
        assert_eq!(levels.next::<u16>().await, Ok(None));
        drop(levels);
        // Values around the end of an entry, and a long one, at two MTUs.
        for exchange in [false, true] {
            let mtu = if exchange { ours.connection.exchange_mtu().await.unwrap() } else { 23 };
            let entry = usize::from(mtu - 4).min(253);
            for length in [0, entry - 1, entry, entry + 1, 300] {
                let octets = &text()[..length];
                local[2].write(octets).unwrap();
                let mut texts = ours.service.read_by_uuid(TEXT);
                assert_eq!(texts.next_into(&mut buffer).await, Ok(Some((0x4c, length))), "MTU {mtu}");
                assert_eq!(buffer[..length], *octets, "{length} octets at MTU {mtu}");
                assert_eq!(texts.next_into(&mut buffer).await, Ok(None));
                if length > 0 {
                    let mut texts = ours.service.read_by_uuid(TEXT);
                    assert_eq!(texts.next_into(&mut buffer[..length - 1]).await, Err(Error::TooLong));
                    assert_eq!(texts.next_into(&mut buffer).await, Ok(None));
                }
            }
        }
        assert_eq!(ours.connection.read_by_uuid(Uuid::new16(0x1234)).next::<u8>().await, Ok(None));
    });
}

#[test]
fn a_read_by_uuid_that_is_dropped_goes_on_where_it_was() {
    with_server(async |ours, _, _| {
        for patience in [1, 5, 20, 100] {
            let mut texts = ours.service.read_by_uuid(TEXT);
            let mut buffer = [0; 512];
            assert_eq!(polled(patience, texts.next_into(&mut buffer)).await, None);
            // Time enough for the answer, which nobody waits for; and another buffer.
            Timer::after_millis(200).await;
            let mut buffer = [0; 512];
            assert_eq!(texts.next_into(&mut buffer).await, Ok(Some((0x4c, 300))));
            assert_eq!(buffer[..300], text());
            assert_eq!(texts.next_into(&mut buffer).await, Ok(None));
        }
    });
}

#[test]
fn several_values_are_read_at_once() {
    with_server(async |ours, _, local| {
        let mut buffer = [0; 512];
        let handles = [ours.level, ours.other, ours.level].map(|c| c.value_handle());
        assert_eq!(ours.connection.read_multiple(&handles, &mut buffer).await, Ok(4));
        assert_eq!(buffer[..4], [3, 4, 5, 3]);
        let values = ours.connection.read_multiple_variable(&handles, &mut buffer).await.unwrap();
        assert_eq!((values.len(), values.is_empty()), (3, false));
        assert_eq!((values.get(0), values.get(1), values.get(2)), (Ok(3u8), Ok(0x0504u16), Ok(3u8)));
        assert_eq!((values.get::<u16>(0), values.get::<u8>(3)), (Err(Error::InvalidValue), Err(Error::NotFound)));
        assert!(values.iter().eq([&[3][..], &[4, 5], &[3]]));
        // The text fills the answer: it is cut, and what comes after it is not there.
        let handles = [ours.other, ours.text, ours.level].map(|c| c.value_handle());
        assert_eq!(ours.connection.read_multiple(&handles, &mut buffer).await, Ok(22));
        assert_eq!(buffer[..22], [&[4, 5], &text()[..20]].concat());
        let values = ours.connection.read_multiple_variable(&handles, &mut buffer).await.unwrap();
        assert_eq!((values.len(), values.is_whole(0), values.is_whole(1)), (2, true, false));
        assert_eq!((values.octets(1), values.octets(2)), (Some(&text()[..16]), None));
        assert_eq!(values.get::<[u8; 16]>(1), Err(Error::InvalidValue), "a part is no value");
        // An empty value is a value.
        local[0].write::<[u8]>(&[]).unwrap();
        let handles = [ours.level, ours.other].map(|c| c.value_handle());
        let values = ours.connection.read_multiple_variable(&handles, &mut buffer).await.unwrap();
        assert_eq!((values.octets(0), values.get(1)), (Some(&[][..]), Ok(0x0504u16)));
        let few = Err(Error::InvalidArgument(Argument::HandleCount));
        assert_eq!(ours.connection.read_multiple(&handles[..1], &mut buffer).await, few);
        assert_eq!(ours.connection.read_multiple(&[0x45; 12], &mut buffer).await, Err(Error::TooLong));
        let wrong = Err(Error::Gatt(ErrorCode::INVALID_HANDLE));
        assert_eq!(ours.connection.read_multiple(&[0x45, 0x99], &mut buffer).await, wrong);
    });
}

#[test]
fn a_reliable_write_is_all_or_nothing() {
    with_server(async |ours, _, local| {
        let long = vec![9; 40];
        ours.connection.reliable_write(&[(ours.level, &[7]), (ours.text, &long), (ours.other, &[8, 8])]).await.unwrap();
        assert_eq!((local[0].read::<u8>(), local[1].read::<u16>()), (Ok(7), Ok(0x0808)));
        // The last of them does not fit: 20 octets are the most.
        let refused = [(ours.level, &[1][..]), (ours.other, &[2; 21])];
        let error = Error::Gatt(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH);
        assert_eq!(ours.connection.reliable_write(&refused).await, Err(error));
        assert_eq!((local[0].read::<u8>(), local[1].read::<u16>()), (Ok(7), Ok(0x0808)), "half of it was written");
        assert_eq!(ours.connection.reliable_write(&refused[..1]).await, Ok(()));
        assert_eq!((local[0].read::<u8>(), local[1].read::<u16>()), (Ok(1), Ok(0x0808)));
    });
}
