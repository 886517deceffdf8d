//! `bench ADDR`.

use super::{
    figures::Row,
    protocol::{CREDITS, Counter, INWARD, MTU, OUTWARD, Order, PSM, SERVICE, VALUE},
};
use crate::{
    arguments::{BenchOptions, Target},
    client::disconnect,
    session::Session,
};
use anyhow::{Context, Result, anyhow, bail};
use jelling::{ClientCharacteristic, Connection, Error, L2capChannel, Policy, Updates};
use std::time::{Duration, Instant};

/// ATT's header of a notification or a write.
const HEADER: u16 = 3;

/// How many values may wait here.
const DEPTH: usize = 16;

/// What is measured, on which link.
struct Bench<'a> {
    connection: &'a Connection<'static>,
    inward: ClientCharacteristic<'static>,
    /// Octets that each rate is measured with.
    octets: usize,
    /// Exchanges that each latency is measured with.
    count: u32,
    /// Octets of a value and of an SDU.
    value: usize,
    sdu: u16,
    /// Without anything for so long it is over.
    timeout: Duration,
}

pub(super) async fn measure(session: Session, address: &Target, options: &BenchOptions) -> Result<()> {
    let connection = session.connect(address).await?;
    let missing = |error: Error| match error {
        Error::NotFound => anyhow!("the peer has nothing to measure with: does `jelling bench --serve` run there?"),
        error => error.into(),
    };
    let service = connection.service(SERVICE).timeout(session.timeout).await.map_err(missing)?;
    let find = async |uuid| service.characteristic(uuid).timeout(session.timeout).await.map_err(missing);
    let (inward, outward) = (find(INWARD).await?, find(OUTWARD).await?);
    let bench = Bench {
        connection: &connection,
        inward,
        octets: usize::try_from(options.octets)?,
        count: options.count,
        value: usize::from(connection.mtu()?.saturating_sub(HEADER)).min(VALUE),
        sdu: options.sdu,
        timeout: session.timeout,
    };
    bench.notify(outward).await.context("gatt-notify")?.print(session.output);
    bench.write().await.context("gatt-write")?.print(session.output);
    bench.one_way().await.context("coc-one-way")?.print(session.output);
    bench.round_trip().await.context("coc-round-trip")?.print(session.output);
    disconnect(session, &connection).await;
    Ok(())
}

/// Blocks of that size that hold at least so many octets.
fn blocks(octets: usize, size: usize) -> u32 {
    u32::try_from(octets.div_ceil(size)).unwrap_or(u32::MAX).max(1)
}

