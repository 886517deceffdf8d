//! `pair` and `serve --pairing`: each method, with its questions and their answers.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::pairing::{Asked, Peers, paired};
use rustix::process::Signal;
use serde_json::json;

const PASSKEY: &str = "passkey ";
const ENTER: &str = "enter passkey:\n";
const COMPARE: &str = "compare ";

/// The six digits of a question.
fn digits(line: &str) -> &str {
    let digits = line.split_whitespace().nth(1).unwrap();
    assert!(digits.len() == 6 && digits.bytes().all(|octet| octet.is_ascii_digit()), "{line:?}");
    digits
}

/// Waits until both sides ask this, and gives the lines: first the server's.
fn both_ask(peers: &mut Peers, central: &mut Asked, (server, client): (&str, &str)) -> (String, String) {
    (peers.server.asks(server), central.asks(client))
}

/// Answers as users do who see both devices.
fn both_answer(peers: &mut Peers, central: &mut Asked, asked: (&str, &str)) {
    let (server, client) = both_ask(peers, central, asked);
    match asked {
        (COMPARE, _) => {
            assert_eq!(server, client);
            assert_eq!(server, format!("compare {} y/n:\n", digits(&server)));
            peers.server.answer("y");
            central.answer("y");
        }
        (PASSKEY, _) => central.answer(digits(&server)),
        (_, PASSKEY) => peers.server.answer(digits(&client)),
        _ => {
            peers.server.answer("019283");
            central.answer("019283");
        }
    }
}

#[test]
fn without_questions() {
    for (options, secure_connections) in [(&[][..], true), (&["--legacy"], false)] {
        let mut peers = Peers::new(&[&["--pairing", "none"], options].concat());
        let (code, out, error) = peers.pair(options).end();
        assert_eq!((code, &*error), (Some(0), ""));
        let expected = json!({
            "address": peers.address(), "encrypted": true, "authenticated": false, "bonded": false,
            "secure_connections": secure_connections, "key_size": 16,
        });
        assert_eq!(paired(&out), expected);
        let kind = if secure_connections { "LE Secure Connections" } else { "legacy pairing" };
        let told = peers.server.command.says("encrypted");
        assert!(told.ends_with(&format!(": encrypted, not authenticated, {kind}, a key of 16 octets, not bonded\n")));
    }
}

#[test]
fn each_method_asks_what_it_needs() {
    for (server, client, legacy, asked) in [
        ("display", "keyboard", false, (PASSKEY, ENTER)),
        ("keyboard", "display", false, (ENTER, PASSKEY)),
        ("keyboard", "keyboard", false, (ENTER, ENTER)),
        ("yesno", "yesno", false, (COMPARE, COMPARE)),
        ("keyboard-display", "yesno", false, (COMPARE, COMPARE)),
        ("keyboard-display", "keyboard-display", false, (COMPARE, COMPARE)),
        ("display", "keyboard", true, (PASSKEY, ENTER)),
        ("keyboard", "display", true, (ENTER, PASSKEY)),
        ("keyboard", "keyboard", true, (ENTER, ENTER)),
        ("keyboard-display", "keyboard-display", true, (ENTER, PASSKEY)),
    ] {
        let options: &[&str] = if legacy { &["--mitm", "--legacy"] } else { &["--mitm"] };
        let mut peers = Peers::new(&[&["--pairing", server], options].concat());
        let mut central = peers.pair(&[&["--io", client], options].concat());
        both_answer(&mut peers, &mut central, asked);
        let (code, out, error) = central.end();
        assert_eq!((code, &*error), (Some(0), ""), "{server} {client} {legacy}");
        let paired = paired(&out);
        assert_eq!(
            (&paired["authenticated"], &paired["encrypted"], &paired["secure_connections"]),
            (&json!(true), &json!(true), &json!(!legacy)),
            "{server} {client} {legacy}",
        );
        peers.server.command.says(": encrypted, authenticated, ");
    }
}

