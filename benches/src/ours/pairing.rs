//! Pairings of jelling: what `theirs` does.

use crate::meter::Meter;
use core::{cell::Cell, time::Duration};
use embassy_futures::select::{select, select4};
use jelling::{
    AddressKind, Config, Crypto, Device, Error, Host, Pair, PublicKey, Resources, Secret, Security, Software,
};
use jelling_bench_link::{Air, Port};

/// As it was asked for.
const PAIRED: Security =
    Security { encrypted: true, authenticated: false, secure_connections: true, bonded: false, key_size: 16 };

/// P-256 that counts how often it multiplies.
struct Counted<'c>(&'c Cell<u32>);

impl Crypto for Counted<'_> {
    fn public_key(&mut self, private: &[u8; 32]) -> Option<PublicKey> {
        self.0.set(self.0.get() + 1);
        Software.public_key(private)
    }
    fn shared_secret(&mut self, private: &[u8; 32], peer: &PublicKey) -> Option<Secret<32>> {
        self.0.set(self.0.get() + 1);
        Software.shared_secret(private, peer)
    }
    fn is_on_curve(&mut self, peer: &PublicKey) -> bool {
        Software.is_on_curve(peer)
    }
}

pub(crate) async fn session(air: &Air, meter: &Meter, multiplications: Option<&Cell<u32>>) {
    let mut memory: [Resources; 2] = [Resources::new(), Resources::new()];
    let [peripheral, central] = &mut memory;
    let config = Config { pairing: Some(Pair::new().no_bond()), ..Config::default() };
    let (peripheral, mut peripheral_runner) = jelling::new(peripheral, config);
    let (central, mut central_runner) = jelling::new(central, config);
    let (peripheral_port, central_port) = (Port { air, side: 0 }, Port { air, side: 1 });
    let over = select4(
        peripheral_runner.run(peripheral_port, peripheral_port),
        central_runner.run(central_port, central_port),
        async { accept(peripheral, meter).await.expect("the peripheral is paired with") },
        async { pair(central, meter).await.expect("the central pairs") },
    );
    match multiplications {
        None => {
            over.await;
        }
        Some(count) => {
            let (mut one, mut other) = (Counted(count), Counted(count));
            select(over, select(peripheral.run_jobs(&mut one), central.run_jobs(&mut other))).await;
        }
    }
}

async fn accept(host: Host<'_>, meter: &Meter) -> Result<(), Error> {
    loop {
        let connection = host.advertise(Duration::from_millis(100)).await?;
        while connection.security()? != PAIRED {
            connection.event().await?;
        }
        meter.paired();
        connection.disconnected().await?;
    }
}

async fn pair(host: Host<'_>, meter: &Meter) -> Result<(), Error> {
    let [a, b, c, d, e, f] = Air::address(0);
    let peer = Device::new(AddressKind::Public, [f, e, d, c, b, a]);
    loop {
        let connection = host.connect(peer).await?;
        meter.begin().await;
        if meter.next().is_none() {
            break;
        }
        let moment = meter.moment();
        assert_eq!(connection.pair(Pair::new().no_bond()).await?, PAIRED);
        meter.trip(moment);
        meter.both().await;
        meter.pause().await;
        connection.disconnect().await?;
    }
    meter.end().await;
    Ok(())
}
