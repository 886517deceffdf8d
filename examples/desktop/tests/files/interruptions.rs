//! Downloads that end in the middle, by either side, by the air, by the file: who waits learns of it, and the next download works.

use super::{Heard, beside, comes, connect, download, is_tidy, octets, one};
use apps::{
    file_client::{Failure, FileClient, find},
    file_server::{Files, Rom, file_server},
    files::Status,
};
use core::{cell::Cell, future::poll_fn, ops::ControlFlow, task::Poll};
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_time::Timer;
use jelling::{
    Bonds, Channels, Config, Error, Gatt, Host, Links, Pool, Resource, Resources, ScanSlots, Tasks,
    sim::{self, Air, Simulation},
};

/// Long enough that nothing sends it in a second.
const LONG: usize = 1 << 20;

#[test]
fn a_client_breaks_off_and_asks_again() {
    let files = one(20_000);
    super::play(&files, async |client| {
        for parts in [0, 1, 2, 10] {
            let mut left = parts;
            let take = async |_: apps::file_client::Part<'_>| match left {
                0 => ControlFlow::Break(()),
                _ => {
                    left -= 1;
                    ControlFlow::Continue(())
                }
            };
            assert_eq!(client.download("file", take).await, Err(Failure::Stopped));
            comes(client, "file", files[0].1).await;
        }
    });
}

#[test]
fn a_download_that_is_dropped_leaves_nothing_for_the_next() {
    let files = one(20_000);
    super::play(&files, async |client| {
        let mut ends = [0; 2];
        for step in 0..100 {
            let dropped = select(download(client, "file"), Timer::after_millis(step * 7)).await;
            ends[usize::from(matches!(dropped, Either::First(_)))] += 1;
            // What needs no channel is answered as well.
            assert_eq!(client.size("file").await, Ok(20_000));
            comes(client, "file", files[0].1).await;
        }
        assert!(ends.iter().all(|count| *count > 10), "dropped and whole: {ends:?}");
    });
}

#[test]
fn a_client_leaves_in_the_middle_and_comes_back() {
    let files = one(LONG);
    let small = [files[0], ("small", octets(3_000).leak())];
    sim::run(1, async |[server, host]| {
        let heard = Heard::default();
        let work = async {
            for _ in 0..3 {
                let mut client = connect(host).await;
                let left = select(download(&mut client, "file"), Timer::after_secs(1)).await;
                assert!(matches!(left, Either::Second(())));
                client.disconnect().await.unwrap();
                // Or without a word.
                let mut client = connect(host).await;
                let left = select(download(&mut client, "file"), Timer::after_secs(1)).await;
                assert!(matches!(left, Either::Second(())));
                drop(client);
            }
            let mut client = connect(host).await;
            comes(&mut client, "small", small[1].1).await;
            client.disconnect().await.unwrap();
            Timer::after_secs(1).await;
        };
        let mut rom = Rom::new(&small);
        assert!(matches!(select(file_server(server, &mut rom, |n| heard.tell(n)), work).await, Either::Second(())));
        assert_eq!((heard.count("Connected"), heard.count("Disconnected")), (7, 7));
        assert_eq!(heard.count("Advertising"), 8);
        is_tidy(server);
        is_tidy(host);
    });
}

/// The server is ended after a second; then another one is there.
async fn interrupted(server: Host<'_>, host: Host<'_>, end: impl AsyncFnOnce()) {
    let files = [one(LONG)[0], ("small", octets(3_000).leak())];
    let client = async {
        let mut client = connect(host).await;
        let (came, result) = download(&mut client, "file").await;
        // Whichever is first.
        assert!(
            matches!(result, Err(Failure::Host(Error::Disconnected | Error::ChannelClosed))),
            "the download ended with {result:?}"
        );
        assert!(
            !came.is_empty() && came.len() < LONG && files[0].1.starts_with(&came),
            "it is a beginning of the file"
        );
        client.disconnect().await.unwrap();
    };
    let served = async {
        let end = async {
            Timer::after_secs(1).await;
            end().await;
        };
        select(file_server(server, &mut Rom::new(&files), |_| {}), end).await;
    };
    join(client, served).await;
    let again = async {
        let mut client = connect(host).await;
        comes(&mut client, "small", files[1].1).await;
    };
    beside(server, &files, again).await;
}

#[test]
fn a_server_that_is_dropped_in_the_middle_disconnects_and_serves_again() {
    // Its link is ended, and its host goes on.
    sim::run(1, async |[server, host]| interrupted(server, host, async || {}).await);
}

#[test]
fn a_server_that_is_stopped_in_the_middle_disconnects_and_serves_again() {
    sim::run(1, async |[server, host]| interrupted(server, host, async || server.stop().await).await);
}

