//! The command line, read and checked as a whole. Wrong usage is one sentence on stderr and exit 2.

use crate::{
    arguments::{Arguments, Command},
    output::say,
    spec::Spec,
};
use clap::{Parser, error::ErrorKind};
use std::process::ExitCode;

const WRONG: u8 = 2;

/// What the command line asks for; else the exit code, when everything has been said.
pub(crate) fn parse() -> Result<Arguments, ExitCode> {
    let parsed = Arguments::try_parse().map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = error.print();
            ExitCode::SUCCESS
        }
        // Who typed nothing but the name learns what there is.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            ExitCode::from(WRONG)
        }
        _ => refuse(&sentence(&error.to_string())),
    })?;
    check(parsed).map_err(|text| refuse(&text))
}

fn refuse(text: &str) -> ExitCode {
    say(format_args!("{text} (see --help)"));
    ExitCode::from(WRONG)
}

/// The first paragraph of what clap says, in one line: after it come tips and the usage.
fn sentence(rendered: &str) -> String {
    let paragraph = rendered.trim_start_matches("error: ").lines().map(str::trim).take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
}

fn check(mut arguments: Arguments) -> Result<Arguments, String> {
    let Arguments { global, command } = &mut arguments;
    let nothing_crosses = matches!(
        command,
        Command::Ports
            | Command::Show { .. }
            | Command::Replay(_)
            | Command::Completions { .. }
            | Command::Man { .. }
            | Command::Bonds { .. }
    );
    let has_own = matches!(command, Command::Sim(_) | Command::Demo);
    if global.snoop.is_some() {
        if matches!(command, Command::Sim(_)) {
            return Err("sim writes no capture: let the hosts on its controllers write theirs with --snoop".into());
        }
        if nothing_crosses {
            return Err("--snoop is of no use here: nothing crosses HCI".into());
        }
    }
    let needs_bonds = matches!(command, Command::Bonds { .. });
    if needs_bonds && global.bonds.is_none() {
        return Err("no bond store: say where it is with --bonds FILE".into());
    }
    if nothing_crosses || has_own {
        for (stands, option) in [(global.bonds.is_some() && !needs_bonds, "--bonds"), (global.privacy, "--privacy")] {
            if stands {
                return Err(format!("{option} is of no use here: nothing connects"));
            }
        }
    }
    match command {
        Command::Pair(options) => options.how.check()?,
        Command::Serve(options) => {
            options.how.check()?;
            if let (None, Some(option)) = (options.pairing, options.how.first()) {
                return Err(format!("{option} needs --pairing IO: without it pairing is refused"));
            }
        }
        _ => {}
    }
    if !nothing_crosses && !has_own && global.transport.is_none() {
        global.transport = Some(from_environment()?);
    }
    Ok(arguments)
}

/// The transport of JELLING_TRANSPORT. An empty one is none: so a script switches it off.
fn from_environment() -> Result<Spec, String> {
    let text = std::env::var("JELLING_TRANSPORT").unwrap_or_default();
    if text.is_empty() {
        return Err("no controller: say where it is with --transport SPEC or JELLING_TRANSPORT; sim: needs none".into());
    }
    text.parse().map_err(|error| format!("invalid value '{text}' of JELLING_TRANSPORT: {error}"))
}
