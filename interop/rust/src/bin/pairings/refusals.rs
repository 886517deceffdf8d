//! Pairings that must not come about: each ends with the reason that both sides know, and leaves a link that works without security.

use crate::{
    scene::{End, Scene, Side, User},
    talk::{By, Door, Io, Oob, Settings},
};
use anyhow::{Result, ensure};
use embassy_time::Timer;

/// How a pairing ends, seen from our side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// We end it with this reason.
    Ours(u8),
    /// The peer does.
    Theirs(u8),
    /// Our time for it is over, and we end it with this reason.
    Late(u8),
    /// We give it up, and the peer is told this reason.
    GivenUp(u8),
    /// With the link.
    Broken,
}

const PASSKEY_ENTRY_FAILED: u8 = 0x01;
const AUTHENTICATION_REQUIREMENTS: u8 = 0x03;
const CONFIRM_VALUE_FAILED: u8 = 0x04;
const PAIRING_NOT_SUPPORTED: u8 = 0x05;
const ENCRYPTION_KEY_SIZE: u8 = 0x06;
const UNSPECIFIED: u8 = 0x08;
const REPEATED_ATTEMPTS: u8 = 0x09;
const INVALID_PARAMETERS: u8 = 0x0a;
const DHKEY_CHECK_FAILED: u8 = 0x0b;
const NUMERIC_COMPARISON_FAILED: u8 = 0x0c;

const PAIRING_CONFIRM: u8 = 0x03;
const PAIRING_RANDOM: u8 = 0x04;
const PUBLIC_KEY: u8 = 0x0c;
const DHKEY_CHECK: u8 = 0x0d;

/// What is played, and how it ends with us as central and as peripheral.
struct Refusal {
    name: String,
    ours: Settings,
    theirs: Settings,
    /// What each has of the other out of band.
    oob: [Option<Oob>; 2],
    user: User,
    central: Option<Verdict>,
    peripheral: Option<Verdict>,
}

fn refusal(name: impl Into<String>, verdict: Verdict) -> Refusal {
    let settings = Settings { secure: true, ..Settings::default() };
    let (central, peripheral) = (Some(verdict), Some(verdict));
    let (ours, theirs, oob) = (settings.clone(), settings, [None, None]);
    Refusal { name: name.into(), ours, theirs, oob, user: User::Honest, central, peripheral }
}

impl Refusal {
    /// With a man in the middle kept out by these.
    fn io(mut self, ours: Io, theirs: Io) -> Self {
        (self.ours.io, self.theirs.io) = (ours, theirs);
        (self.ours.mitm, self.theirs.mitm) = (true, true);
        self
    }

    fn legacy(mut self) -> Self {
        (self.ours.secure, self.theirs.secure) = (false, false);
        self
    }

    fn oob(mut self, ours: Oob, theirs: Oob) -> Self {
        self.oob = [Some(ours), Some(theirs)];
        self
    }

    const fn user(mut self, user: User) -> Self {
        self.user = user;
        self
    }

    fn ours(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.ours);
        self
    }

    fn theirs(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.theirs);
        self
    }

    /// Only Bumble can be made to do what the peer does here, or has another word for it than we.
    fn is_bumbles(&self) -> bool {
        let Settings { key_size, accepts, silent_from, spoils, echoes, debug_key, .. } = self.theirs;
        key_size.or(silent_from).or(spoils).or(echoes).is_some()
            || accepts == Some(false)
            || debug_key
            || matches!(self.user, User::Rejecting(Side::Two) | User::Cancelling(Side::Two))
    }

    const fn where_we_respond(mut self, verdict: Option<Verdict>) -> Self {
        self.peripheral = verdict;
        self
    }

    const fn where_we_begin(mut self, verdict: Option<Verdict>) -> Self {
        self.central = verdict;
        self
    }
}

/// What belongs to nobody.
fn other() -> Oob {
    let (confirm, random) = (Some("5a".repeat(16)), Some("a5".repeat(16)));
    Oob { confirm, random, temporary_key: None }
}

fn key(octet: &str) -> Oob {
    Oob { temporary_key: Some(octet.repeat(16)), ..Oob::default() }
}

