//! `bench`: rates and latencies between two computers.

mod client;
mod figures;
mod protocol;
mod server;

use crate::{arguments::BenchOptions, session::Session};
use anyhow::Result;

pub(crate) async fn bench(session: Session, options: &BenchOptions) -> Result<()> {
    match &options.address {
        Some(address) => client::measure(session, address, options).await,
        None => server::serve(session, options.duration).await,
    }
}