#[test]
fn a_server_out_of_range_is_told_of_and_found_again() {
    let files = [one(LONG)[0], ("small", octets(3_000).leak())];
    let air = Air::new(1);
    let controllers = [air.controller(), air.controller()];
    let simulation = Simulation::on(air);
    sim::on(&simulation, &controllers, async |[server, host]| {
        let in_range = |is| simulation.air().set_in_range(&controllers[0], &controllers[1], is);
        let work = async {
            let mut client = connect(host).await;
            let leave = async {
                Timer::after_secs(1).await;
                in_range(false);
            };
            let ((came, result), ()) = join(download(&mut client, "file"), leave).await;
            assert_eq!(result, Err(Failure::Host(Error::Disconnected)));
            assert!(!came.is_empty() && files[0].1.starts_with(&came), "it is a beginning of the file");
            drop(client);
            in_range(true);
            let mut client = connect(host).await;
            comes(&mut client, "small", files[1].1).await;
        };
        beside(server, &files, work).await;
    });
}

#[test]
fn a_reader_that_pauses_loses_nothing() {
    let files = one(20_000);
    super::play(&files, async |client| {
        let (mut came, mut pauses) = (vec![], 0);
        let take = async |part: apps::file_client::Part<'_>| {
            came.extend_from_slice(part.octets);
            pauses += 1;
            if pauses % 10 == 0 {
                Timer::after_secs(3).await;
            }
            ControlFlow::Continue(())
        };
        client.download("file", take).await.unwrap();
        assert!(came == files[0].1);
    });
}

#[test]
fn a_reader_that_takes_nothing_is_given_up_and_may_ask_again() {
    let files = one(LONG);
    sim::run(1, async |[server, host]| {
        let heard = Heard::default();
        let work = async {
            let mut client = connect(host).await;
            let stuck = select(
                client.download("file", async |part| {
                    if part.received > 0 { core::future::pending().await } else { ControlFlow::Continue(()) }
                }),
                Timer::after_secs(40),
            );
            assert!(matches!(stuck.await, Either::Second(())));
            assert_eq!(heard.count("Done(\"file\", Status(3))"), 1, "{:?}", heard.0.borrow());
            let size = client.size("file").await;
            assert_eq!(size, Ok(LONG as u32));
            comes(&mut client, "file", files[0].1).await;
        };
        let mut rom = Rom::new(&files);
        assert!(matches!(select(file_server(server, &mut rom, |n| heard.tell(n)), work).await, Either::Second(())));
    });
}

/// A file that says to have more octets than can be read.
struct Shrunk {
    left: Cell<usize>,
    end: Result<usize, Status>,
}

impl Files for Shrunk {
    async fn size(&mut self, _: &str) -> Result<u32, Status> {
        Ok(10_000)
    }
    async fn open(&mut self, _: &str) -> Result<u32, Status> {
        self.left.set(6_000);
        Ok(10_000)
    }
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Status> {
        let length = buffer.len().min(self.left.get());
        self.left.set(self.left.get() - length);
        // As a flash that takes its time.
        let mut waited = false;
        poll_fn(|context| {
            if core::mem::replace(&mut waited, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        if length == 0 { self.end } else { Ok(length) }
    }
    async fn entry(&mut self, _: &str, _: usize) -> Result<Option<(&str, u32)>, Status> {
        Err(Status::FAILED)
    }
}

#[test]
fn a_file_that_cannot_be_read_to_its_end_is_told_of() {
    for end in [Ok(0), Err(Status::FAILED)] {
        sim::run(1, async |[server, host]| {
            let work = async {
                let mut client = FileClient::connect(host, find(host).await.unwrap()).await.unwrap();
                for _ in 0..2 {
                    let (came, result) = download(&mut client, "file").await;
                    assert_eq!(result, Err(Failure::Refused(Status::FAILED)));
                    assert!(came.len() <= 6_000);
                    assert_eq!(client.list("", |_, _| {}).await, Err(Failure::Refused(Status::FAILED)));
                }
                client.disconnect().await.unwrap();
            };
            let mut files = Shrunk { left: Cell::new(0), end };
            assert!(matches!(select(file_server(server, &mut files, |_| {}), work).await, Either::Second(())));
        });
    }
}

/// As on an MCU whose pool is too small for the channel: it says why, and its one link is there for the next.
#[test]
fn a_server_without_room_says_so_and_goes_on() {
    type Memory = Resources<Links<1, 67>, Gatt<22, 128>, Pool<4, 1>, ScanSlots<0>, Bonds<1>, Tasks<8>, Channels<1>>;
    let air = Air::new(1);
    let controllers = [air.controller(), air.controller()];
    let (reader, writer) = controllers[0].transport();
    let mut memory = Memory::new();
    let (server, mut runner) = jelling::new(&mut memory, Config::default());
    let heard = Heard::default();
    let files = one(1_000);
    let [_, theirs] = &controllers;
    sim::on(&Simulation::on(air), std::array::from_ref(theirs), async |[host]| {
        let mut rom = Rom::new(&files);
        let serve = select(runner.run(reader, writer), file_server(server, &mut rom, |news| heard.tell(news)));
        let ask = async {
            for _ in 0..3 {
                let device = find(host).await.unwrap();
                assert!(matches!(FileClient::connect(host, device).await, Err(Error::Disconnected)));
            }
            // The server learns of the end as late as the client.
            Timer::after_secs(1).await;
        };
        assert!(matches!(select(serve, ask).await, Either::Second(())));
    });
    let why = format!("Disconnected(Some({:?}))", Error::Full(Resource::Blocks));
    assert_eq!(heard.count(&why), 3, "{:?}", heard.0.borrow());
}