#[test]
fn out_of_band() {
    for (legacy, length) in [(false, 64), (true, 32)] {
        let options: &[&str] = if legacy { &["--mitm", "--legacy"] } else { &["--mitm"] };
        let mut peers = Peers::started(&[&["--pairing", "none", "--oob-print"], options].concat());
        let oob = peers.server.asks("").trim_end().to_owned();
        assert_eq!(oob.len(), length);
        peers.is_ready();
        let mut wrong = oob.clone();
        wrong.replace_range(0..1, if oob.starts_with('0') { "1" } else { "0" });
        let (code, out, error) = peers.pair(&[&["--oob", &wrong], options].concat()).end();
        assert_eq!((code, &*out), (Some(1), ""));
        assert!(error.contains("Confirm Value Failed"), "{error}");
        // What was printed is good for one pairing.
        let oob = match legacy {
            true => oob,
            false => peers.server.command.says_of_length(64),
        };
        let (code, out, error) = peers.pair(&[&["--oob", &oob], options].concat()).end();
        assert_eq!((code, &*error), (Some(0), ""));
        assert_eq!(paired(&out)["authenticated"], true);
    }
}

#[test]
fn our_out_of_band_data_is_printed_before_pairing_begins() {
    let peers = Peers::new(&["--pairing", "none"]);
    let mut central = peers.pair(&["--oob-print"]);
    assert_eq!(central.asks("").trim_end().len(), 64);
    assert_eq!(central.end().0, Some(0));
}

#[test]
fn a_line_that_is_no_answer_asks_again() {
    let mut peers = Peers::new(&["--pairing", "display"]);
    let mut central = peers.pair(&["--io", "keyboard", "--mitm"]);
    let (shown, _) = both_ask(&mut peers, &mut central, (PASSKEY, ENTER));
    for wrong in ["", "y", "12345", "1234567", "12345x", "+12345"] {
        central.answer(wrong);
        central.asks(ENTER);
    }
    central.answer(digits(&shown));
    assert_eq!(central.end().0, Some(0));

    let mut peers = Peers::new(&["--pairing", "yesno"]);
    let mut central = peers.pair(&["--io", "yesno", "--mitm"]);
    let (asked, again) = both_ask(&mut peers, &mut central, (COMPARE, COMPARE));
    assert_eq!(asked, again);
    for wrong in ["", "maybe", digits(&asked)] {
        central.answer(wrong);
        assert_eq!(central.asks(COMPARE), asked);
    }
    central.answer(" YES\r");
    peers.server.answer("y");
    assert_eq!(central.end().0, Some(0));
}

/// The pairing ends with exit 1 and one sentence that says this.
fn fails(peers: &Peers, central: Asked, what: &str) {
    let (code, out, error) = central.end();
    let expected = format!("jelling: no encryption with {}: {what}\n", peers.address());
    assert_eq!((code, &*out, &*error), (Some(1), "", &*expected));
}

#[test]
fn the_wrong_passkey() {
    for options in [&["--mitm"][..], &["--mitm", "--legacy"]] {
        let mut peers = Peers::new(&[&["--pairing", "display"], options].concat());
        let mut central = peers.pair(&[&["--io", "keyboard"], options].concat());
        let (shown, _) = both_ask(&mut peers, &mut central, (PASSKEY, ENTER));
        let wrong = (digits(&shown).parse::<u32>().unwrap() + 1) % 1_000_000;
        central.answer(&format!("{wrong:06}"));
        fails(&peers, central, "the peer ended pairing: Confirm Value Failed (0x04)");
        let told = peers.server.command.says(": pairing failed");
        assert!(told.ends_with(": pairing failed: Confirm Value Failed (0x04)\n"), "{told}");
    }
}

#[test]
fn a_comparison_that_is_rejected() {
    for (server, client, told) in [
        ("y", "n", "pairing failed: Numeric Comparison Failed (0x0c)"),
        ("n", "y", "the peer ended pairing: Numeric Comparison Failed (0x0c)"),
    ] {
        let mut peers = Peers::new(&["--pairing", "yesno"]);
        let mut central = peers.pair(&["--io", "yesno", "--mitm"]);
        both_ask(&mut peers, &mut central, (COMPARE, COMPARE));
        peers.server.answer(server);
        central.answer(client);
        fails(&peers, central, told);
    }
}

