//! The transports of a SPEC, as one type.

use crate::{demo, spec::Spec, trouble};
use anyhow::{Result, anyhow, bail};
use core::convert::Infallible;
use jelling::{
    Config, Packet, PacketRead, PacketWrite,
    sim::{Air, SimReader, SimWriter},
};
use jelling_h4::{H4Error, H4Reader, H4Writer};
use jelling_tcp::{Receive, Send};
use std::{io, time::Duration};
use tokio::task::spawn_local;

/// What comes from a controller.
pub(crate) enum Reader {
    Tcp(Box<H4Reader<Receive>>),
    Sim(SimReader),
}

/// What goes to a controller.
pub(crate) enum Writer {
    Tcp(H4Writer<Send>),
    Sim(SimWriter),
}

impl PacketRead for Reader {
    type Error = H4Error<io::Error>;
    async fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Packet<'b>, Self::Error> {
        match self {
            Reader::Tcp(reader) => reader.read(buffer).await,
            Reader::Sim(reader) => reader.read(buffer).await.map_err(|never: Infallible| match never {}),
        }
    }
    fn begin_anew(&mut self) {
        if let Reader::Tcp(reader) = self {
            reader.begin_anew();
        }
    }
    fn is_noise(error: &Self::Error) -> bool {
        matches!(error, H4Error::Noise)
    }
}

impl PacketWrite for Writer {
    type Error = io::Error;
    async fn write(&mut self, packet: Packet<'_>) -> io::Result<()> {
        match self {
            Writer::Tcp(writer) => writer.write(packet).await,
            Writer::Sim(writer) => writer.write(packet).await.map_err(|never: Infallible| match never {}),
        }
    }
}

/// Opens the transport to a controller.
pub(crate) async fn open(spec: &Spec, timeout: Duration) -> Result<(Reader, Writer)> {
    match spec {
        Spec::Tcp(address) => {
            let connect = tokio::time::timeout(timeout, jelling_tcp::connect(&**address)).await;
            let (reader, writer) = connect
                .map_err(|_| anyhow!("{spec}: no answer within {timeout:?}: is a controller running there?"))?
                .map_err(|error| trouble::absent(spec, &error))?;
            Ok((Reader::Tcp(Box::new(reader)), Writer::Tcp(writer)))
        }
        Spec::Sim => {
            let air = Air::new(1);
            let (reader, writer) = air.controller().transport();
            // Somebody to find: the demo's thermometer, on a controller of its own.
            let (peer_reader, peer_writer) = air.controller().transport();
            let memory: &'static mut jelling::sim::Memory = Box::leak(Box::new(jelling::sim::Memory::new()));
            let (host, mut runner) = jelling::new(memory, Config::default());
            spawn_local(async move { runner.run(peer_reader, peer_writer).await });
            spawn_local(demo::sensor(host));
            Ok((Reader::Sim(reader), Writer::Sim(writer)))
        }
        Spec::NotBuilt(kind) => bail!("{kind} transports are not in this version: use tcp:HOST:PORT or sim:"),
    }
}