impl Bench<'_> {
    /// What begins to take too long is an error.
    async fn in_time<T>(&self, what: impl Future<Output = Result<T, Error>>) -> Result<T> {
        match self.connection.timeout(Some(self.timeout), what).await {
            Ok(result) => Ok(result?),
            Err(Error::Timeout) => bail!("nothing for {:?}: is the peer still there?", self.timeout),
            Err(error) => Err(error.into()),
        }
    }

    /// Times single exchanges.
    async fn latencies(&self, mut exchange: impl AsyncFnMut(u32) -> Result<()>) -> Result<Vec<Duration>> {
        let mut latencies = vec![];
        for number in 0..self.count {
            let begin = Instant::now();
            exchange(number).await?;
            latencies.push(begin.elapsed());
        }
        Ok(latencies)
    }

    async fn ask_for(&self, octets: usize) -> Result<()> {
        let mut order = [0; 7];
        let (first, rest) = order.split_at_mut(1);
        first.copy_from_slice(&[Order::Notify as u8]);
        rest.copy_from_slice(
            &[&u32::try_from(octets)?.to_le_bytes()[..], &(u16::try_from(self.value)?).to_le_bytes()].concat(),
        );
        self.in_time(self.inward.write(&order[..]).no_response()).await
    }

    async fn notify(&self, outward: ClientCharacteristic<'static>) -> Result<Row> {
        let subscribe = outward.subscribe(Updates::NOTIFY).depth(DEPTH).policy(Policy::DropNewest);
        let mut updates = subscribe.timeout(self.timeout).await?;
        let mut value = [0; VALUE];
        let mut counter = Counter::default();
        let total = blocks(self.octets, self.value);
        let begin = Instant::now();
        self.ask_for(total as usize * self.value).await?;
        loop {
            let received = self.in_time(updates.notified_into(&mut value)).await;
            match received {
                Ok(length) => {
                    if counter.take(value.get(..length).unwrap_or_default()) == Some(total - 1) {
                        break;
                    }
                }
                // The last ones were lost.
                Err(_) if updates.dropped() > 0 => break,
                Err(error) => return Err(error),
            }
        }
        let time = begin.elapsed();
        let latencies = self.latencies(async |_| {
            self.ask_for(self.value).await?;
            self.in_time(updates.notified_into(&mut value)).await?;
            Ok(())
        });
        let latencies = latencies.await?;
        let lost = (total as usize * self.value) as u64 - counter.octets;
        Ok(Row { test: "gatt-notify", octets: counter.octets, lost, time, latencies })
    }

    async fn write(&self) -> Result<Row> {
        let mut value = vec![0; self.value];
        self.in_time(self.inward.write(&[Order::Begin as u8][..]).response()).await?;
        let total = blocks(self.octets, self.value - 1);
        let begin = Instant::now();
        for number in 0..total {
            Order::Count.with_block(number, &mut value);
            self.in_time(self.inward.write(&value[..]).no_response()).await?;
        }
        // It is answered behind all of them.
        let octets: u64 = self.in_time(self.inward.read()).await?;
        let time = begin.elapsed();
        let latencies = self.latencies(async |number| {
            Order::Count.with_block(total + number, &mut value);
            self.in_time(self.inward.write(&value[..]).response()).await
        });
        let latencies = latencies.await?;
        let lost = u64::from(total) * (self.value as u64 - 1) - octets;
        Ok(Row { test: "gatt-write", octets, lost, time, latencies })
    }

    async fn channel(&self) -> Result<L2capChannel<'static>> {
        Ok(self.connection.l2cap_connect(PSM, MTU).credits(CREDITS).timeout(self.timeout).await?)
    }

    async fn one_way(&self) -> Result<Row> {
        let channel = self.channel().await?;
        let mut sdu = vec![0; usize::from(self.sdu)];
        let total = blocks(self.octets, sdu.len() - 1);
        let begin = Instant::now();
        for number in 0..total - 1 {
            Order::Count.with_block(number, &mut sdu);
            self.in_time(channel.send(&sdu)).await?;
        }
        let octets = self.tell(&channel, total - 1, &mut sdu).await?;
        let time = begin.elapsed();
        let latencies = self.latencies(async |number| self.tell(&channel, total + number, &mut sdu).await.map(|_| ()));
        let latencies = latencies.await?;
        channel.disconnect().await?;
        let lost = u64::from(total) * (sdu.len() as u64 - 1) - octets;
        Ok(Row { test: "coc-one-way", octets, lost, time, latencies })
    }

    /// Sends one block more, and asks what has come.
    async fn tell(&self, channel: &L2capChannel<'static>, number: u32, sdu: &mut [u8]) -> Result<u64> {
        Order::Tell.with_block(number, sdu);
        let mut answer = [0; 8];
        self.in_time(channel.send(sdu)).await?;
        self.in_time(channel.recvinto(&mut answer)).await?;
        Ok(u64::from_le_bytes(answer))
    }

    async fn round_trip(&self) -> Result<Row> {
        let channel = self.channel().await?;
        let length = usize::from(self.sdu);
        let total = blocks(self.octets, length - 1);
        let begin = Instant::now();
        let there = async {
            let mut sdu = vec![0; length];
            for number in 0..total {
                Order::Return.with_block(number, &mut sdu);
                self.in_time(channel.send(&sdu)).await?;
            }
            Ok(())
        };
        let back = async {
            let mut sdu = vec![0; length];
            let mut counter = Counter::default();
            for _ in 0..total {
                let length = self.in_time(channel.recvinto(&mut sdu)).await?;
                counter.take(sdu.get(1..length).unwrap_or_default());
            }
            anyhow::Ok(counter)
        };
        let ((), counter) = tokio::try_join!(there, back)?;
        let time = begin.elapsed();
        let mut sdu = vec![0; length];
        let latencies = self.latencies(async |number| {
            Order::Return.with_block(number, &mut sdu);
            self.in_time(channel.send(&sdu)).await?;
            self.in_time(channel.recvinto(&mut sdu)).await?;
            Ok(())
        });
        let latencies = latencies.await?;
        channel.disconnect().await?;
        let lost = u64::from(total) * (length as u64 - 1) - counter.octets;
        Ok(Row { test: "coc-round-trip", octets: counter.octets, lost, time, latencies })
    }
}