#[test]
fn the_end_of_the_input_rejects() {
    let mut peers = Peers::new(&["--pairing", "yesno"]);
    let mut central = peers.pair(&["--io", "yesno", "--mitm"]);
    both_ask(&mut peers, &mut central, (COMPARE, COMPARE));
    central.hang_up();
    fails(&peers, central, "pairing failed: Numeric Comparison Failed (0x0c)");

    let mut peers = Peers::new(&["--pairing", "display"]);
    let mut central = peers.pair(&["--io", "keyboard", "--mitm"]);
    both_ask(&mut peers, &mut central, (PASSKEY, ENTER));
    central.hang_up();
    fails(&peers, central, "pairing failed: Passkey Entry Failed (0x01)");
    // It was over before the question.
    let mut central = peers.pair(&["--io", "keyboard", "--mitm"]);
    central.hang_up();
    central.asks(ENTER);
    fails(&peers, central, "pairing failed: Passkey Entry Failed (0x01)");
}

#[test]
fn the_end_of_a_servers_input_rejects_and_it_goes_on() {
    let mut peers = Peers::new(&["--pairing", "yesno"]);
    let mut central = peers.pair(&["--io", "yesno", "--mitm"]);
    both_ask(&mut peers, &mut central, (COMPARE, COMPARE));
    peers.server.hang_up();
    fails(&peers, central, "the peer ended pairing: Numeric Comparison Failed (0x0c)");
    assert_eq!(peers.client("read", &["2a6e"]).0, Some(0));
    peers.server.command.signal(Signal::TERM);
    assert_eq!(peers.server.command.end().0, Some(0));
}

#[test]
fn a_signal_rejects_what_is_asked() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut peers = Peers::new(&["--pairing", "yesno"]);
        let mut central = peers.pair(&["--io", "yesno", "--mitm"]);
        both_ask(&mut peers, &mut central, (COMPARE, COMPARE));
        central.command.signal(signal);
        fails(&peers, central, "pairing failed: Numeric Comparison Failed (0x0c)");
        peers.server.command.says(": the peer ended pairing: Numeric Comparison Failed (0x0c)");
        // A server whose user is asked ends as ever.
        let mut central = peers.pair(&["--io", "yesno", "--mitm"]);
        both_ask(&mut peers, &mut central, (COMPARE, COMPARE));
        peers.server.command.signal(signal);
        assert_eq!(peers.server.command.end().0, Some(0));
        assert_eq!(central.end().0, Some(1));
    }
}

#[test]
fn a_signal_while_nothing_is_asked_interrupts() {
    let mut peers = Peers::new(&["--pairing", "keyboard"]);
    let mut central = peers.pair(&["--io", "display", "--mitm"]);
    both_ask(&mut peers, &mut central, (ENTER, PASSKEY));
    central.command.signal(Signal::INT);
    assert_eq!(central.end(), (Some(1), String::new(), "jelling: interrupted\n".into()));
    peers.server.command.says(": the peer ended pairing: Passkey Entry Failed (0x01)");
    // The question is closed: the next one is another.
    let mut central = peers.pair(&["--io", "display", "--mitm"]);
    let shown = central.asks(PASSKEY);
    peers.server.command.says(ENTER);
    peers.server.answer(digits(&shown));
    assert_eq!(central.end().0, Some(0));
}

#[test]
fn what_does_not_go_together_fails_with_its_reason() {
    for (server, client, told) in [
        (&[][..], &[][..], "the peer ended pairing: Pairing Not Supported (0x05)"),
        (&["--pairing", "none", "--sc-only"], &["--legacy"], "Authentication Requirements (0x03)"),
        (&["--pairing", "none", "--legacy"], &["--sc-only"], "Authentication Requirements (0x03)"),
        (&["--pairing", "none"], &["--legacy"], "the peer ended pairing: Authentication Requirements (0x03)"),
        (&["--pairing", "none", "--legacy"], &[], "pairing failed: Authentication Requirements (0x03)"),
        (&["--pairing", "none"], &["--mitm"], "pairing failed: Authentication Requirements (0x03)"),
        (&["--pairing", "none", "--mitm"], &[], "Authentication Requirements (0x03)"),
    ] {
        let peers = Peers::new(server);
        let (code, out, error) = peers.pair(client).end();
        assert_eq!((code, &*out), (Some(1), ""), "{server:?} {client:?}");
        assert!(error.ends_with(&format!("{told}\n")), "{server:?} {client:?}: {error}");
    }
}

