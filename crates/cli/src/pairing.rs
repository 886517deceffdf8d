//! Pairing: `pair`, what may be asked of pairing, the questions to the user, and what becomes known of it beside.

use crate::{
    arguments::{Io, Oob, PairOptions, PairingOptions, most_significant_first},
    client::disconnect,
    input::show,
    output::say,
    session::Session,
};
use anyhow::{Context, Result, bail};
use jelling::{
    Connection, ConnectionEvent, Error, IoCapability, LeSecure, Overwrite, OwnOob, Pair, PasskeyAction, PasskeyRequest,
    PeerOob, Security,
};
use serde_json::json;
use std::{cell::Cell, convert::Infallible, time::Duration};
use tokio::task::spawn_local;

/// Longer than a pairing with questions takes: each of them has 30 s (Vol 3, Part H, 3.4).
const LIMIT: Duration = Duration::from_secs(120);

thread_local! {
    /// What a peer was last told to need of us out of band.
    static PRINTED: Cell<Option<OwnOob>> = const { Cell::new(None) };
}

/// What the options ask for. Keys are kept where there is a store for them.
fn terms(session: Session, io: Io, how: &PairingOptions) -> Pair {
    let mut pair = Pair::new();
    pair.io = match io {
        Io::None => IoCapability::NO_INPUT_NO_OUTPUT,
        Io::Display => IoCapability::DISPLAY_ONLY,
        Io::Keyboard => IoCapability::KEYBOARD_ONLY,
        Io::Yesno => IoCapability::DISPLAY_YES_NO,
        Io::KeyboardDisplay => IoCapability::KEYBOARD_DISPLAY,
    };
    pair.bond = session.keeps_bonds;
    pair.mitm = how.mitm;
    pair.le_secure = if how.legacy { LeSecure::Off } else { LeSecure::Required };
    pair.overwrite = Overwrite::EqualOrStronger;
    pair.oob = how.oob.map(|oob| match oob {
        Oob::SecureConnections { confirm, random } => PeerOob::SecureConnections { confirm, random },
        Oob::Legacy { key } => PeerOob::Legacy { key },
    });
    pair
}

/// The terms, with what goes to the peer another way than by radio: drawn and printed, if that was asked for. The controller
/// must be up.
pub(crate) async fn prepare(session: Session, io: Io, how: &PairingOptions) -> Result<Pair> {
    let mut pair = terms(session, io, how);
    match (how.oob_print, how.legacy) {
        (false, _) => {}
        (true, false) => print_oob(session).await?,
        (true, true) => {
            let key = match pair.oob {
                Some(PeerOob::Legacy { key }) => key,
                _ => draw()?,
            };
            pair.oob = Some(PeerOob::Legacy { key });
            show(&most_significant_first(&key));
        }
    }
    Ok(pair)
}

/// Prints what a peer needs for one pairing, if it is not what was printed before.
async fn print_oob(session: Session) -> Result<()> {
    let own = session.host.oob().await.context("no out of band data can be made")?;
    if PRINTED.replace(Some(own)) != Some(own) {
        show(&(most_significant_first(&own.confirm) + &most_significant_first(&own.random)));
    }
    Ok(())
}

fn draw() -> Result<[u8; 16]> {
    let mut octets = [0; 16];
    let drawn = rustix::rand::getrandom(&mut octets, rustix::rand::GetRandomFlags::empty());
    match drawn {
        Ok(16) => Ok(octets),
        _ => bail!("the operating system gives no random octets"),
    }
}

/// Puts every question to the user, one after the other; those of another link wait for their turn.
pub(crate) async fn questions(session: Session) -> Infallible {
    loop {
        let request = session.host.passkey_action().await;
        spawn_local(put(session, request));
    }
}

/// Puts a question to the user, as long as it is one: who hangs up, or interrupts, rejects.
async fn put(session: Session, request: PasskeyRequest<'static>) {
    session.log(|| {
        let peer = request.connection().device();
        peer.map_or_else(|error| error.to_string(), |peer| format!("{peer} is being paired with"))
    });
    let answered = match request.action() {
        PasskeyAction::Display(digits) => {
            show(&format!("passkey {digits:06}"));
            return;
        }
        PasskeyAction::Input => answer(session, &request, "enter passkey:", passkey).await.map(|digits| match digits {
            Some(digits) => request.input(digits),
            None => request.reject(),
        }),
        PasskeyAction::Compare(digits) => {
            let question = format!("compare {digits:06} y/n:");
            answer(session, &request, &question, yes).await.map(|same| match same {
                Some(true) => request.confirm(),
                _ => request.reject(),
            })
        }
    };
    if let Some(Err(error)) = answered {
        session.log(|| format!("the answer came too late: {error}"));
    }
}

