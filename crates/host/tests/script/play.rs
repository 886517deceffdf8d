//! Scripts as files: what a raw peer says, and what the server answers.
//!
//! `# name` begins a case on a fresh host, `> octets` is a PDU of the peer, and the lines `< octets` behind it are all that it is
//! answered: none is silence. Octets are hexadecimal, text in quotes, or `@from+count` of the long value. `!` does something
//! else.

use super::table::{self, Served};
use crate::support::raw::Raw;
use core::task::Poll;
use jelling_host::*;

/// Octets that a line stands for.
fn octets(line: &str) -> Vec<u8> {
    let mut octets = vec![];
    let mut rest = line.trim();
    while let Some(first) = rest.chars().next() {
        if let Some(text) = rest.strip_prefix('\'') {
            let (text, behind) = text.split_once('\'').expect("a closing quote");
            octets.extend(text.bytes());
            rest = behind.trim_start();
            continue;
        }
        let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        rest = behind.trim_start();
        if first == '@' {
            let (from, count) = word[1..].split_once('+').expect("from and count");
            let (from, count): (usize, usize) = (from.parse().unwrap(), count.parse().unwrap());
            octets.extend(&table::long()[from..from + count]);
        } else {
            octets.push(u8::from_str_radix(word, 16).unwrap_or_else(|_| panic!("{word} in {line}")));
        }
    }
    octets
}

fn handle(word: &str) -> u16 {
    u16::from_str_radix(word, 16).unwrap()
}

/// A case under way.
struct Play {
    raw: Raw,
    served: Served,
    /// Each PDU comes while the transmit buffer is in use.
    busy: bool,
}

/// How a case is played.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mode {
    pub(crate) acl_length: u16,
    pub(crate) busy: bool,
}

type Memory = Store<Links<1, 517>, Gatt<128, 4096>, Pool<48, 2>, Scan<1>>;

impl Play {
    fn new(mode: Mode, queue: u16) -> Self {
        let mut memory: Box<Memory> = Box::new(Store::NEW);
        let served = table::serve(&mut memory.core());
        let config = Config { prepare_queue: queue, ..Config::new() };
        let mut raw = Raw::new(memory, config, mode.acl_length, 1);
        raw.word = table::word;
        let mut play = Play { raw, served, busy: mode.busy };
        play.subscribe();
        play
    }

    /// So that there is something to tell.
    fn subscribe(&mut self) {
        assert_eq!(self.raw.ask(0, &[0x12, 0xf3, 0xff, 1, 0]), [[0x13]]);
    }

    fn ask(&mut self, pdu: &[u8]) -> Vec<Vec<u8>> {
        if self.busy { self.raw.ask_behind(0, self.served.told, pdu) } else { self.raw.ask(0, pdu) }
    }

    fn secure(&mut self, state: &str) {
        let encrypted = Security { encrypted: true, key_size: 16, ..Security::default() };
        let link = self.raw.link(0);
        let security = match state {
            "bonded" => Security { bonded: true, ..Security::default() },
            "encrypted" => encrypted,
            "short" => Security { key_size: 15, ..encrypted },
            "authenticated" => Security { authenticated: true, ..encrypted },
            _ => panic!("no security {state}"),
        };
        self.raw.core().inject_security(link, security).unwrap();
    }

    /// A line that begins with `!`.
    fn act(&mut self, line: &str) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let link = self.raw.link(0);
        match verb {
            "mtu" => {
                let mtu: u16 = rest.parse().unwrap();
                let [low, high] = mtu.to_le_bytes();
                assert_eq!(self.ask(&[0x02, low, high]), [[0x03, 0x05, 0x02]]);
                assert_eq!(self.raw.core().link_info(link).unwrap().mtu, mtu);
            }
            "security" => self.secure(rest),
            "authorised" => self.raw.core().set_authorised(link, Authorisation::Granted).unwrap(),
            "register" => {
                self.served = table::serve(&mut self.raw.core());
                self.subscribe();
            }
            "captured" => {
                let mut buffer = [0; 20];
                let taken = self.raw.core().take_captured(self.served.captured, &mut buffer);
                let Poll::Ready(Ok((_, length))) = taken else { panic!("nothing is captured") };
                assert_eq!(buffer[..length], octets(rest), "captured");
            }
            "stored" => {
                let (which, expected) = rest.split_once(' ').unwrap_or((rest, ""));
                let id = self.served.values.iter().find(|id| id.handle() == handle(which)).copied();
                assert_eq!(self.raw.stored(id.unwrap()), octets(expected), "stored at {which}");
            }
            "blocks" => {
                let used = self.raw.core().pools().blocks.used;
                assert_eq!(used, 2 + rest.parse::<usize>().unwrap(), "blocks beside those of the capture");
            }
            _ => panic!("no verb {verb}"),
        }
    }
}

/// Plays every case of a file, and tells how many there were.
pub(crate) fn play(name: &str, file: &str, mode: Mode) -> usize {
    let (mut cases, mut wrong) = (0, vec![]);
    for case in file.split("\n# ").skip(1) {
        let mut lines = case.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
        let title = lines.next().unwrap_or_default();
        let queue = lines.next_if(|line| line.starts_with("! queue")).map(|line| line[8..].parse().unwrap());
        let mut play = Play::new(mode, queue.unwrap_or(1024));
        while let Some(line) = lines.next() {
            let (kind, rest) = line.split_at(1);
            match kind {
                "!" => play.act(rest.trim()),
                ">" => {
                    let told = play.ask(&octets(rest));
                    let mut expected = vec![];
                    while let Some(answer) = lines.next_if(|line| line.starts_with('<')) {
                        expected.push(octets(&answer[1..]));
                    }
                    if told != expected {
                        wrong.push(format!("{name}, {title}: {line}\n  {told:02x?}, not\n  {expected:02x?}, {mode:?}"));
                    }
                }
                _ => panic!("{name}, {title}: {line}"),
            }
        }
        // Two blocks of the capture stay.
        play.raw.is_whole(2);
        cases += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    cases
}