#[test]
fn secure_connections_only_pairs_as_it_promises() {
    let mut peers = Peers::new(&["--pairing", "yesno", "--sc-only"]);
    let mut central = peers.pair(&["--io", "yesno", "--sc-only"]);
    both_answer(&mut peers, &mut central, (COMPARE, COMPARE));
    let (code, out, _) = central.end();
    let paired = paired(&out);
    assert_eq!((code, &paired["authenticated"], &paired["key_size"]), (Some(0), &json!(true), &json!(16)));
}

#[test]
fn a_line_that_answers_is_no_order() {
    let mut peers = Peers::new(&["--pairing", "yesno", "--stdin"]);
    peers.server.answer("set 2a6e 0001");
    peers.server.answer("nonsense");
    peers.server.asks("jelling: \"nonsense\"");
    let mut central = peers.pair(&["--io", "yesno", "--mitm"]);
    both_ask(&mut peers, &mut central, (COMPARE, COMPARE));
    peers.server.answer("y");
    central.answer("y");
    assert_eq!(central.end().0, Some(0));
    peers.server.command.says(": encrypted");
    peers.server.answer("y");
    peers.server.command.says("jelling: \"y\"");
    peers.server.answer("set 2a6e 0002\nnonsense");
    peers.server.command.says("nonsense");
    assert_eq!(peers.client("read", &["2a6e"]).1, "{\"handle\":3,\"value\":\"0002\"}\n");
}

#[test]
fn a_line_that_comes_too_late_answers_no_other_question() {
    let mut peers = Peers::new(&["--pairing", "yesno"]);
    let mut central = peers.pair(&["--io", "yesno", "--mitm"]);
    both_ask(&mut peers, &mut central, (COMPARE, COMPARE));
    central.answer("n");
    assert_eq!(central.end().0, Some(1));
    peers.server.command.says(": the peer ended pairing: Numeric Comparison Failed (0x0c)");
    peers.server.answer("y");
    assert_eq!(peers.server.command.says("jelling: \"y\""), "jelling: \"y\": nothing is asked any more\n");
    let mut central = peers.pair(&["--io", "yesno", "--mitm"]);
    both_ask(&mut peers, &mut central, (COMPARE, COMPARE));
    central.answer("y");
    peers.server.answer("n");
    fails(&peers, central, "the peer ended pairing: Numeric Comparison Failed (0x0c)");
}

#[test]
fn two_peers_are_asked_about_one_after_the_other() {
    let mut peers = Peers::new(&["--pairing", "yesno"]);
    let mut first = peers.pair(&["--io", "yesno", "--mitm"]);
    let of_first = both_ask(&mut peers, &mut first, (COMPARE, COMPARE)).0;
    let mut second = peers.begin_on(2, "pair", &["--io", "yesno", "--mitm"]);
    let of_second = second.asks(COMPARE);
    // Whose answer this is, the one question on the screen says.
    peers.server.answer("y");
    first.answer("y");
    second.answer("y");
    let (code, out, _) = first.end();
    assert_eq!((code, &paired(&out)["authenticated"]), (Some(0), &json!(true)), "{of_first}");
    assert_eq!(peers.server.command.says(COMPARE), of_second);
    peers.server.answer("n");
    fails(&peers, second, "the peer ended pairing: Numeric Comparison Failed (0x0c)");
}

#[test]
fn the_thermometer_of_sim_pairs() {
    let mut central = Asked::start(&["-t", "sim:", "--json", "pair", "00:00:5e:00:53:01"]);
    central.hang_up();
    let (code, out, error) = central.end();
    assert_eq!((code, &*error, &paired(&out)["encrypted"]), (Some(0), "", &json!(true)));
}
