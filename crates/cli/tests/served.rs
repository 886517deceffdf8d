//! The table of a file as a peer meets it.

#![allow(missing_docs, reason = "tests")]

use embassy_futures::select::{Either, select};
use jelling::{Access, ClientAttribute, ClientService, Connection, Error, ErrorCode, Host, Properties, Updates, Uuid};
use jelling_cli::file::{File, Served};
use std::{cell::RefCell, path::Path, time::Duration};

thread_local! {
    /// Handle and value of each write.
    static WRITTEN: RefCell<Vec<(u16, Vec<u8>)>> = const { RefCell::new(vec![]) };
}

fn note(access: &Access<'_>) -> Result<(), ErrorCode> {
    let mut value = [0; 512];
    let length = access.value_into(&mut value).unwrap();
    WRITTEN.with_borrow_mut(|all| all.push((access.handle(), value[..length].to_vec())));
    Ok(())
}

/// Serves a text, and plays a client against it.
fn serve(text: &str, client: impl AsyncFnOnce(&Served<'_>, &Connection<'_>)) {
    let file = File::parse(Path::new("a.toml"), text.into()).unwrap();
    let play = async |[server, peer]: [Host<'_>; 2]| {
        server.configure(file.settings(server.config()));
        let served = file.register(server, Some(note)).unwrap();
        let advertise = async { server.advertise(Duration::from_millis(100)).await.unwrap().disconnected().await };
        let work = async {
            let connection = peer.connect(jelling::sim::device(0)).await.unwrap();
            connection.exchange_mtu().await.unwrap();
            client(&served, &connection).await;
        };
        assert!(matches!(select(advertise, work).await, Either::Second(())));
    };
    jelling::sim::run(1, play);
}

/// Handle and type of every attribute of the primary and secondary services.
async fn attributes<'d>(connection: &Connection<'d>) -> Vec<ClientAttribute<'d>> {
    let mut found: Vec<ClientAttribute<'d>> = vec![];
    for mut services in [connection.services(None), connection.secondary_services()] {
        while let Some(service) = services.next().await.unwrap() {
            let mut search = service.attributes();
            while let Some(attribute) = search.next().await.unwrap() {
                found.push(attribute);
            }
        }
    }
    found.sort_by_key(ClientAttribute::handle);
    found
}

async fn service<'d>(connection: &Connection<'d>) -> ClientService<'d> {
    connection.service(Uuid::new16(0x1815)).await.unwrap()
}

