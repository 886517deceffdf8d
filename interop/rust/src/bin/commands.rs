//! Calls commands on our controllers and on RootCanal's, and compares the statuses with a table.
//!
//! The table has a line per call: the bit of Read Local Supported Commands, the command's name, the state it is called in,
//! its parameters (`HHHH` is the handle of the link), what our controller answers, what RootCanal answers, and why they differ.

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

#[derive(Parser)]
struct Arguments {
    /// The table
    table: PathBuf,
    /// HCI ports of two of our controllers
    #[arg(long, num_args = 2)]
    ours: Vec<u16>,
    /// HCI ports of two controllers of RootCanal
    #[arg(long, num_args = 2)]
    rootcanal: Vec<u16>,
    /// Write what they answer into the table
    #[arg(long)]
    record: bool,
}

const READ_SUPPORTED: u16 = 0x1002;
const READ_ADDRESS: u16 = 0x1009;
const RESET: u16 = 0x0c03;
const HOST_NUMBER_OF_COMPLETED_PACKETS: u16 = 0x0c35;
/// What is written of a controller that ends itself when it cannot read a packet. It is not asked again.
const ENDS: &str = "ends";
/// The exit code when that has just happened.
const ENDED: u8 = 3;
const KEY: &str = "00112233445566778899aabbccddeeff";

/// An event: its code and its parameters.
type Seen = (u8, Vec<u8>);

/// A host of octets.
struct Raw {
    stream: TcpStream,
    address: String,
    handle: u16,
    events: Vec<Seen>,
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, o| {
        let _ = write!(text, "{o:02x}");
        text
    })
}

fn octets(text: &str) -> Result<Vec<u8>> {
    ensure!(text.is_ascii() && text.len().is_multiple_of(2), "not hexadecimal: {text}");
    (0..text.len() / 2).map(|i| Ok(u8::from_str_radix(&text[2 * i..2 * i + 2], 16)?)).collect()
}

