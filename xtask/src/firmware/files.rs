//! The file server on the board, and the desktop's client: what comes is what the board's image was built from.

use super::{Player, Scene, Status, board, status};
use crate::rig::Radio;
use anyhow::{Context, Result, ensure};
use std::{fs, process::Command};

/// The files on the board, which stand in the repository.
const FILES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

pub(super) fn play(scene: &Scene, radio: &Radio) -> Result<()> {
    let mut board = board("files", radio)?;
    board.until("files ")?;
    // One client after another, on one controller.
    let spec = radio.spec();
    let client = |arguments: &[&str]| client(&spec, arguments);
    let mut list = client(&[])?;
    for file in FILES {
        list.until(file)?;
    }
    list.finish()?;
    let output = scene.captures.join("firmware-files");
    // One after another, and one of them again.
    for file in [FILES[0], FILES[1], FILES[0]] {
        let target = output.to_str().context("a name")?;
        let mut download = client(&[file, target])?;
        download.until("verified")?;
        download.finish()?;
        board.until(&format!("done {file}"))?;
        ensure!(fs::read(&output)? == fs::read(crate::root().join(file))?, "{file} came, and is not what it was");
        fs::remove_file(&output)?;
    }
    let mut empty = client(&["empty"])?;
    empty.until("0 octets, verified")?;
    empty.finish()?;
    let mut missing = client(&["nothing"])?;
    missing.until("no such file")?;
    ensure!(missing.finish().is_err(), "a file came that there is not");
    let Status { stack, room, lost, .. } = status(&mut board)?;
    ensure!(stack < room && lost == 0, "stack {stack} of {room}, lost {lost}");
    Ok(())
}

/// The desktop's client.
fn client(spec: &str, arguments: &[&str]) -> Result<Player> {
    let mut client = Command::new(format!("{}/debug/file_client", crate::target()));
    Player::start("desktop", client.arg(spec).args(arguments))
}
