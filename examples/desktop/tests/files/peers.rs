//! Peers that are not ours: aioble's, and servers that do not do as they say.

use super::{beside, connect, download, octets, one};
use apps::{
    file_client::{Failure, Verified},
    files::{Answer, CONTROL, Command, FILES, Hash, LONGEST_ANSWER, LONGEST_COMMAND, PSM, Request, Status},
};
use core::time::Duration;
use embassy_futures::select::{Either, select};
use jelling::{ChannelOptions, CharacteristicOptions, Error, Host, Properties, Updates, sim};

/// What aioble's client writes, in bytes of its `struct.pack`.
#[test]
fn a_client_as_aioble_s_is_served() {
    let files = one(1_000);
    sim::run(1, async |[server, host]| {
        let work = async {
            let connection = host.connect(sim::device(0)).await.unwrap();
            let control = connection.service(FILES).await.unwrap().characteristic(CONTROL).await.unwrap();
            let channel = connection.l2cap_connect(22, 128).await.unwrap();
            // It does not subscribe, and takes notifications all the same. Here somebody must look for them: this one is missed.
            control.write(b"\x03\x00file".as_slice()).await.unwrap();
            embassy_time::Timer::after_secs(1).await;
            let mut told = control.subscribe(Updates::NOTIFY).depth(4).await.unwrap();
            let mut answer = [0; 40];
            control.write(b"\x03\x01file".as_slice()).await.unwrap();
            assert_eq!(told.notified_into(&mut answer).await, Ok(6));
            assert_eq!(answer[..6], [1, 0, 0xe8, 3, 0, 0]);
            control.write(b"\x03\x02nofile".as_slice()).await.unwrap();
            assert_eq!(told.notified_into(&mut answer).await, Ok(6));
            assert_eq!(answer[..6], [2, 2, 0, 0, 0, 0]);
            control.write(b"\x00\x03file".as_slice()).await.unwrap();
            let (mut came, mut buffer) = (vec![], [0; 128]);
            while came.len() < 1_000 {
                let length = channel.recvinto(&mut buffer).await.unwrap();
                came.extend_from_slice(&buffer[..length]);
            }
            assert!(came == files[0].1);
            assert_eq!(told.notified_into(&mut answer).await, Ok(3), "there is no room for the hash");
            assert_eq!(answer[..3], [4, 3, 0]);
            control.write(b"\x02\x04".as_slice()).await.unwrap();
            assert_eq!(told.notified_into(&mut answer).await, Ok(3));
            assert_eq!(answer[..3], [4, 4, 0]);
            let length = channel.recvinto(&mut buffer).await.unwrap();
            let rest = channel.recvinto(&mut buffer[length..]).await.unwrap();
            assert_eq!(&buffer[..length + rest], b"1000:file\n\n");
            // Nobody receives files, and who writes nothing is not answered.
            control.write(b"\x01\x05file".as_slice()).await.unwrap();
            assert_eq!(told.notified_into(&mut answer).await, Ok(3));
            assert_eq!(answer[..3], [4, 5, 1]);
            control.write(b"\x09".as_slice()).await.unwrap();
            control.write(b"\x00\x06\xff\xfe".as_slice()).await.unwrap();
            assert_eq!(told.notified_into(&mut answer).await, Ok(3));
            assert_eq!(answer[..3], [4, 6, 2]);
        };
        beside(server, &files, work).await;
    });
}

/// Commands that come before the channel wait for it; a length needs none.
#[test]
fn a_command_may_come_before_the_channel() {
    let files = one(1_000);
    sim::run(1, async |[server, host]| {
        let work = async {
            let connection = host.connect(sim::device(0)).await.unwrap();
            let control = connection.service(FILES).await.unwrap().characteristic(CONTROL).await.unwrap();
            let mut told = control.subscribe(Updates::NOTIFY).depth(4).await.unwrap();
            let mut answer = [0; 40];
            control.write(b"\x03\x01file".as_slice()).await.unwrap();
            assert_eq!(told.notified_into(&mut answer).await, Ok(6));
            control.write(b"\x00\x02file".as_slice()).await.unwrap();
            let channel = connection.l2cap_connect(PSM, 492).await.unwrap();
            let (mut came, mut buffer) = (vec![], [0; 492]);
            while came.len() < 1_000 {
                let length = channel.recvinto(&mut buffer).await.unwrap();
                came.extend_from_slice(&buffer[..length]);
            }
            assert!(came == files[0].1);
            assert_eq!(told.notified_into(&mut answer).await, Ok(3));
            // Another one, after the first was closed.
            channel.disconnect().await.unwrap();
            let channel = connection.l2cap_connect(PSM, 492).await.unwrap();
            control.write(b"\x00\x03file".as_slice()).await.unwrap();
            assert!(channel.recvinto(&mut buffer).await.unwrap() > 0);
        };
        beside(server, &files, work).await;
    });
}

