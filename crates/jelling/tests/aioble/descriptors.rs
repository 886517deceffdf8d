//! Three characteristics, each with descriptors: discovered, read, written, on both sides.

use crate::support::{SERVICE, connected, play};
use jelling::{CharacteristicOptions, Error, ErrorCode, Properties, Uuid};

const FIRST: [Uuid; 3] =
    [Uuid::new16(0x2a6e), Uuid::new16(0x2a6f), Uuid::new128(0x19b1_0002_e8f2_537e_4f6c_d104_768a_1214)];
const DESCRIPTION: Uuid = Uuid::new16(0x2901);
const CCCD: Uuid = Uuid::new16(0x2902);
const OWN: Uuid = Uuid::new128(0x19b1_0003_e8f2_537e_4f6c_d104_768a_1214);

#[test]
fn three_characteristics_with_descriptors() {
    play(async |[central, peripheral], _, _| {
        let both = Properties::READ | Properties::WRITE;
        let mut db = peripheral.services().unwrap();
        let service = db.service(SERVICE).unwrap();
        let names = ["temperature", "humidity", "own"];
        let descriptors = [0, 1, 2].map(|i| {
            let characteristic = db.characteristic(service, FIRST[i], both | Properties::NOTIFY).unwrap();
            let fixed = CharacteristicOptions::new(Properties::READ).initial(names[i].as_bytes());
            let description = db.descriptor(characteristic, DESCRIPTION, &fixed).unwrap();
            let open = CharacteristicOptions::new(both).initial(&[0, 1, 2, 3][..=i]).max_len(40);
            let own = db.descriptor(characteristic, OWN, &open).unwrap();
            assert_eq!((description.uuid(), own.characteristic_handle()), (Ok(DESCRIPTION), characteristic.handle()));
            own
        });
        db.register().unwrap();

        let (ours, theirs) = connected(central, peripheral, 1).await;
        let service = ours.service(SERVICE).await.unwrap();
        let mut characteristics = service.characteristics(None);
        for i in 0..3 {
            let characteristic = characteristics.next().await.unwrap().expect("three of them");
            assert_eq!((characteristic.uuid(), characteristic.service().uuid()), (FIRST[i], SERVICE));
            let mut found = vec![];
            let mut all = characteristic.descriptors();
            while let Some(descriptor) = all.next().await.unwrap() {
                assert_eq!(descriptor.characteristic().value_handle(), characteristic.value_handle());
                found.push(descriptor.uuid());
            }
            found.sort_by_key(Uuid::as_u128);
            let mut wanted = [DESCRIPTION, CCCD, OWN];
            wanted.sort_by_key(Uuid::as_u128);
            assert_eq!(found, wanted);

            let mut buffer = [0; 40];
            let description = characteristic.descriptor(DESCRIPTION).await.unwrap();
            let length = description.read_into(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..length], names[i].as_bytes());
            let refused = Err(Error::Gatt(ErrorCode::WRITE_NOT_PERMITTED));
            assert_eq!(description.write("other").await, refused);

            let own = characteristic.descriptor(OWN).await.unwrap();
            assert_eq!(own.read_into(&mut buffer).await, Ok(i + 1));
            own.write(&[i as u8; 30][..]).await.unwrap();
            let (who, length) = descriptors[i].written_into(&mut buffer).await.unwrap();
            assert_eq!((who == theirs, &buffer[..length]), (true, &[i as u8; 30][..]));
            descriptors[i].write(&7u16).unwrap();
            assert_eq!(descriptors[i].read::<u16>(), Ok(7));
            assert_eq!(own.read::<u16>().await, Ok(7));
            assert_eq!(characteristic.descriptor(Uuid::new16(0x2904)).await.unwrap_err(), Error::NotFound);
        }
        assert!(characteristics.next().await.unwrap().is_none());
    });
}
