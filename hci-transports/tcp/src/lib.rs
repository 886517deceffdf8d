//! jelling-tcp: HCI over H4 over TCP, as virtual controllers offer it: RootCanal, Bumble.
//!
//! What it is not: a server. One connection is one controller.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! let (reader, writer) = jelling_tcp::connect("127.0.0.1:6402").await?;
//! // runner.run(reader, writer).await
//! # let _ = (reader, writer); Ok(())
//! # }
//! ```
//!
//! | Specification | here |
//! | --- | --- |
//! | Core 6.0, Vol 4, Part A: UART transport, over TCP | [`connect`] |

use embedded_io_async::{ErrorType, Read, Write};
use jelling_h4::{H4Reader, H4Writer};
use std::io;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream, ToSocketAddrs,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// The receiving half of a connection.
#[derive(Debug)]
pub struct Receive(OwnedReadHalf);

/// The sending half of a connection.
#[derive(Debug)]
pub struct Send(OwnedWriteHalf);

/// Connects to a controller. Each packet leaves at once: Nagle's algorithm would cost 40 ms for each.
///
/// # Errors
/// Those of the connection. Dropping the future connects nothing.
pub async fn connect(address: impl ToSocketAddrs) -> io::Result<(H4Reader<Receive>, H4Writer<Send>)> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (read, write) = stream.into_split();
    Ok((H4Reader::new(Receive(read)), H4Writer::new(Send(write))))
}

impl ErrorType for Receive {
    type Error = io::Error;
}

impl ErrorType for Send {
    type Error = io::Error;
}

impl Read for Receive {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).await
    }
}

impl Write for Send {
    async fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.write(buffer).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.0.flush().await
    }
}

#[cfg(test)]
mod tests {
    use jelling_transport::{PacketRead, PacketWrite};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn packets_cross_both_ways() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let controller = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut command = [0; 4];
            stream.read_exact(&mut command).await.unwrap();
            assert_eq!(command, [0x01, 0x03, 0x0c, 0x00]);
            stream.write_all(&[0x04, 0x0e, 0x04, 0x01, 0x03, 0x0c, 0x00]).await.unwrap();
        };
        let host = async {
            let (mut reader, mut writer) = super::connect(address).await.unwrap();
            let reset = jelling_transport_packet(&[0x03, 0x0c, 0x00]);
            writer.write(reset).await.unwrap();
            let mut buffer = [0; 260];
            assert_eq!(reader.read(&mut buffer).await.unwrap().data, [0x0e, 0x04, 0x01, 0x03, 0x0c, 0x00]);
            assert!(reader.read(&mut buffer).await.is_err(), "the controller closed");
        };
        tokio::join!(controller, host);
    }

    fn jelling_transport_packet(data: &[u8]) -> jelling_wire::Packet<'_> {
        jelling_wire::Packet::new(jelling_wire::PacketKind::Command, data)
    }
}
