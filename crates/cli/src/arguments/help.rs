//! What `--help` says beyond the arguments of a command.

pub(super) const EXPLORE: &str = "\
Example: jelling explore da:4c:10:de:00:01/public --json
Example: jelling explore da:4c:10:de:00:01/public --export copy.toml

The exported file is one of `jelling serve`. It has what can be seen from outside: handles, UUIDs, properties, and values as they \
were given. A value that needs encryption or authorisation is empty in it and has that permission, for reading and for writing; \
one that peers may write is variable, any other fixed. Serving the file and exporting that gives the same file.";

pub(super) const SERVE: &str = "\
Example: jelling serve thermo.toml --json --stdin

A small file:

  name = \"thermo\"
  advertise = { services = [\"181a\"] }
  [[service]]
  uuid = \"181a\"
  [[service.characteristic]]
  uuid = \"2a6e\"
  properties = [\"read\", \"notify\"]
  value = \"c409\"

With --pairing, questions to the user are lines on stderr, which the next line of standard input answers (see `jelling pair \
--help`); with --bonds, bonds outlive the program.

`jelling explore ADDR --export FILE.toml` writes one of a peer. docs/serve.md tells of every field.";

pub(super) const PAIR: &str = "\
Example: jelling --bonds bonds.json pair da:4c:10:de:00:01 --io keyboard-display --mitm
Example: jelling --bonds bonds.json pair da:4c:10:de:00:01 --json

What is asked stands on stderr, a line each, and lines of standard input answer:

  passkey 123456           to be typed at the peer
  enter passkey:           the six digits that the peer shows
  compare 123456 y/n:      whether the peer shows the same

The end of input and Ctrl-C reject. Without --bonds the keys are forgotten at the end, and the peer is told so. A bond that is \
weaker than what is asked for is replaced.";

pub(super) const BONDS_EXPORT: &str = "\
Example: jelling --bonds bonds.json bonds export

The file as it is, for another host, our own identity included; with --json one object a peer, and no identity. Octets are in the \
order of the air, least significant first. The output holds secrets: keep it as you keep the file.";

pub(super) const SHOW: &str = "\
Example: jelling show session.btsnoop

Fields of --json: number (from 1), time (seconds since the first packet), direction (host or controller: who sent it), \
kind (command, event, acl, sco, iso), name, text (the line), data (hex, from the HCI header on); and where there is one \
code (of the command, event or PDU), handle (of data), channel and payload (of the frame that the packet completes), \
malformed (true).";

pub(super) const REPLAY: &str = "\
Example: jelling replay session.btsnoop --serve thermo.toml

Fields of --json: records, controller and host (packets of each), sent (by the host that is replayed), same (of the host's, \
octet for octet), events (of the host), links, counters, not_replayed, blanked, difference (the first one: number, expected, \
sent).";

pub(super) const L2CAP: &str = "\
Example: jelling l2cap listen --psm 129 --output received.bin --once
Example: jelling l2cap connect da:4c:10:de:00:01 --psm 129 --input send.bin";

pub(super) const LISTEN: &str = "\
Example: jelling l2cap listen --psm 129 --output received.bin --once
Example: jelling l2cap listen --psm 0x81 --echo --json

Without --echo and --output what comes is counted and dropped. With --output - it goes to standard output, and everything else to \
stderr. Of a channel that says `closed` every octet has been written.

A peer that closes its channel, or its link, has ended well. When the link is lost, that is said, and with --once it is exit 1.";

pub(super) const CONNECT: &str = "\
Example: jelling l2cap connect da:4c:10:de:00:01 --psm 129 --input send.bin --output received.bin
Example: jelling l2cap connect da:4c:10:de:00:01/public --psm 0x81 --sdu 512

At the end of the input it goes on receiving until the peer closes, or nothing came for --linger. A file is sent in SDUs of --sdu \
octets, the last one shorter; of a pipe or terminal what has come is sent at once. Whatever goes to standard output is data alone: \
everything else is on stderr then, lines of --json too.";

pub(super) const BENCH: &str = "\
Example: jelling bench --serve
Example: jelling bench da:4c:10:de:00:01/public --json

A row each for gatt-notify (the peer notifies), gatt-write (write commands), coc-one-way and coc-round-trip. The rate is that of \
the octets of values and SDUs, as they were counted and verified by who received them. A latency is that of one exchange alone: \
a write command until the notification that answers it; a write until its response; an SDU until a short answer; an SDU until \
it is back.

Fields of --json: test, octets, lost (octets that never came, or not as they were sent), seconds, rate (octets per second), \
latency (count, and min, p50, p90, p99, max in seconds).";
