//! Files over L2CAP channels, between the applications of the examples on simulated controllers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod downloads;
mod interruptions;
mod peers;

use apps::{
    file_client::{Download, Failure, FileClient, Verified, find},
    file_server::{News, Rom, file_server},
};
use core::ops::ControlFlow;
use embassy_futures::select::{Either, select};
use jelling::{Host, sim};
use std::cell::RefCell;

/// Octets that do not repeat.
fn octets(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// A file called `file` of so many octets.
fn one(length: usize) -> [(&'static str, &'static [u8]); 1] {
    [("file", octets(length).leak())]
}

/// Serves until `work` is done.
async fn beside<R>(server: Host<'_>, files: &[(&str, &[u8])], work: impl Future<Output = R>) -> R {
    match select(file_server(server, &mut Rom::new(files), |_| {}), work).await {
        Either::First(end) => panic!("the server has ended: {end:?}"),
        Either::Second(result) => result,
    }
}

/// Plays with a client of a server, and wants both hosts to have nothing left afterwards.
fn play(files: &[(&str, &[u8])], work: impl AsyncFnOnce(&mut FileClient<'_>)) {
    sim::run(1, async |[server, host]| {
        beside(server, files, async {
            let mut client = connect(host).await;
            work(&mut client).await;
            client.disconnect().await.unwrap();
            embassy_time::Timer::after_secs(1).await;
        })
        .await;
        is_tidy(host);
        is_tidy(server);
    });
}

async fn connect(host: Host<'_>) -> FileClient<'_> {
    FileClient::connect(host, find(host).await.unwrap()).await.unwrap()
}

/// Nothing of a file or a channel is kept.
fn is_tidy(host: Host<'_>) {
    let pools = host.pools();
    assert_eq!((pools.channels.used, pools.links.used), (0, 0), "{pools:?}");
}

/// Downloads a file into a vector: what came before a failure too.
async fn download(client: &mut FileClient<'_>, path: &str) -> (Vec<u8>, Result<Download, Failure>) {
    let mut came = vec![];
    let result = client.download(path, async |part| {
        came.extend_from_slice(part.octets);
        assert_eq!(came.len(), part.received as usize, "parts come in their order");
        ControlFlow::Continue(())
    });
    let result = result.await;
    (came, result)
}

/// Downloads a file that comes as it is.
async fn comes(client: &mut FileClient<'_>, path: &str, file: &[u8]) {
    let (came, result) = download(client, path).await;
    let result = result.unwrap();
    assert!(came == file, "{} of {} octets came, or others", came.len(), file.len());
    assert_eq!((result.size as usize, result.verified), (file.len(), Verified::Hash));
}

/// What a server tells, without its progress.
#[derive(Default)]
struct Heard(RefCell<Vec<String>>);

impl Heard {
    fn tell(&self, news: News<'_>) {
        if !matches!(news, News::Sending { .. }) {
            self.0.borrow_mut().push(format!("{news:?}"));
        }
    }

    /// How often something was told that begins with this.
    fn count(&self, what: &str) -> usize {
        self.0.borrow().iter().filter(|news| news.starts_with(what)).count()
    }
}