fn shown(attributes: &[ClientAttribute<'_>]) -> Vec<String> {
    attributes.iter().map(|one| format!("{:x} {}", one.handle(), one.uuid())).collect()
}

const SERVICE: &str = "default_services = false\n[[service]]\nuuid = \"1815\"\n";

/// A service with these characteristics, each a line of fields.
fn characteristics(all: &[&str]) -> String {
    let one = |fields: &&str| format!("[[service.characteristic]]\nuuid = \"2a56\"\n{fields}\n");
    SERVICE.to_owned() + &all.iter().map(one).collect::<String>()
}

#[test]
fn a_cccd_is_added_only_where_no_handle_is_stated() {
    let text =
        characteristics(&["properties = [\"notify\"]", "properties = [\"indicate\"]", "properties = [\"read\"]"]);
    serve(&text, async |_, connection| {
        let all = ["1 2800", "2 2803", "3 2a56", "4 2902", "5 2803", "6 2a56", "7 2902", "8 2803", "9 2a56"];
        assert_eq!(shown(&attributes(connection).await), all);
    });
    let handle = text + "[[service]]\nuuid = \"1816\"\nhandle = 0xffff\n";
    serve(&handle, async |_, connection| {
        let all = ["1 2800", "2 2803", "3 2a56", "4 2803", "5 2a56", "6 2803", "7 2a56", "ffff 2800"];
        assert_eq!(shown(&attributes(connection).await), all);
        let mut services = connection.services(None);
        let mut ends = vec![];
        while let Some(service) = services.next().await.unwrap() {
            ends.push((service.handle(), service.end_handle()));
        }
        assert_eq!(ends, [(1, 7), (0xffff, 0xffff)]);
    });
}

#[test]
fn a_cccd_stands_wherever_the_file_puts_it() {
    let cccd = "[[service.characteristic.descriptor]]\nuuid = \"2902\"";
    let text = characteristics(&[
        &format!("properties = [\"read\"]\n{cccd}"),
        &format!("properties = [\"notify\", \"read\"]\n{cccd}\npermissions = [\"read\", \"write_encrypted\"]\n{cccd}"),
        &format!(
            "properties = [\"indicate\"]\n[[service.characteristic.descriptor]]\nuuid = \"2901\"\ntext = \"a\"\n{cccd}"
        ),
    ]);
    serve(&text, async |served, connection| {
        let all = ["1 2800", "2 2803", "3 2a56", "4 2902", "5 2803", "6 2a56", "7 2902", "8 2902"];
        assert_eq!(
            shown(&attributes(connection).await),
            [&all[..], &["9 2803", "a 2a56", "b 2901", "c 2902"]].concat()
        );
        assert!(served.characteristics.iter().all(|one| one.has_cccd));
        let mut found = vec![];
        let mut search = service(connection).await.characteristics(None);
        while let Some(characteristic) = search.next().await.unwrap() {
            found.push(characteristic);
        }
        let cccd = found[0].descriptor(Uuid::new16(0x2902)).await.unwrap();
        cccd.write(&[0_u8, 0]).await.unwrap();
        assert_eq!(cccd.write(&[1_u8, 0]).await, Err(Error::Gatt(ErrorCode::VALUE_NOT_ALLOWED)));
        let refused = found[1].subscribe(Updates::NOTIFY).await.map(drop);
        assert_eq!(refused, Err(Error::Gatt(ErrorCode::INSUFFICIENT_AUTHENTICATION)));
        let subscription = found[2].subscribe(Updates::INDICATE).await.unwrap();
        let (_, updates) = served.characteristics[2].characteristic.subscription_changed().await.unwrap();
        assert_eq!(updates, Updates::INDICATE);
        drop(subscription);
    });
}

#[test]
fn permissions_alone_decide() {
    use ErrorCode as E;
    let every = "properties = [\"read\", \"write\", \"write_without_response\"]\nvalue = \"00\"\n";
    for (permissions, read, write) in [
        ("", Ok(1), Ok(())),
        ("permissions = []", Err(E::READ_NOT_PERMITTED), Err(E::WRITE_NOT_PERMITTED)),
        ("permissions = [\"read\"]", Ok(1), Err(E::WRITE_NOT_PERMITTED)),
        ("permissions = [\"write\"]", Err(E::READ_NOT_PERMITTED), Ok(())),
        ("permissions = [\"read_encrypted\", \"write\"]", Err(E::INSUFFICIENT_AUTHENTICATION), Ok(())),
        (
            "permissions = [\"read_authenticated\", \"write_secure\"]",
            Err(E::INSUFFICIENT_AUTHENTICATION),
            Err(E::INSUFFICIENT_AUTHENTICATION),
        ),
        (
            "permissions = [\"read_authorised\", \"write_authorised\"]",
            Err(E::INSUFFICIENT_AUTHORIZATION),
            Err(E::INSUFFICIENT_AUTHORIZATION),
        ),
        ("key_size = 7", Err(E::INSUFFICIENT_AUTHENTICATION), Err(E::INSUFFICIENT_AUTHENTICATION)),
    ] {
        serve(&characteristics(&[&format!("{every}{permissions}")]), async |served, connection| {
            let peer = service(connection).await.characteristic(Uuid::new16(0x2a56)).await.unwrap();
            let all = Properties::READ | Properties::WRITE | Properties::WRITE_WITHOUT_RESPONSE;
            assert_eq!(peer.properties(), all);
            assert_eq!(peer.read_into(&mut [0; 1]).await, read.map_err(Error::Gatt), "{permissions}");
            assert_eq!(peer.write(&[1_u8]).response().await, write.map_err(Error::Gatt), "{permissions}");
            peer.write(&[2_u8]).no_response().await.unwrap();
            // The answer to a request comes after the command.
            let _ = peer.read_into(&mut [0; 1]).await;
            let mut value = [0];
            served.characteristics[0].characteristic.read_into(&mut value).unwrap();
            assert_eq!(value, [if write.is_ok() { 2 } else { 0 }], "{permissions}");
        });
    }
    // What the declaration does not show can be done all the same.
    let hidden = characteristics(&["properties = []\nvalue = \"07\"\npermissions = [\"read\"]"]);
    serve(&hidden, async |_, connection| {
        let value = attributes(connection).await[2].read::<u8>().await;
        assert_eq!(value, Ok(7));
    });
}

#[test]
fn values_are_fixed_or_variable_and_as_long_as_the_file_says() {
    use ErrorCode as E;
    let too_long = Err(Error::Gatt(E::INVALID_ATTRIBUTE_VALUE_LENGTH));
    for (fields, value, longest, one_octet) in [
        ("value = \"c409\"", &b"\xc4\x09"[..], 2, too_long),
        ("text = \"grüß\"", "grüß".as_bytes(), 6, too_long),
        ("value = \"c409\"\nmax_length = 4", b"\xc4\x09\0\0", 4, too_long),
        ("value = \"c409\"\nvariable = true", b"\xc4\x09", 512, Ok(())),
        ("value = \"c409\"\nvariable = true\nmax_length = 20", b"\xc4\x09", 20, Ok(())),
        ("variable = true\nmax_length = 1", b"", 1, Ok(())),
        ("", b"", 0, too_long),
    ] {
        let text = characteristics(&[&format!("properties = [\"read\", \"write\"]\n{fields}")]);
        serve(&text, async |_, connection| {
            let peer = service(connection).await.characteristic(Uuid::new16(0x2a56)).await.unwrap();
            let mut buffer = [0; 512];
            let length = peer.read_into(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..length], value, "{fields}");
            let long = vec![1; longest];
            peer.write(&long[..]).await.unwrap();
            let length = peer.read_into(&mut buffer).await.unwrap();
            assert_eq!(buffer[..length], long, "{fields}");
            assert_eq!(peer.write(&[2_u8]).await, one_octet, "{fields}");
            if longest < 512 {
                let result = peer.write(&vec![1; longest + 1][..]).await;
                assert_eq!(result, too_long, "{fields}");
            }
        });
    }
}

