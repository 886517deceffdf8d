//! The `jelling` command pairs with Bumble. It is another process each time: what it knows of the peer is its file of bonds.

use crate::talk::{Bond, Command, Door, Event, Io, Player, Settings};
use anyhow::{Context, Result, bail, ensure};
use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{self, Child, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

const ENCRYPTED: &str = "7d2e4001-5c0b-4f5a-9a3e-6b1f0c2d4e01";
const TABLE: &str = r#"
name = "pairing"
[[service]]
uuid = "7d2e4000-5c0b-4f5a-9a3e-6b1f0c2d4e01"
[[service.characteristic]]
uuid = "7d2e4001-5c0b-4f5a-9a3e-6b1f0c2d4e01"
properties = ["read"]
permissions = ["read_encrypted"]
text = "told in secret"
"#;

/// How long the command may take to say something.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where it runs.
pub(crate) struct Place {
    pub(crate) transport: String,
    pub(crate) folder: PathBuf,
}

/// A running `jelling`; dropping it ends it.
struct Running {
    process: Child,
    lines: Receiver<String>,
    told: Vec<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Place {
    fn jelling(&self, arguments: &[&str]) -> Result<Running> {
        let mut command = process::Command::new(env::current_exe()?.with_file_name("jelling"));
        command.args(["--json", "-t", &self.transport, "--bonds"]).arg(self.folder.join("bonds.json")).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().context("the command cannot be started")?;
        let (tell, lines) = channel();
        let streams: [Option<Box<dyn Read + Send>>; 2] = [
            process.stdout.take().map(|stream| Box::new(stream) as _),
            process.stderr.take().map(|stream| Box::new(stream) as _),
        ];
        for stream in streams.into_iter().flatten() {
            let tell = tell.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = tell.send(line);
                }
            });
        }
        Ok(Running { process, lines, told: vec![] })
    }

    /// Runs it to its end, which is to be this one, and gives what it said.
    fn run(&self, arguments: &[&str], code: i32) -> Result<String> {
        self.jelling(arguments)?.end(code).with_context(|| format!("{arguments:?}"))
    }
}

impl Running {
    /// Waits for a line in which this is found.
    fn until<T>(&mut self, mut wanted: impl FnMut(&str) -> Option<T>) -> Result<T> {
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else { bail!("it said {:?}", self.told) };
            let found = wanted(&line);
            self.told.push(line);
            if let Some(found) = found {
                return Ok(found);
            }
        }
    }

    fn answer(&mut self, line: &str) -> Result<()> {
        let input = self.process.stdin.as_mut().context("no stdin")?;
        writeln!(input, "{line}")?;
        Ok(input.flush()?)
    }

    fn end(mut self, code: i32) -> Result<String> {
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.told.push(line);
        }
        let status = self.process.wait()?;
        ensure!(status.code() == Some(code), "it ended with {status} and said {:?}", self.told);
        Ok(self.told.join("\n"))
    }

    /// Ends it as a user does.
    fn terminate(self) -> Result<String> {
        let pid = self.process.id().to_string();
        ensure!(process::Command::new("kill").args(["-TERM", &pid]).status()?.success(), "no signal");
        self.end(0)
    }
}

/// Both roles, each with a file of its own.
pub(crate) async fn play(place: &Place, bumble: &mut Player) -> Result<()> {
    fs::create_dir_all(&place.folder)?;
    for (role, number) in [("central", 1), ("peripheral", 2)] {
        let _ = fs::remove_file(place.folder.join("bonds.json"));
        let settings = Settings {
            address: format!("f0:f1:f2:f3:03:{number:02x}"),
            io: if number == 1 { Io::Display } else { Io::Keyboard },
            mitm: true,
            secure: true,
            ..Settings::default()
        };
        let is_ready = |event: &Event| matches!(event, Event::Ready { .. }).then_some(());
        bumble.ask(Command::Begin(settings.clone()), is_ready).await?;
        if number == 1 {
            central(place, bumble, &format!("{}/random", settings.address)).await.context("jelling pair")?;
        } else {
            peripheral(place, bumble).await.context("jelling serve")?;
        }
        println!(
            "| the command, another process each time | {role} | {} | encrypted with its file of bonds |",
            bumble.name
        );
    }
    Ok(())
}

async fn advertise(bumble: &mut Player) -> Result<()> {
    bumble.rest();
    let advertising = |event: &Event| matches!(event, Event::Advertising { .. }).then_some(());
    bumble.ask(Command::Advertise { name: "pairing".into() }, advertising).await
}

async fn bonds(bumble: &mut Player) -> Result<Vec<Bond>> {
    let bonds = |event: &Event| match event {
        Event::Bonds { bonds } => Some(bonds.clone()),
        _ => None,
    };
    bumble.ask(Command::Bonds, bonds).await
}

