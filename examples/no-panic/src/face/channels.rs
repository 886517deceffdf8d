//! The verbs of channels.

use crate::{
    duration, fails,
    input::{octets, word},
    used,
};
use embassy_futures::join::join3;
use embedded_io_async::{Error as _, Read, Write};
use jelling::{ChannelDemands, ChannelOptions, Connection, Error, Host, L2capChannel};

pub(crate) async fn run(host: Host<'_>) {
    loop {
        used(host.capabilities());
        if let Err(error) = listen(host).await {
            used(error.kind());
            fails(error);
        }
        for connection in host.connections() {
            let (accepted, opened) = (accept(&connection).await, connect(&connection).await);
            used((accepted, opened));
        }
        embassy_futures::yield_now().await;
    }
}

fn options() -> ChannelOptions {
    let demands = ChannelDemands::from_bits_truncate(word() as u8);
    let options = ChannelOptions::new(word() as u16).mps(word() as u16).credits(word() as u16);
    options.demands(demands).key_size(word() as u8)
}

async fn listen(host: Host<'_>) -> Result<(), Error> {
    let listener = host.l2cap_listen(word() as u16, &options())?;
    talk(listener.accept().timeout(duration()).await?).await
}

async fn accept(connection: &Connection<'_>) -> Result<(), Error> {
    let accept = connection.l2cap_accept(word() as u16, word() as u16).mps(word() as u16).credits(word() as u16);
    let accept = accept.demands(ChannelDemands::from_bits_truncate(word() as u8)).key_size(word() as u8);
    talk(accept.timeout(duration()).await?).await
}

async fn connect(connection: &Connection<'_>) -> Result<(), Error> {
    let connect = connection.l2cap_connect(word() as u16, word() as u16).mps(word() as u16).credits(word() as u16);
    talk(connect.await?).await
}

async fn talk(mut channel: L2capChannel<'_>) -> Result<(), Error> {
    used((channel.psm(), channel.our_mtu(), channel.peer_mtu(), channel.is_connected(), channel.available()));
    used(channel.connection() == channel.connection());
    let (mut out, mut one, mut two) = ([0; 300], [0; 300], [0; 64]);
    let data = octets(&mut out);
    let send = channel.send(data).chunk(word() as usize).timeout(duration());
    used(join3(send, channel.recvinto(&mut one), channel.receive(&mut two)).await);
    channel.flush().await?;
    used((channel.write(data).await?, channel.read(&mut one).await?));
    Write::flush(&mut channel).await?;
    let mut shared = &channel;
    used((shared.write(data).await?, shared.read(&mut one).await?));
    if word() & 1 == 1 {
        channel.disconnected().timeout(duration()).await?;
    }
    channel.disconnect().await
}
