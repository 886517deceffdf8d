//! Bumble's host: a process of its own, with JSON lines.

use crate::player::{Command, Event, HostEnds, Player};
use anyhow::{Context, Result};
use std::{
    io::{BufRead, BufReader, Write},
    process::{self, Child, Stdio},
    thread,
};

/// A running Bumble; dropping it ends it.
#[derive(Debug)]
pub struct Bumble(Child);

impl Drop for Bumble {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Bumble on the controller at a port, played by a script.
///
/// # Errors
///
/// The script cannot be started.
pub fn start<C: Command, E: Event>(
    name: &str,
    python: &str,
    script: &str,
    port: &str,
) -> Result<(Player<C, E>, Bumble)> {
    let mut process = process::Command::new(python)
        .args([script, port])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("Bumble cannot be started")?;
    let (mut player, (mut commands, events)): (_, HostEnds<C, E>) = Player::new(name);
    player.is_bumble = true;
    let mut input = process.stdin.take().context("no stdin")?;
    let output = process.stdout.take().context("no stdout")?;
    thread::spawn(move || {
        while let Some(command) = commands.blocking_recv() {
            let line = serde_json::to_string(&command).unwrap_or_default();
            if writeln!(input, "{line}").and_then(|()| input.flush()).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let event = serde_json::from_str(&line).unwrap_or_else(|e| E::wrong(format!("{line}: {e}")));
            if events.send(event).is_err() {
                break;
            }
        }
    });
    Ok((player, Bumble(process)))
}