/// The user's answer: none within where the user gives none, none at all where nobody wants it any more.
async fn answer<T>(
    session: Session,
    request: &PasskeyRequest<'static>,
    question: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<Option<T>> {
    tokio::select! {
        biased;
        () = request.closed() => None,
        () = session.output.stop.signalled() => Some(None),
        answer = session.input.ask(question, parse) => Some(answer),
    }
}

/// Six digits, no more and no less.
fn passkey(line: &str) -> Option<u32> {
    let are_digits = line.len() == 6 && line.bytes().all(|octet| octet.is_ascii_digit());
    are_digits.then(|| line.parse().ok()).flatten()
}

fn yes(line: &str) -> Option<bool> {
    match line.to_ascii_lowercase().as_str() {
        "y" | "yes" => Some(true),
        "n" | "no" => Some(false),
        _ => None,
    }
}

/// How a key came about, in words.
pub(crate) fn kind(authenticated: bool, secure_connections: bool, key_size: u8) -> String {
    let authenticated = if authenticated { "authenticated" } else { "not authenticated" };
    let kind = if secure_connections { "LE Secure Connections" } else { "legacy pairing" };
    format!("{authenticated}, {kind}, a key of {key_size} octets")
}

/// A link's security, in words.
fn words(security: Security) -> String {
    if !security.encrypted {
        return "not encrypted".into();
    }
    let kind = kind(security.authenticated, security.secure_connections, security.key_size);
    let bonded = if security.bonded { "bonded" } else { "not bonded" };
    format!("encrypted, {kind}, {bonded}")
}

/// `pair`.
pub(crate) async fn pair(session: Session, options: &PairOptions) -> Result<()> {
    let stop = session.output.stop;
    let interrupted = async {
        stop.signalled().await;
        // It rejects what is asked, and the pairing ends of that.
        if session.input.is_asking() {
            stop.insisted().await;
        }
    };
    tokio::select! {
        // Before the question learns of the signal and is no more.
        biased;
        () = interrupted => bail!("interrupted"),
        result = pair_with(session, options) => result,
    }
}

async fn pair_with(session: Session, options: &PairOptions) -> Result<()> {
    let mut config = session.host.config();
    config.secure_connections_only = options.how.sc_only;
    session.host.configure(config);
    session.start().await?;
    let pair = prepare(session, options.io, &options.how).await?;
    let connection = session.reach(&options.address).await?;
    let device = connection.identity()?;
    let security = tokio::select! {
        result = connection.pair(pair).timeout(LIMIT) => result.map_err(|error| explain(error, &device.to_string()))?,
        // In this very task, which knows of a signal first.
        never = async { loop { put(session, session.host.passkey_action().await).await } } => match never {},
    };
    // The bond is in its file before anybody hears of it: what keeps it is polled beside this.
    tokio::task::yield_now().await;
    let device = connection.identity().unwrap_or(device);
    let json = json!({
        "address": device.to_string(),
        "encrypted": security.encrypted,
        "authenticated": security.authenticated,
        "secure_connections": security.secure_connections,
        "key_size": security.key_size,
        "bonded": security.bonded,
    });
    session.output.print(&json, || format!("{device}: {}", words(security)));
    disconnect(session, &connection).await;
    Ok(())
}

/// What became of encryption or pairing, with what to do.
pub(crate) fn explain(error: Error, peer: &str) -> anyhow::Error {
    match error {
        Error::BondLost => anyhow::anyhow!(
            "{peer} has no key of the bond any more: remove it here too (`jelling bonds remove {peer}`), and pair again"
        ),
        // Vol 3, Part H, 3.4.
        Error::Timeout => anyhow::anyhow!(
            "no encryption with {peer}: nothing went on for 30 s: questions are to be answered before, here and at the peer"
        ),
        error => anyhow::Error::from(error).context(format!("no encryption with {peer}")),
    }
}

/// Tells on stderr what becomes of a link's security, until it ends.
pub(crate) async fn watch(session: Session, connection: &Connection<'static>) {
    let peer = || connection.identity().map_or_else(|_| "a peer".into(), |device| device.to_string());
    while let Ok(event) = connection.event().await {
        // As in `pair`, a bond is kept first.
        tokio::task::yield_now().await;
        let is_over = matches!(event, ConnectionEvent::SecurityChanged(_) | ConnectionEvent::PairingFailed(_));
        match event {
            ConnectionEvent::SecurityChanged(security) => say(format_args!("{}: {}", peer(), words(security))),
            ConnectionEvent::PairingFailed(error) => say(format_args!("{}: {error}", peer())),
            ConnectionEvent::BondLost => say(format_args!(
                "{} does not go by the bond: it stays until a pairing that is as strong takes its place",
                peer()
            )),
            event => session.log(|| format!("{}: {event:?}", peer())),
        }
        // It may have used up what was printed, which is good for one pairing.
        if is_over
            && PRINTED.get().is_some()
            && let Err(error) = print_oob(session).await
        {
            say(format_args!("{error:#}"));
        }
    }
}
