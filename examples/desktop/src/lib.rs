//! What the examples share: a transport from its SPEC, the host that runs on it, a folder of files, a file that comes, and how
//! far it is.

mod folder;
mod output;
mod progress;

pub use folder::Folder;
pub use output::Output;
pub use progress::Progress;

use anyhow::{Context, Result, bail};
use jelling::{Config, Gatt, Host, Links, Pool, Resources};

/// A pool with room for what a channel may receive ahead of its reader: eight K-frames.
type Memory = Resources<Links, Gatt, Pool<64, 16>>;

/// Runs an application on the controller at `spec`: `tcp:HOST:PORT`. Ctrl-C ends it: whoever is connected is disconnected.
///
/// # Errors
/// Where the SPEC is none, nobody listens, the transport ends, or the application fails or is interrupted.
pub async fn on_transport<A, E>(spec: &str, application: A) -> Result<()>
where
    A: AsyncFnOnce(Host<'_>) -> Result<(), E>,
    E: Into<anyhow::Error>,
{
    let Some(address) = spec.strip_prefix("tcp:") else { bail!("not a transport: {spec:?}; expected tcp:HOST:PORT") };
    let (reader, writer) = jelling_tcp::connect(address).await.with_context(|| format!("no controller at {spec}"))?;
    let mut resources = Memory::new();
    let (host, mut runner) = jelling::new(&mut resources, Config::default());
    let work = async {
        let result = tokio::select! {
            result = application(host) => result.map_err(Into::into),
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
        };
        host.stop().await;
        result
    };
    tokio::select! {
        result = work => result,
        end = runner.run(reader, writer) => bail!("{end}"),
    }
}

/// What `docs/porting.md` shows is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/porting.md")]
struct Porting;

/// What `docs/from-aioble.md` shows is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/from-aioble.md")]
struct FromAioble;
