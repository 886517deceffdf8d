//! `demo`: the main job on simulated controllers, in virtual time; and its thermometer, whom `sim:` has too.

use crate::{
    arguments::Global,
    capture::Capture,
    output::{Output, address_type},
    trace::Trace,
};
use anyhow::{Context, Result, bail};
use embassy_futures::select::{Either, Either3, select, select3};
use embassy_time::{Instant, Timer};
use jelling::{
    CharacteristicOptions, Config, Error, Host, PacketRead, PacketWrite, Properties, Runner, Updates, Uuid,
    sim::{Memory, Simulation},
};
use jelling_transport::Snoop;
use serde_json::{Value, json};
use std::time::Duration;

const NAME: &str = "jelling-demo";
const ENV_SENSE: Uuid = Uuid::new16(0x181a);
const TEMPERATURE: Uuid = Uuid::new16(0x2a6e);
const THERMOMETER: u16 = 768;

/// A thermometer: a temperature that rises by 0.1 degrees each second, for one central after the other.
pub(crate) async fn sensor(host: Host<'_>) -> Result<(), Error> {
    let mut db = host.services()?;
    let service = db.service(ENV_SENSE)?;
    let initial = 2450i16.to_le_bytes();
    let options = CharacteristicOptions::new(Properties::READ | Properties::NOTIFY).initial(&initial);
    let temperature = db.characteristic_with(service, TEMPERATURE, &options)?;
    db.register()?;
    let measure = async {
        for t in (2450i16..).step_by(10) {
            temperature.update(&t)?;
            Timer::after_secs(1).await;
        }
        Ok(())
    };
    let advertise = async {
        loop {
            let advertise = host.advertise(Duration::from_millis(100)).name(NAME).services(&[ENV_SENSE]);
            let connection = advertise.appearance(THERMOMETER).await?;
            connection.disconnected().await?;
        }
    };
    match select(measure, advertise).await {
        Either::First(result) | Either::Second(result) => result,
    }
}

/// Tells what happens, with the moment of the simulation.
struct Story {
    output: Output,
    begin: Instant,
}

impl Story {
    fn tell(&self, event: &str, mut json: Value, text: &str) {
        let seconds = self.begin.elapsed().as_micros() as f64 / 1e6;
        if let Value::Object(fields) = &mut json {
            fields.insert("event".into(), event.into());
            fields.insert("seconds".into(), seconds.into());
        }
        self.output.print(&json, || format!("{seconds:9.6} s  {event:12} {text}"));
    }
}

async fn client(story: &Story, host: Host<'_>) -> Result<()> {
    let info = host.start().await.context("start")?;
    let own = jelling::Device::from(info.address);
    let buffers = format!("{} buffers of {} octets", info.acl_packets, info.acl_length);
    story.tell("start", json!({ "address": own.to_string() }), &format!("controller {own} is up, {buffers}"));
    let window = Duration::from_millis(30);
    let mut scanner = host.scan(Duration::from_secs(5)).active().interval(window).window(window).await?;
    let device = loop {
        let result = scanner.try_next().await?.context("the thermometer was not found")?;
        if result.name() == Some(NAME) && result.services().any(|uuid| uuid == ENV_SENSE) {
            let device = result.device();
            let json =
                json!({ "address": device.to_string(), "address_type": address_type(device), "rssi": result.rssi() });
            story.tell("scan", json, &format!("found {NAME}, {device}, at {} dBm", result.rssi()));
            break device;
        }
    };
    drop(scanner);
    let connection = host.connect(device).await.context("connect")?;
    let mtu = connection.exchange_mtu().await?;
    let json = json!({ "address": device.to_string(), "mtu": mtu });
    story.tell("connect", json, &format!("connected, an MTU of {mtu}"));
    let mut services = connection.services(None);
    while let Some(service) = services.next().await? {
        let mut characteristics = service.characteristics(None);
        while let Some(one) = characteristics.next().await? {
            let json = json!({
                "service": service.uuid().to_string(), "uuid": one.uuid().to_string(), "handle": one.value_handle(),
            });
            let text =
                format!("service {}, characteristic {}, {:#06x}", service.uuid(), one.uuid(), one.value_handle());
            story.tell("discover", json, &text);
        }
    }
    let temperature = connection.service(ENV_SENSE).await?.characteristic(TEMPERATURE).await?;
    let degrees = |value: i16| f64::from(value) / 100.0;
    let value = degrees(temperature.read::<i16>().await?);
    story.tell("read", json!({ "temperature": value }), &format!("temperature {value:.2}"));
    let mut updates = temperature.subscribe(Updates::NOTIFY).await?;
    for _ in 0..5 {
        let value = degrees(updates.notified::<i16>().await?);
        story.tell("notification", json!({ "temperature": value }), &format!("temperature {value:.2}"));
    }
    drop(updates);
    connection.disconnect().await?;
    story.tell("disconnect", json!({}), "the link is down");
    Ok(())
}

/// The host runs on a controller for as long as the future is polled.
async fn drive(mut runner: Runner<'_>, reader: impl PacketRead, writer: impl PacketWrite) -> Result<()> {
    runner.run(reader, writer).await;
    bail!("a simulated controller is gone")
}

pub(crate) fn demo(global: &Global, output: Output) -> Result<()> {
    let simulation = Simulation::new(1);
    // It is opened in the simulation, so that its times are those of the story.
    let capture = Capture::open(global.snoop.as_deref())?;
    let [sensor_memory, client_memory] = &mut [const { Memory::new() }; 2];
    let (sensor_host, sensor_runner) = jelling::new(sensor_memory, Config::default());
    let (client_host, client_runner) = jelling::new(client_memory, Config::default());
    let (sensor_reader, sensor_writer) = simulation.air().controller().transport();
    let (reader, writer) = simulation.air().controller().transport();
    let on = global.verbose > 1;
    // What is captured and traced is the central's.
    let reader = Snoop::new(Trace::new(reader, on), &capture);
    let writer = Snoop::new(Trace::new(writer, on), &capture);
    let story = Story { output, begin: Instant::now() };
    let work = async {
        match select(sensor(sensor_host), client(&story, client_host)).await {
            Either::First(result) => result.context("the thermometer ended")?,
            Either::Second(result) => result?,
        }
        client_host.stop().await;
        sensor_host.stop().await;
        Ok(())
    };
    let sensor_runs = drive(sensor_runner, sensor_reader, sensor_writer);
    let client_runs = drive(client_runner, reader, writer);
    match simulation.block_on(select3(work, sensor_runs, client_runs)) {
        Either3::First(result) | Either3::Second(result) | Either3::Third(result) => result?,
    }
    output.print(&json!({ "event": "done" }), || "demo ok".into());
    Ok(())
}