#[test]
fn writes_of_every_kind_are_told_in_their_order() {
    let text = characteristics(&[
        "properties = [\"read\", \"write\", \"write_without_response\"]\nvariable = true\n[[service.characteristic.descriptor]]\nuuid = \"2901\"\nvariable = true\npermissions = [\"read\", \"write\"]",
    ]);
    serve(&text, async |served, connection| {
        let peer = service(connection).await.characteristic(Uuid::new16(0x2a56)).await.unwrap();
        let descriptor = peer.descriptor(Uuid::new16(0x2901)).await.unwrap();
        let long = [7; 512];
        for octet in 0..20_u8 {
            peer.write(&[octet]).no_response().await.unwrap();
        }
        peer.write(&long[..]).response().await.unwrap();
        descriptor.write(&[20_u8]).await.unwrap();
        descriptor.write(&long[..]).await.unwrap();
        peer.write(&[21_u8]).response().await.unwrap();
        let commands = (0..20).map(|octet| (3, vec![octet]));
        let rest = [(3, long.to_vec()), (4, vec![20]), (4, long.to_vec()), (3, vec![21])];
        assert_eq!(WRITTEN.take(), commands.chain(rest).collect::<Vec<_>>());
        let [(uuid, local)] = *served.descriptors else { panic!("{served:?}") };
        assert_eq!((uuid, local.handle()), (Uuid::new16(0x2901), 4));
        let mut value = [0; 512];
        assert_eq!(local.read_into(&mut value), Ok(512));
        assert_eq!(value, long);
    });
}

#[test]
fn what_states_its_handles_may_stand_in_any_order() {
    let text = "default_services = false
        [[service]]
        uuid = \"1816\"
        handle = 0x20
        primary = false
        [[service]]
        uuid = \"1815\"
        handle = 0x10
        end_handle = 0x1f
        [[service.characteristic]]
        uuid = \"2a57\"
        handle = 0x15
        [[service.characteristic.descriptor]]
        uuid = \"2904\"
        handle = 0x19
        [[service.characteristic.descriptor]]
        uuid = \"2901\"
        handle = 0x18
        [[service.characteristic]]
        uuid = \"2a56\"
        handle = 0x12
        value_handle = 0x14
        [[service.include]]
        handle = 0x11
        service = 0x20
        ";
    serve(text, async |_, connection| {
        let all = ["10 2800", "11 2802", "12 2803", "14 2a56", "15 2803", "16 2a57", "18 2901", "19 2904", "20 2801"];
        assert_eq!(shown(&attributes(connection).await), all);
        let service = service(connection).await;
        assert_eq!((service.handle(), service.end_handle()), (0x10, 0x1f));
        let included = service.includes().next().await.unwrap().unwrap();
        assert_eq!(
            (included.handle(), included.service().handle(), included.service().end_handle()),
            (0x11, 0x20, 0x20)
        );
        assert_eq!(included.service().uuid(), Uuid::new16(0x1816));
    });
}

#[test]
fn the_mtu_is_what_the_file_says() {
    for (line, mtu) in [("", 517), ("mtu = 23\n", 23), ("mtu = 100\n", 100)] {
        serve(&format!("{line}{SERVICE}"), async |_, connection| assert_eq!(connection.mtu(), Ok(mtu), "{line}"));
    }
}
