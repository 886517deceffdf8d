//! The `jelling` command: Bluetooth LE from a PC, for people and for programs.

mod advertise;
mod arguments;
mod client;
mod demo;
mod output;
mod scan;
mod serve;
mod session;
mod sim;
mod trace;
mod transport;

use arguments::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("jelling: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(tokio::task::LocalSet::new().run_until(run(&arguments)));
    // A task that waits for standard input must not keep the program.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("jelling: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let global = &arguments.global;
    match &arguments.command {
        Command::Info => session::run(global, async |s| scan::info(s).await).await,
        Command::Scan(options) => session::run(global, async |s| scan::scan(s, options).await).await,
        Command::Advertise(options) => session::run(global, async |s| advertise::advertise(s, options).await).await,
        Command::Explore { address } => session::run(global, async |s| client::explore(s, address).await).await,
        Command::Read { address, characteristic } => {
            session::run(global, async |s| client::read(s, address, characteristic).await).await
        }
        Command::Write(options) => session::run(global, async |s| client::write(s, options).await).await,
        Command::Subscribe(options) => session::run(global, async |s| client::subscribe(s, options).await).await,
        Command::Demo => demo::demo(output::Output { json: global.json }),
        Command::Sim(options) => sim::sim(output::Output { json: global.json }, options).await,
        Command::Serve(options) => {
            let file = serve::file::load(&options.file)?;
            session::run(global, async |s| serve::serve(s, options, &file).await).await
        }
    }
}
