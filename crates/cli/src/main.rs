//! The `jelling` command: Bluetooth LE from a PC, for people and for programs. What it is not: a library, nor a daemon; each
//! command has a controller of its own for as long as it runs.
//!
//! ```text
//! jelling -t tcp:127.0.0.1:6402 scan --active --duration 5
//! ```
//!
//! | Specification (Core 6.0) | command | module |
//! | --- | --- | --- |
//! | Vol 4, Part A: transports | `-t SPEC`, `--snoop FILE`, `ports` | `spec`, `transport`, `carrier`, `capture`, `trace`, `ports` |
//! | Vol 4, Part E: HCI | `info`, `sim`, `show`, `replay` | `scan`, `sim`, `show`, `replay` |
//! | Vol 3, Part C, 9: GAP | `scan`, `advertise` | `scan`, `advertise` |
//! | Vol 3, Part A, 4.22: LE credit based channels | `l2cap listen`, `l2cap connect`, `bench` | `l2cap`, `bench` |
//! | Vol 3, Part H: Security Manager | `pair`, `bonds` | `pairing`, `bonds`, `input` |
//! | Vol 3, Part G, 4: GATT client | `explore`, `read`, `write`, `subscribe` | `explore`, `client` |
//! | Vol 3, Part G, 3: GATT server | `serve` | `serve` |

mod advertise;
mod arguments;
mod assigned;
mod bench;
mod bonds;
mod capture;
mod carrier;
mod client;
mod demo;
mod explore;
mod input;
mod l2cap;
mod manual;
mod output;
mod pairing;
mod ports;
mod replay;
mod scan;
mod serve;
mod session;
mod show;
mod sim;
mod spec;
mod stop;
mod trace;
mod transport;
mod trouble;
mod usage;

use arguments::{Arguments, Command};
use output::{Output, Stream, say};
use session::Ends;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match usage::parse() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(format_args!("cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(tokio::task::LocalSet::new().run_until(run(&arguments)));
    // A task that waits for standard input must not keep the program.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let output = Output { json: arguments.global.json, to: Stream::Stdout, stop: stop::Stop::listen()? };
    execute(arguments, output).await?;
    output.stop.output_is_well()
}

async fn execute(arguments: &Arguments, output: Output) -> anyhow::Result<()> {
    use Ends::{Asking, AtOnce, Stopped};
    let global = &arguments.global;
    match &arguments.command {
        Command::Info => session::run(global, output, AtOnce, async |s| scan::info(s).await).await,
        Command::Scan(options) => session::run(global, output, Stopped, async |s| scan::scan(s, options).await).await,
        Command::Advertise(options) => {
            session::run(global, output, Stopped, async |s| advertise::advertise(s, options).await).await
        }
        Command::Explore(options) => {
            session::run(global, output, AtOnce, async |s| explore::explore(s, options).await).await
        }
        Command::Read { address, characteristic } => {
            session::run(global, output, AtOnce, async |s| client::read(s, address, characteristic).await).await
        }
        Command::Write(options) => {
            session::run(global, output, AtOnce, async |s| client::write(s, options).await).await
        }
        Command::Subscribe(options) => {
            session::run(global, output, Stopped, async |s| client::subscribe(s, options).await).await
        }
        Command::Ports => ports::ports(output),
        Command::Demo => demo::demo(global, output),
        Command::Sim(options) => sim::sim(global, output, options).await,
        Command::Serve(options) => {
            let file = jelling_cli::file::File::load(&options.file)?;
            session::run(global, output, Stopped, async |s| serve::serve(s, options, &file).await).await
        }
        Command::Pair(options) => session::run(global, output, Asking, async |s| pairing::pair(s, options).await).await,
        Command::L2cap { what } => l2cap::l2cap(global, output, what).await,
        Command::Bench(options) => {
            session::run(global, output, Stopped, async |s| bench::bench(s, options).await).await
        }
        Command::Bonds { what } => bonds::bonds(global, output, what),
        Command::Show { file } => show::show(output, file),
        Command::Replay(options) => replay::replay(global, output, options),
        Command::Completions { shell } => manual::completions(output, *shell),
        Command::Man { output: directory } => manual::pages(output, directory.as_deref()),
    }
}
