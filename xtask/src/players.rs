//! Processes that play a scenario side by side.

use crate::rig::SerialPort;
use anyhow::{Context, Result, bail, ensure};
use std::{
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long a scenario may take.
const LIMIT: Duration = Duration::from_secs(40);

/// A process with a name, ended when it is dropped.
pub(crate) struct Player {
    name: String,
    process: Option<Child>,
    /// What it plays on.
    pub(crate) port: Option<SerialPort>,
}

impl Drop for Player {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
        self.port = None;
    }
}

impl Player {
    pub(crate) fn spawn(name: &str, command: &mut Command) -> Result<Player> {
        command.env("RUST_BACKTRACE", "0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let process = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Player { name: name.into(), process: Some(process), port: None })
    }
}

/// Waits for all of them, wants success of each, and gives what the first printed.
pub(crate) fn finish<const N: usize>(mut players: [Player; N]) -> Result<String> {
    let end = Instant::now() + LIMIT;
    let mut printed = String::new();
    for (i, player) in players.iter_mut().enumerate() {
        let Some(process) = &mut player.process else { continue };
        while process.try_wait()?.is_none() {
            if Instant::now() > end {
                bail!("{} is not done after {LIMIT:?}", player.name);
            }
            thread::sleep(Duration::from_millis(5));
        }
        let Some(process) = player.process.take() else { continue };
        let output = process.wait_with_output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(output.status.success(), "{} failed: {text}{}", player.name, String::from_utf8_lossy(&output.stderr));
        if i == 0 {
            printed = text;
        }
    }
    Ok(printed)
}