fn all() -> Vec<Refusal> {
    use Verdict::{Broken, GivenUp, Late, Ours, Theirs};
    const OURS: Side = Side::One;
    const THEIRS: Side = Side::Two;
    let mut all: Vec<Refusal> = (7..16)
        .map(|size| {
            let floor = if size % 2 == 0 { 16 } else { size + 1 };
            refusal(format!("a key of {size} octets, of {floor} at least"), Ours(ENCRYPTION_KEY_SIZE))
                .ours(|s| s.floor = Some(floor))
                .theirs(|s| s.key_size = Some(size))
        })
        .collect();
    // The responder looks at the other's values first.
    let wrong = |name| refusal(name, Theirs(CONFIRM_VALUE_FAILED)).where_we_respond(Some(Ours(CONFIRM_VALUE_FAILED)));
    let mistyped = |name| wrong(name).user(User::Mistyping);
    let compared = |name, verdict| refusal(name, verdict).io(Io::YesNo, Io::YesNo);
    let spoilt = |name, opcode, verdict| refusal(name, verdict).theirs(|s| s.spoils = Some(opcode));
    let silent = |name, opcode| {
        refusal(name, Late(UNSPECIFIED)).theirs(|s| s.silent_from = Some(opcode)).ours(|s| s.hurries = true)
    };
    all.extend([
        mistyped("a wrong passkey typed by us").io(Io::Keyboard, Io::Display),
        mistyped("a wrong passkey typed by the peer").io(Io::Display, Io::Keyboard),
        mistyped("a wrong passkey typed by us, legacy").io(Io::Keyboard, Io::Display).legacy(),
        mistyped("a wrong passkey typed by the peer, legacy").io(Io::Display, Io::Keyboard).legacy(),
        compared("a comparison that we reject", Ours(NUMERIC_COMPARISON_FAILED)).user(User::Rejecting(OURS)),
        // Bumble has the wrong word for it.
        compared("a comparison that the peer rejects", Theirs(CONFIRM_VALUE_FAILED)).user(User::Rejecting(THEIRS)),
        refusal("no passkey from us", Ours(PASSKEY_ENTRY_FAILED))
            .io(Io::Keyboard, Io::Display)
            .user(User::Rejecting(OURS)),
        refusal("no passkey from the peer", Theirs(PASSKEY_ENTRY_FAILED))
            .io(Io::Display, Io::Keyboard)
            .user(User::Rejecting(THEIRS)),
        refusal("no passkey from us, legacy", Ours(PASSKEY_ENTRY_FAILED))
            .io(Io::Keyboard, Io::Display)
            .legacy()
            .user(User::Rejecting(OURS)),
        refusal("we do not pair", Ours(PAIRING_NOT_SUPPORTED)).where_we_begin(None).ours(|s| s.accepts = Some(false)),
        refusal("the peer does not pair", Theirs(PAIRING_NOT_SUPPORTED))
            .where_we_respond(None)
            .theirs(|s| s.accepts = Some(false)),
        refusal("legacy pairing, where we want Secure Connections", Ours(AUTHENTICATION_REQUIREMENTS))
            .theirs(|s| s.secure = false),
        refusal("no way to keep a man in the middle out, which we want", Ours(AUTHENTICATION_REQUIREMENTS))
            .ours(|s| (s.io, s.mitm) = (Io::YesNo, true)),
        refusal("a confirm value of another device, out of band", Ours(CONFIRM_VALUE_FAILED))
            .oob(other(), Oob::default()),
        refusal("the same for the peer", Theirs(CONFIRM_VALUE_FAILED)).oob(Oob::default(), other()),
        wrong("two keys out of band, legacy").oob(key("00"), key("01")).legacy(),
        spoilt("a point that is not on the curve", PUBLIC_KEY, Ours(INVALID_PARAMETERS)),
        spoilt("a check that is wrong", DHKEY_CHECK, Ours(DHKEY_CHECK_FAILED)),
        spoilt("a random number that is wrong", PAIRING_RANDOM, Ours(CONFIRM_VALUE_FAILED)).where_we_respond(None),
        spoilt("a confirmation that is wrong, legacy", PAIRING_CONFIRM, Ours(CONFIRM_VALUE_FAILED)).legacy(),
        refusal("the debug key", Ours(INVALID_PARAMETERS)).theirs(|s| s.debug_key = true),
        refusal("our own key", Ours(INVALID_PARAMETERS)).theirs(|s| s.echoes = Some(PUBLIC_KEY)).where_we_respond(None),
        silent("the peer is silent after its key", PAIRING_CONFIRM).where_we_respond(None),
        silent("the peer is silent before its random value", PAIRING_RANDOM),
        silent("the peer is silent before its check", DHKEY_CHECK),
        silent("the peer is silent, legacy", PAIRING_RANDOM).legacy(),
        compared("we give up", GivenUp(NUMERIC_COMPARISON_FAILED)).user(User::Cancelling(OURS)),
        compared("the peer gives up", Theirs(UNSPECIFIED)).user(User::Cancelling(THEIRS)),
        compared("we end the link in the middle", Broken).user(User::Leaving(OURS)),
        compared("the peer ends the link in the middle", Broken).user(User::Leaving(THEIRS)),
    ]);
    all
}