impl Raw {
    fn connect(port: u16) -> Result<Self> {
        let stream =
            TcpStream::connect(("127.0.0.1", port)).with_context(|| format!("no controller at port {port}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(3)))?;
        let mut raw = Raw { stream, address: String::new(), handle: 0, events: vec![] };
        raw.reset()?;
        raw.address = hex(&raw.call(READ_ADDRESS, "")?.1[4..10]);
        Ok(raw)
    }

    fn packet(&mut self) -> Result<Option<Seen>> {
        let mut head = [0; 3];
        self.stream.read_exact(&mut head).context("no answer")?;
        if head[0] == 2 {
            let mut length = [0; 2];
            self.stream.read_exact(&mut length)?;
            let mut data = vec![0; usize::from(u16::from_le_bytes(length))];
            self.stream.read_exact(&mut data)?;
            return Ok(None);
        }
        ensure!(head[0] == 4, "not an event: {head:02x?}");
        let mut parameters = vec![0; usize::from(head[2])];
        self.stream.read_exact(&mut parameters)?;
        Ok(Some((head[1], parameters)))
    }

    /// Waits for an event for which this holds, and keeps the others.
    fn wait(&mut self, wanted: impl Fn(&Seen) -> bool) -> Result<Seen> {
        if let Some(at) = self.events.iter().position(&wanted) {
            return Ok(self.events.remove(at));
        }
        loop {
            match self.packet()? {
                Some(event) if wanted(&event) => return Ok(event),
                Some(event) => self.events.push(event),
                None => {}
            }
        }
    }

    fn send(&mut self, opcode: u16, parameters: &str) -> Result<()> {
        let parameters = octets(&parameters.replace("HHHH", &hex(&self.handle.to_le_bytes())))?;
        let mut packet = vec![1];
        packet.extend(opcode.to_le_bytes());
        packet.push(u8::try_from(parameters.len())?);
        packet.extend(parameters);
        Ok(self.stream.write_all(&packet)?)
    }

    /// Calls a command and gives its answer.
    fn call(&mut self, opcode: u16, parameters: &str) -> Result<Seen> {
        self.send(opcode, parameters)?;
        self.wait(|event| answers(event, opcode))
    }

    /// The same, with success expected.
    fn must(&mut self, opcode: u16, parameters: &str) -> Result<()> {
        let answer = self.call(opcode, parameters)?;
        ensure!(status(&answer)? == 0, "{opcode:#06x} of the state failed: {answer:02x?}");
        Ok(())
    }

    fn reset(&mut self) -> Result<()> {
        self.must(RESET, "")?;
        self.must(0x0c01, "ffffffffffffff3f")?;
        self.must(0x2001, "ff01000000000000")?;
        self.events.clear();
        Ok(())
    }

    /// An LE Meta event of this kind.
    fn meta(&mut self, subevent: u8) -> Result<Vec<u8>> {
        Ok(self.wait(|(code, parameters)| *code == 0x3e && parameters.first() == Some(&subevent))?.1)
    }
}

/// Whether an event answers a command, by Command Complete or by Command Status.
fn answers((code, parameters): &Seen, opcode: u16) -> bool {
    let at = match code {
        0x0e => 1,
        0x0f => 2,
        _ => return false,
    };
    parameters.get(at..at + 2) == Some(&opcode.to_le_bytes()[..])
}

fn status((code, parameters): &Seen) -> Result<u8> {
    Ok(*parameters.get(if *code == 0x0e { 3 } else { 0 }).context("an answer without status")?)
}

/// LE Set Advertising Parameters: every 20 ms, connectable, our public address, all channels, anyone.
const ADVERTISE: &str = "200020000000000000000000000700";

/// Brings two controllers that were reset into a state; gives the index of the one that is called.
fn enter(state: &str, hosts: &mut [Raw; 2]) -> Result<usize> {
    let [one, two] = hosts;
    match state {
        "idle" => return Ok(0),
        "advertising" => {
            one.must(0x2006, ADVERTISE)?;
            one.must(0x200a, "01")?;
            return Ok(0);
        }
        "scanning" => {
            one.must(0x200b, "00100010000000")?;
            one.must(0x200c, "0100")?;
            return Ok(0);
        }
        "initiating" => {
            one.must(0x200d, &initiate("010203040506"))?;
            return Ok(0);
        }
        "key pair" => {
            one.must(0x2025, "")?;
            one.meta(0x08)?;
            return Ok(0);
        }
        _ => {}
    }
    two.must(0x2006, ADVERTISE)?;
    two.must(0x200a, "01")?;
    one.must(0x200d, &initiate(&two.address.clone()))?;
    for host in [&mut *one, &mut *two] {
        let complete = host.meta(0x01)?;
        ensure!(complete[1] == 0, "no connection: {complete:02x?}");
        host.handle = u16::from_le_bytes([complete[2], complete[3]]);
    }
    match state {
        "central" => Ok(0),
        "peripheral" => Ok(1),
        "key wanted" => {
            one.must(0x2019, &format!("HHHH{}0000{KEY}", "00".repeat(8)))?;
            two.meta(0x05)?;
            Ok(1)
        }
        "parameters wanted" => {
            two.must(0x2013, "HHHH1800280000002a0000000000")?;
            one.meta(0x06)?;
            Ok(0)
        }
        _ => bail!("no such state: {state}"),
    }
}

/// Parameters of LE Create Connection: 10 ms of every 10 ms, a peer, our public address, an interval of 30 ms.
fn initiate(peer: &str) -> String {
    format!("100010000000{peer}001800180000002a0000000000")
}

/// What a controller answers to a call in a state.
fn answer(hosts: &mut [Raw; 2], state: &str, opcode: u16, parameters: &str) -> Result<String> {
    for host in hosts.iter_mut() {
        host.reset()?;
    }
    let who = enter(state, hosts).with_context(|| format!("while it enters the state {state}"))?;
    let host = &mut hosts[who];
    host.events.clear();
    if opcode == HOST_NUMBER_OF_COMPLETED_PACKETS {
        // Has no answer: the next command's is the first.
        host.send(opcode, parameters)?;
        let first = host.call(READ_ADDRESS, "")?;
        let refused = host.events.iter().find(|e| answers(e, opcode));
        return refused.map_or_else(|| status(&first).map(|_| "none".into()), told);
    }
    match host.call(opcode, parameters) {
        Ok(event) => told(&event),
        Err(error) if closed(&error) => Ok(ENDS.into()),
        Err(error) => Err(error),
    }
}

fn closed(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    matches!(kind, Some(std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset))
}

fn told(answer: &Seen) -> Result<String> {
    let kind = if answer.0 == 0x0e { "complete" } else { "status" };
    Ok(format!("{kind} {:02x}", status(answer)?))
}

/// A line of the table.
struct Line {
    bit: String,
    name: String,
    opcode: u16,
    state: String,
    parameters: String,
    answers: [String; 2],
    why: String,
}

const HEAD: &str = "bit\tcommand\topcode\tstate\tparameters\tours\tRootCanal\twhy";

fn parse(text: &str) -> Result<Vec<Line>> {
    let mut lines = text.lines();
    ensure!(lines.next() == Some(HEAD), "the first line is not {HEAD:?}");
    let line = |text: &str| -> Result<Line> {
        let fields: Vec<&str> = text.split('\t').collect();
        let [bit, name, opcode, state, parameters, ours, theirs, why] = fields[..] else {
            bail!("not eight fields: {text}")
        };
        Ok(Line {
            bit: bit.into(),
            name: name.into(),
            opcode: u16::from_str_radix(opcode, 16)?,
            state: state.into(),
            parameters: parameters.into(),
            answers: [ours.into(), theirs.into()],
            why: why.into(),
        })
    };
    lines.map(line).collect()
}

/// Every command bit that our controller claims has a call that succeeds and one that is refused.
fn complete(lines: &[Line], claimed: &[u8]) -> Result<()> {
    let mut have: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for line in lines {
        // Host Number Of Completed Packets has no answer either way; the call that is refused says 255 links.
        let good = line.answers[0] == "none" && !line.parameters.starts_with("ff") || line.answers[0].ends_with(" 00");
        have.entry(line.bit.clone()).or_default()[usize::from(!good)] += 1;
        ensure!(
            (line.answers[0] == line.answers[1]) == line.why.is_empty(),
            "{} in state {}: {:?} and {:?}, but why is {:?}",
            line.name,
            line.state,
            line.answers[0],
            line.answers[1],
            line.why
        );
    }
    for (octet, bits) in claimed.iter().enumerate() {
        for bit in (0..8).filter(|bit| bits & 1 << bit != 0) {
            let count = have.get(&format!("{octet}.{bit}")).copied().unwrap_or_default();
            ensure!(count[0] > 0 && count[1] > 0, "bit {octet}.{bit} has {count:?} calls that succeed and fail");
        }
    }
    Ok(())
}

fn written(lines: &[Line]) -> Result<String> {
    let mut text = String::from(HEAD);
    for l in lines {
        let [ours, theirs] = &l.answers;
        let (bit, name, opcode, state, parameters, why) = (&l.bit, &l.name, l.opcode, &l.state, &l.parameters, &l.why);
        write!(text, "\n{bit}\t{name}\t{opcode:04x}\t{state}\t{parameters}\t{ours}\t{theirs}\t{why}")?;
    }
    Ok(text + "\n")
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut lines = parse(&std::fs::read_to_string(&arguments.table)?)?;
    let pair = |ports: &[u16]| -> Result<[Raw; 2]> { Ok([Raw::connect(ports[0])?, Raw::connect(ports[1])?]) };
    let mut radios = [pair(&arguments.ours)?, pair(&arguments.rootcanal)?];
    let claimed = radios[0][0].call(READ_SUPPORTED, "")?.1.split_off(4);
    let (mut wrong, mut ended) = (0, false);
    for line in &mut lines {
        for ((hosts, expected), radio) in radios.iter_mut().zip(&mut line.answers).zip(["ours", "RootCanal"]) {
            if expected == ENDS {
                continue;
            }
            let told = answer(hosts, &line.state, line.opcode, &line.parameters)
                .with_context(|| format!("{} in state {} on {radio}", line.name, line.state))?;
            ended |= told == ENDS;
            if *expected != told && !arguments.record {
                wrong += 1;
                eprintln!("{} in state {} on {radio}: {told}, and not {expected}", line.name, line.state);
            }
            *expected = told;
        }
        if ended {
            break;
        }
    }
    if arguments.record {
        std::fs::write(&arguments.table, written(&lines)?)?;
        if ended {
            return Ok(ExitCode::from(ENDED));
        }
    }
    ensure!(wrong == 0, "{wrong} answers are not those of the table");
    complete(&lines, &claimed)?;
    let differ = lines.iter().filter(|l| !l.why.is_empty()).count();
    let names: BTreeSet<&str> = lines.iter().map(|l| l.name.as_str()).collect();
    println!("{} calls of {} commands: {differ} answered otherwise by RootCanal", lines.len(), names.len());
    Ok(ExitCode::SUCCESS)
}