/// Nobody has begun a pairing.
fn nothing_paired(bumble: &mut Player) -> Result<()> {
    let rest = bumble.rest();
    ensure!(!rest.contains(&Event::Pairing), "a pairing has begun: {rest:?}");
    Ok(())
}

/// `jelling pair`, whose user types what Bumble shows.
async fn pair(place: &Place, bumble: &mut Player, address: &str) -> Result<()> {
    advertise(bumble).await?;
    let mut jelling = place.jelling(&["pair", address, "--io", "keyboard", "--mitm"])?;
    let shown = |event: &Event| match event {
        Event::Display { passkey } => Some(*passkey),
        _ => None,
    };
    let passkey = bumble.until(shown).await?;
    jelling.until(|line| line.contains("enter passkey").then_some(()))?;
    jelling.answer(&format!("{passkey:06}"))?;
    let told = jelling.end(0)?;
    for word in ["\"encrypted\":true", "\"authenticated\":true", "\"secure_connections\":true", "\"key_size\":16"] {
        ensure!(told.contains(word), "no {word} in {told}");
    }
    let paired = Event::Paired { key_size: 16, secure_connections: true, authenticated: true };
    bumble.wait(&paired).await?;
    gone(bumble).await
}

async fn gone(bumble: &mut Player) -> Result<()> {
    bumble.until(|event| matches!(event, Event::Disconnected { .. }).then_some(())).await
}

async fn central(place: &Place, bumble: &mut Player, address: &str) -> Result<()> {
    pair(place, bumble, address).await?;
    let bonds = bonds(bumble).await?;
    let key = bonds.iter().find_map(|bond| bond.peripheral_key.as_ref()).context("Bumble has no bond")?;
    let exported = place.run(&["bonds", "export"], 0)?;
    ensure!(exported.contains(&key.value), "another key in the file");
    is_private(&place.folder.join("bonds.json"))?;

    advertise(bumble).await?;
    let read = place.run(&["read", address, ENCRYPTED], 0)?;
    ensure!(read.contains("746f6c6420696e20736563726574"), "{read}");
    bumble.wait(&Event::Encrypted).await?;
    gone(bumble).await?;
    nothing_paired(bumble)?;

    bumble.ask(Command::Forget, |event| (*event == Event::Forgotten).then_some(())).await?;
    for arguments in [&["read", address, ENCRYPTED][..], &["pair", address, "--io", "keyboard", "--mitm"]] {
        advertise(bumble).await?;
        let told = place.run(arguments, 1)?;
        ensure!(told.contains("no key of the bond"), "{arguments:?} of a bond that is lost: {told}");
        gone(bumble).await?;
        nothing_paired(bumble)?;
    }
    place.run(&["bonds", "remove", address], 0)?;
    pair(place, bumble, address).await.context("anew")
}

fn is_private(file: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(file)?.permissions().mode() & 0o777;
        ensure!(mode == 0o600, "{} has the mode {mode:o}", file.display());
    }
    Ok(())
}

async fn peripheral(place: &Place, bumble: &mut Player) -> Result<()> {
    let file = place.folder.join("pairing.toml");
    fs::write(&file, TABLE)?;
    let file = file.to_string_lossy();
    for bonded in [false, true] {
        let mut jelling = place.jelling(&["serve", &file, "--pairing", "display", "--mitm"])?;
        let (address, kind) = jelling.until(|line| {
            let ready: serde_json::Value = serde_json::from_str(line).ok().filter(|_| line.contains("ready"))?;
            Some((ready["address"].as_str()?.to_owned(), ready["address_type"].as_str()?.to_owned()))
        })?;
        // What happened before is of another link.
        bumble.rest();
        let connected = |event: &Event| matches!(event, Event::Connected { .. }).then_some(());
        bumble.ask(Command::Connect { address, kind }, connected).await?;
        if bonded {
            bumble.ask(Command::Encrypt, |event| (*event == Event::Encrypted).then_some(())).await?;
            nothing_paired(bumble)?;
        } else {
            bumble.ask(Command::Pair, |event| (*event == Event::Input).then_some(())).await?;
            let passkey = jelling.until(|line| line.strip_prefix("passkey ")?.trim().parse().ok())?;
            bumble.tell(Command::Answer { passkey: Some(passkey) })?;
            let paired = Event::Paired { key_size: 16, secure_connections: true, authenticated: true };
            bumble.wait(&paired).await?;
        }
        let read = |event: &Event| matches!(event, Event::Read { .. }).then_some(());
        bumble.ask(Command::Read { door: Door::Encrypted }, read).await?;
        bumble.tell(Command::Disconnect)?;
        gone(bumble).await?;
        jelling.terminate()?;
    }
    Ok(())
}
