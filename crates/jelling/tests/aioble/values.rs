//! Values: read and written by both sides, longer than aioble's default buffer, and appended.

use crate::support::{connected, everything, found, play, serve};
use jelling::{Error, ErrorCode, ToOctets};

/// A value with 20 octets of room, aioble's default, refuses more; one with `max_len` takes it.
#[test]
fn values_longer_than_the_default_are_refused_or_have_room() {
    play(async |[central, peripheral], _, _| {
        let plain = serve(peripheral, &everything());
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        ours.exchange_mtu().await.unwrap();
        let remote = found(&ours).await;
        let text = "longer than twenty octets";
        remote.write(&text[..20]).response().await.unwrap();
        assert_eq!(plain.read::<[u8; 20]>().as_ref().map(|v| &v[..]), Ok(text[..20].to_octets()));
        let refused = Err(Error::Gatt(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH));
        assert_eq!(remote.write(text).response().await, refused);
        assert_eq!(plain.write(text), Err(Error::TooLong));
        // A write command has no answer: what does not fit is dropped.
        remote.write(text).no_response().await.unwrap();
        assert_eq!(remote.read::<[u8; 20]>().await.as_ref().map(|v| &v[..]), Ok(text[..20].to_octets()));
        ours.disconnect().await.unwrap();

        let roomy = serve(peripheral, &everything().max_len(50));
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        remote.write(text).response().await.unwrap();
        let (_, length) = roomy.written_into(&mut [0; 50]).await.unwrap();
        assert_eq!(length, text.len());
        let mut buffer = [0; 512];
        assert_eq!(remote.read_into(&mut buffer).await, Ok(text.len()));
        assert_eq!(&buffer[..text.len()], text.as_bytes());
        assert_eq!(remote.write(&[1; 51][..]).response().await, refused);
    });
}

#[test]
fn writes_are_appended() {
    play(async |[central, peripheral], _, _| {
        let log = serve(peripheral, &everything().max_len(60).append());
        let (ours, theirs) = connected(central, peripheral, 1).await;
        ours.exchange_mtu().await.unwrap();
        let remote = found(&ours).await;
        for part in ["one ", "and two ", "and three"] {
            remote.write(part).response().await.unwrap();
        }
        let mut buffer = [0; 60];
        let (who, length) = log.written_into(&mut buffer).await.unwrap();
        assert_eq!((who == theirs, &buffer[..length]), (true, &b"one and two and three"[..]));
        // The application's own write replaces the whole.
        log.write("").unwrap();
        remote.write("anew").response().await.unwrap();
        assert_eq!(log.read::<[u8; 4]>(), Ok(*b"anew"));
        // What has no room is refused, and what is there stays.
        let refused = Err(Error::Gatt(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH));
        assert_eq!(remote.write(&[1; 57][..]).response().await, refused);
        assert_eq!(log.read::<[u8; 4]>(), Ok(*b"anew"));
    });
}

#[test]
fn both_sides_read_and_write() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &everything().initial(b"first"));
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        assert_eq!(remote.read::<[u8; 5]>().await, Ok(*b"first"));
        local.write("second").unwrap();
        assert_eq!(remote.read::<[u8; 6]>().await, Ok(*b"second"));
        remote.write("third").response().await.unwrap();
        let (who, value) = local.written::<[u8; 5]>().await.unwrap();
        assert_eq!((who == theirs, value), (true, *b"third"));
        remote.write("fourth").no_response().await.unwrap();
        assert_eq!(local.written::<[u8; 6]>().await.unwrap().1, *b"fourth");
        assert_eq!(local.read::<[u8; 6]>(), Ok(*b"fourth"));
    });
}
