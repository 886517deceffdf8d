//! What the examples share: a transport from its SPEC, and the host that runs on it.

use anyhow::{Context, Result, bail};
use jelling::{Config, Host, Resources};

/// Runs an application on the controller at `spec`: `tcp:HOST:PORT`.
///
/// # Errors
/// Where the SPEC is none, nobody listens, the transport ends, or the application fails.
pub async fn on_transport<A>(spec: &str, application: A) -> Result<()>
where
    A: AsyncFnOnce(Host<'_>) -> Result<(), jelling::Error>,
{
    let Some(address) = spec.strip_prefix("tcp:") else { bail!("not a transport: {spec:?}; expected tcp:HOST:PORT") };
    let (reader, writer) = jelling_tcp::connect(address).await.with_context(|| format!("no controller at {spec}"))?;
    let mut resources: Resources = Resources::new();
    let (host, mut runner) = jelling::new(&mut resources, Config::default());
    tokio::select! {
        result = application(host) => result.map_err(Into::into),
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
