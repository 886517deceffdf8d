//! The transports of a SPEC, as one type.

use crate::{demo, spec::Spec, trouble};
use anyhow::{Result, anyhow};
use core::convert::Infallible;
use jelling::{
    Config, Packet, PacketRead, PacketWrite,
    sim::{Air, SimReader, SimWriter},
};
use jelling_h4::{H4Error, H4Reader, H4Writer};
use std::{io, time::Duration};
use tokio::task::spawn_local;

/// What comes from a controller.
pub(crate) enum Reader {
    Tcp(Box<H4Reader<jelling_tcp::Receive>>),
    Serial(Box<H4Reader<jelling_serial::Receive>>),
    Sim(SimReader),
}

/// What goes to a controller.
pub(crate) enum Writer {
    Tcp(H4Writer<jelling_tcp::Send>),
    Serial(H4Writer<jelling_serial::Send>),
    Sim(SimWriter),
}

impl PacketRead for Reader {
    type Error = H4Error<io::Error>;
    async fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Packet<'b>, Self::Error> {
        match self {
            Reader::Tcp(reader) => reader.read(buffer).await,
            Reader::Serial(reader) => reader.read(buffer).await,
            Reader::Sim(reader) => reader.read(buffer).await.map_err(|never: Infallible| match never {}),
        }
    }
    fn begin_anew(&mut self) {
        match self {
            Reader::Tcp(reader) => reader.begin_anew(),
            Reader::Serial(reader) => reader.begin_anew(),
            Reader::Sim(reader) => reader.begin_anew(),
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
            Writer::Serial(writer) => writer.write(packet).await,
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
        Spec::Serial(path, settings) => {
            let (reader, writer) = jelling_serial::open(path, settings).map_err(|error| anyhow!("{spec}: {error}"))?;
            Ok((Reader::Serial(Box::new(reader)), Writer::Serial(writer)))
        }
    }
}