/// A row of the table for each in each role.
pub(crate) async fn play(scene: &mut Scene) -> Result<()> {
    for refusal in &all() {
        if refusal.is_bumbles() && !scene.two.is_bumble {
            continue;
        }
        for (central, verdict) in [(Side::One, refusal.central), (Side::Two, refusal.peripheral)] {
            let Some(verdict) = verdict.filter(|_| scene.plays(&refusal.name)) else { continue };
            let end = refuse(scene, refusal, central, verdict).await.map(|()| told(verdict));
            scene.row(&refusal.name, central, end);
        }
    }
    if !scene.two.is_bumble {
        return Ok(());
    }
    let end = again_at_once(scene).await.map(|()| format!("the peer saw {REPEATED_ATTEMPTS:#04x}"));
    scene.row("the fourth attempt after three failures", Side::Two, end);
    Ok(())
}

fn told(verdict: Verdict) -> String {
    match verdict {
        Verdict::Ours(reason) => format!("the peer saw {reason:#04x}"),
        Verdict::Theirs(reason) => format!("the peer said {reason:#04x}"),
        Verdict::Late(reason) => format!("timeout, the peer saw {reason:#04x}"),
        Verdict::GivenUp(reason) => format!("given up, the peer saw {reason:#04x}"),
        Verdict::Broken => "the link ended".into(),
    }
}

async fn refuse(scene: &mut Scene, refusal: &Refusal, central: Side, verdict: Verdict) -> Result<()> {
    if !scene.two.is_bumble {
        // It is the same peer each time, which has to wait after its failures: a minute at most, which is not real.
        Timer::after_secs(70).await;
    }
    scene.begin(&refusal.ours, &refusal.theirs).await?;
    for (side, oob) in [Side::One, Side::Two].into_iter().zip(&refusal.oob) {
        if let Some(oob) = oob {
            scene.oob(side, oob.clone())?;
        }
    }
    scene.connect(central).await?;
    // What we have not begun we do not give up: as a peripheral we ask for it.
    let begins = if matches!(verdict, Verdict::Late(_) | Verdict::GivenUp(_)) { Side::One } else { central };
    let ends = scene.pair(begins, refusal.user).await?;
    let told = |reason, by| End::Failed { reason, by };
    let wanted = match verdict {
        Verdict::Ours(reason) => [told(reason, By::Itself), told(reason, By::Peer)],
        Verdict::Theirs(reason) => [told(reason, By::Peer), told(reason, By::Itself)],
        Verdict::Late(reason) => [End::TimedOut, told(reason, By::Peer)],
        Verdict::GivenUp(reason) => [End::GivenUp, told(reason, By::Peer)],
        Verdict::Broken => [End::Broken, End::Broken],
    };
    ensure!(ends == wanted, "{ends:?} in place of {wanted:?}");
    if verdict == Verdict::Broken {
        scene.gone().await?;
    } else {
        not_secured(scene).await?;
        scene.disconnect().await?;
    }
    for side in [Side::One, Side::Two] {
        ensure!(scene.bonds(side).await?.is_empty(), "{side:?} has a bond");
    }
    Ok(())
}

/// The link works, and opens nothing.
async fn not_secured(scene: &mut Scene) -> Result<()> {
    for side in [Side::One, Side::Two] {
        let read = scene.read(side, Door::Encrypted).await?;
        ensure!(matches!(read, Err(0x05 | 0x0f)), "{side:?} reads {read:?} without security");
    }
    Ok(())
}

/// Whoever has failed again and again is not heard at once (Vol 3, Part H, 2.3.6).
async fn again_at_once(scene: &mut Scene) -> Result<()> {
    let settings = Settings { secure: true, io: Io::YesNo, mitm: true, ..Settings::default() };
    scene.begin(&settings, &settings).await?;
    scene.connect(Side::Two).await?;
    for _ in 0..3 {
        let ends = scene.pair(Side::Two, User::Rejecting(Side::Two)).await?;
        let reason = CONFIRM_VALUE_FAILED;
        ensure!(ends == [By::Peer, By::Itself].map(|by| End::Failed { reason, by }), "{ends:?}");
    }
    let ends = scene.pair(Side::Two, User::Honest).await?;
    let reason = REPEATED_ATTEMPTS;
    ensure!(ends == [By::Itself, By::Peer].map(|by| End::Failed { reason, by }), "{ends:?}");
    not_secured(scene).await?;
    scene.disconnect().await?;
    Ok(())
}
