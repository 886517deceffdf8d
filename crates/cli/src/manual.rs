//! `completions` and `man`: what the command line's own description gives.

use crate::{
    arguments::Arguments,
    output::{Output, reason},
};
use anyhow::{Result, anyhow};
use clap::CommandFactory;
use clap_complete::Shell;
use std::path::Path;

pub(crate) fn completions(output: Output, shell: Shell) -> Result<()> {
    let mut script = vec![];
    clap_complete::generate(shell, &mut Arguments::command(), "jelling", &mut script);
    output.write(&script);
    Ok(())
}

/// The page of the whole command on standard output; or that, and one for each command, in a directory.
pub(crate) fn pages(output: Output, directory: Option<&Path>) -> Result<()> {
    let command = Arguments::command();
    let Some(directory) = directory else {
        let mut page = vec![];
        clap_mangen::Man::new(command).render(&mut page)?;
        output.write(&page);
        return Ok(());
    };
    let write = || std::fs::create_dir_all(directory).and_then(|()| clap_mangen::generate_to(command, directory));
    write().map_err(|error| anyhow!("no pages can be written to {}: {}", directory.display(), reason(&error)))
}