/// What a server says and sends, whatever is asked for.
#[derive(Clone, Copy)]
struct Says {
    size: u32,
    sends: usize,
    status: Status,
    hash: Option<[u8; 32]>,
}

/// A server that says and sends this.
async fn liar(host: Host<'_>, says: Says) -> Result<(), Error> {
    let mut db = host.services()?;
    let service = db.service(FILES)?;
    let control = CharacteristicOptions::new(Properties::WRITE | Properties::NOTIFY);
    let control = db.characteristic_with(service, CONTROL, &control.max_len(LONGEST_COMMAND).capture(2))?;
    db.register()?;
    let connection = host.advertise(Duration::from_millis(100)).services(&[FILES]).await?;
    let listener = host.l2cap_listen(PSM, &ChannelOptions::new(128))?;
    let mut channel = None;
    loop {
        let mut octets = [0; LONGEST_COMMAND];
        let (_, length) = control.written_into(&mut octets).await?;
        let request = Request::read(octets, length).unwrap();
        let number = request.number();
        let answer = if request.command() == Command::Size {
            // An answer to another command, and what is none, are passed over.
            control.notify(&connection, [4, number.wrapping_sub(1), 0].as_slice()).await?;
            control.notify(&connection, [1, 2, 3, 4, 5, 6, 7].as_slice()).await?;
            Answer::Size { number, status: Status::OK, size: says.size }
        } else {
            let channel = match &channel {
                Some(channel) => channel,
                None => channel.insert(listener.accept().await?),
            };
            channel.send(&self::octets(says.sends)).await?;
            channel.flush().await?;
            Answer::Done { number, status: says.status, hash: says.hash }
        };
        control.notify(&connection, answer.write(&mut [0; LONGEST_ANSWER])).await?;
    }
}

/// What a client makes of it, and how many octets came.
fn told(says: Says) -> (usize, Result<Verified, Failure>) {
    sim::run(1, async |[server, host]| {
        let work = async {
            let mut client = connect(host).await;
            let (came, result) = download(&mut client, "file").await;
            assert!(octets(says.sends).starts_with(&came));
            (came.len(), result.map(|download| download.verified))
        };
        match select(liar(server, says), work).await {
            Either::First(end) => panic!("the server has ended: {end:?}"),
            Either::Second(result) => result,
        }
    })
}

#[test]
fn what_came_is_held_against_what_was_said() {
    let hash = |length| {
        let mut hash = Hash::default();
        hash.add(&octets(length));
        Some(hash.end())
    };
    let honest = Says { size: 2_000, sends: 2_000, status: Status::OK, hash: hash(2_000) };
    assert_eq!(told(honest), (2_000, Ok(Verified::Hash)));
    // aioble's server sends no hash.
    assert_eq!(told(Says { hash: None, ..honest }), (2_000, Ok(Verified::Length)));
    assert_eq!(told(Says { hash: hash(1_999), ..honest }), (2_000, Err(Failure::Damaged)));
    let short = Says { sends: 1_500, hash: hash(1_500), ..honest };
    assert_eq!(told(short), (1_500, Err(Failure::Length { received: 1_500, size: 2_000 })));
    let (came, result) = told(Says { sends: 2_500, hash: hash(2_500), ..honest });
    assert!(came >= 2_000 && matches!(result, Err(Failure::Length { size: 2_000, .. })), "{came}: {result:?}");
    let failed = Says { status: Status::FAILED, hash: None, ..honest };
    assert_eq!(told(failed).1, Err(Failure::Refused(Status::FAILED)));
    assert_eq!(told(Says { status: Status(77), ..failed }).1, Err(Failure::Refused(Status(77))));
}
