//! A serial line that carries noise: the host resets the controller, and comes back.
#![cfg(all(feature = "sim", not(feature = "sync")))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

use core::time::Duration;
use embassy_futures::select::{Either, select};
use embassy_time::Timer;
use jelling::{
    Config, Fault, Host, HostEvent,
    sim::{self, Direction, LineFault, OctetFault, SerialLine, Simulation},
};
use jelling_h4::{H4Reader, H4Writer, NOISE};

/// Runs an application of one host on a serial line.
fn on_a_line<R>(application: impl AsyncFnOnce(Host<'_>, &SerialLine) -> R) -> R {
    let simulation = Simulation::new(1);
    let (reader, writer, line) = simulation.air().controller().serial();
    let mut memory = Box::new(sim::Memory::new());
    let (host, mut runner) = jelling::new(&mut *memory, Config::default());
    let run = runner.run(H4Reader::new(reader), H4Writer::new(writer));
    simulation.block_on(async {
        match select(application(host, &line), run).await {
            Either::First(result) => result,
            Either::Second(end) => panic!("the runner ended: {end:?}"),
        }
    })
}

/// The next octet of the controller goes wrong.
fn inject(line: &SerialLine, fault: OctetFault) {
    let [_, offset] = line.passed();
    line.inject(LineFault { direction: Direction::FromController, offset, fault });
}

/// Makes the controller say something.
async fn talk(host: Host<'_>) {
    let scan = host.scan(Duration::from_millis(100)).await;
    if let Ok(mut scanner) = scan {
        while scanner.next().await.is_some() {}
    }
}

#[test]
fn a_controller_whose_line_carries_noise_is_reset() {
    on_a_line(async |host, line| {
        host.start().await.unwrap();
        inject(line, OctetFault::Burst(2 * NOISE as u16));
        talk(host).await;
        assert_eq!(host.event().await, HostEvent::Lost(Fault::Noise));
        assert_eq!(host.event().await, HostEvent::Recovered(Fault::Noise));
        assert!(host.counters().noise >= 1);
        host.start().await.unwrap();
        let before = host.counters();
        talk(host).await;
        assert_eq!(host.counters(), before, "the line is whole again");
    });
}

#[test]
fn a_few_octets_of_noise_are_skipped() {
    for length in [1, 8, 255, NOISE as u16 - 260] {
        on_a_line(async |host, line| {
            host.start().await.unwrap();
            inject(line, OctetFault::Burst(length));
            talk(host).await;
            // What may have been lost is an answer; then the controller is silent, and not noisy.
            Timer::after_secs(10).await;
            assert_eq!(host.counters().noise, 0, "{length} octets");
            host.start().await.unwrap();
        });
    }
}
