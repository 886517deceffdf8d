//! A peripheral: with a server the battery service, without one a beacon.

#[cfg(not(feature = "server"))]
pub(crate) async fn run(host: jelling::Host<'_>) -> Result<(), jelling::Error> {
    use core::time::Duration;
    let beacon = host.advertise(Duration::from_millis(100)).name("battery").services(&[apps::BATTERY]);
    beacon.non_connectable().await?.disconnected().await
}

#[cfg(feature = "server")]
pub(crate) use apps::battery::battery as run;
