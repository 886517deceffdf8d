//! Hosts of nothing but commands and events, and time that goes where it is told.

#![allow(dead_code, unreachable_pub, reason = "each file of tests uses its part")]

use jelling_sim::{Air, Breach, Controller, ControllerConfig};
use jelling_wire::{
    Address, AddressKind, Packet, PacketKind, Writer,
    hci::{
        AdvertisingKind, ConnectionHandle, Opcode, Role, ScanKind, Status, Switch,
        acl::{AclPacket, Boundary},
        command::{
            self, Command, LeCreateConnection, LeSetAdvertisingData, LeSetAdvertisingEnable,
            LeSetAdvertisingParameters, LeSetEventMask, LeSetScanEnable, LeSetScanParameters, Reset, SetEventMask,
        },
        event::{AdvertisingReport, ConnectionComplete, Event},
    },
};

/// How long anything is waited for.
const LIMIT: u64 = 60_000_000;

/// A host.
pub struct Raw {
    pub controller: Controller,
    /// Events that nobody has waited for yet.
    pub events: Vec<Vec<u8>>,
    /// Data, put together from its packets.
    pub frames: Vec<Vec<u8>>,
    /// ACL packets that came, and their handles.
    pub packets: Vec<(u16, usize)>,
    /// The handle of its last link.
    pub handle: ConnectionHandle,
}

/// Hosts on an air.
pub struct Bench {
    pub air: Air,
    pub hosts: Vec<Raw>,
}

impl Bench {
    /// So many hosts, their controllers reset and every event wanted.
    pub fn new(count: usize) -> Self {
        Self::on(Air::new(1), &vec![ControllerConfig::default(); count])
    }

    /// The same on an air and with controllers of one's own.
    pub fn on(air: Air, configs: &[ControllerConfig]) -> Self {
        let host = |config: &ControllerConfig| Raw {
            controller: air.controller_with(*config),
            events: vec![],
            frames: vec![],
            packets: vec![],
            handle: ConnectionHandle(0),
        };
        let mut bench = Bench { hosts: configs.iter().map(host).collect(), air };
        for who in 0..configs.len() {
            bench.begin(who);
        }
        bench
    }

    /// Reset, and every event wanted.
    pub fn begin(&mut self, who: usize) {
        self.ok(who, &Reset {});
        self.ok(who, &SetEventMask { mask: u64::MAX });
        self.ok(who, &LeSetEventMask { mask: 0xfff });
    }

    pub fn send<C: Command>(&mut self, who: usize, command: &C) {
        let mut buffer = [0; 260];
        let mut w = Writer::new(&mut buffer);
        command::emit(command, &mut w);
        self.hosts[who].controller.send(Packet::new(PacketKind::Command, w.written()));
    }

    /// The status a command is answered with.
    pub fn call<C: Command>(&mut self, who: usize, command: &C) -> Status {
        self.send(who, command);
        self.answer(who, C::OPCODE).0
    }

    /// The status and the return parameters that a command is answered with.
    pub fn answer(&mut self, who: usize, wanted: Opcode) -> (Status, Vec<u8>) {
        self.wait(who, |event| match event {
            Event::CommandComplete { opcode, return_parameters, .. } if *opcode == wanted => {
                let (status, more) = return_parameters.split_first().unwrap();
                Some((Status(*status), more.to_vec()))
            }
            Event::CommandStatus { status, opcode, .. } if *opcode == wanted => Some((*status, vec![])),
            _ => None,
        })
    }

    pub fn ok<C: Command>(&mut self, who: usize, command: &C) {
        assert_eq!(self.call(who, command), Status::SUCCESS, "{}", C::OPCODE);
    }

    /// What a command returns.
    pub fn get<C: Command>(&mut self, who: usize, command: &C) -> C::Return {
        self.send(who, command);
        let (status, more) = self.answer(who, C::OPCODE);
        assert_eq!(status, Status::SUCCESS, "{}", C::OPCODE);
        C::parse_return(&more).unwrap()
    }

    /// Takes what the controllers have for their hosts.
    pub fn collect(&mut self) {
        for host in &mut self.hosts {
            while let Some((kind, octets)) = host.controller.receive() {
                if kind == PacketKind::Event {
                    host.events.push(octets);
                    continue;
                }
                let packet = AclPacket::parse(&octets).unwrap();
                host.packets.push((packet.handle.0, packet.data.len()));
                match packet.boundary {
                    Boundary::FirstFlushable => host.frames.push(packet.data.to_vec()),
                    _ => host.frames.last_mut().unwrap().extend_from_slice(packet.data),
                }
            }
        }
    }

    /// Waits until an event gives something, and takes it.
    pub fn wait<T>(&mut self, who: usize, wanted: impl FnMut(&Event<'_>) -> Option<T>) -> T {
        self.wait_until(LIMIT, who, wanted).expect("it never came")
    }

    /// The same, for so many microseconds.
    pub fn wait_until<T>(
        &mut self,
        micros: u64,
        who: usize,
        mut wanted: impl FnMut(&Event<'_>) -> Option<T>,
    ) -> Option<T> {
        let end = self.air.now() + micros;
        loop {
            self.collect();
            let events = &mut self.hosts[who].events;
            let found = events.iter().enumerate().find_map(|(i, e)| Some((i, wanted(&Event::parse(e).unwrap())?)));
            if let Some((at, found)) = found {
                events.remove(at);
                return Some(found);
            }
            let next = self.air.next_time().filter(|next| *next <= end)?;
            self.air.advance_to(next);
        }
    }

    /// Lets time pass.
    pub fn run(&mut self, micros: u64) {
        let end = self.air.now() + micros;
        while let Some(next) = self.air.next_time().filter(|next| *next <= end) {
            self.air.advance_to(next);
            self.collect();
        }
        self.air.advance_to(end);
        self.collect();
    }

    pub fn address(&self, who: usize) -> Address {
        Address::new(AddressKind::Public, self.hosts[who].controller.address())
    }

    /// Advertises, every 20 ms, to whomever.
    pub fn advertise(&mut self, who: usize) {
        self.ok(who, &advertising());
        self.ok(who, &LeSetAdvertisingEnable { enable: Switch::On });
    }

    /// Connects two of the hosts; both learn the handle.
    pub fn connect(&mut self, central: usize, peripheral: usize) -> ConnectionComplete {
        self.connect_with(central, peripheral, 24, 42)
    }

    /// The same with an interval of 1.25 ms each and a supervision timeout of 10 ms each.
    pub fn connect_with(
        &mut self,
        central: usize,
        peripheral: usize,
        interval: u16,
        timeout: u16,
    ) -> ConnectionComplete {
        self.advertise(peripheral);
        let command = LeCreateConnection {
            interval_min: interval,
            interval_max: interval,
            supervision_timeout: timeout,
            ..initiate(self.address(peripheral))
        };
        self.ok(central, &command);
        let complete = self.connected(central);
        assert_eq!((complete.status, complete.role), (Status::SUCCESS, Role::Central));
        let other = self.connected(peripheral);
        assert_eq!((other.status, other.role), (Status::SUCCESS, Role::Peripheral));
        complete
    }

    /// Waits for a connection.
    pub fn connected(&mut self, who: usize) -> ConnectionComplete {
        let complete = self.wait(who, |event| match event {
            Event::LeConnectionComplete(complete) => Some(*complete),
            _ => None,
        });
        self.hosts[who].handle = complete.handle;
        complete
    }

    /// Waits for the end of the last link.
    pub fn disconnected(&mut self, who: usize) -> Status {
        let of = self.hosts[who].handle;
        self.wait(who, |event| match event {
            Event::DisconnectionComplete { handle, reason, .. } if *handle == of => Some(*reason),
            _ => None,
        })
    }

    /// Sends an ACL packet on the last link.
    pub fn data(&mut self, who: usize, boundary: Boundary, data: &[u8]) {
        let handle = self.hosts[who].handle;
        let mut buffer = vec![0; data.len() + 4];
        let mut w = Writer::new(&mut buffer);
        AclPacket { handle, boundary, broadcast: 0, data }.emit(&mut w);
        self.hosts[who].controller.send(Packet::new(PacketKind::Acl, w.written()));
    }

    /// Packets of the last link that the controller has given back by now.
    pub fn completed(&mut self, who: usize) -> u16 {
        let of = self.hosts[who].handle;
        let mut count = 0;
        self.hosts[who].events.retain(|octets| match Event::parse(octets).unwrap() {
            Event::NumberOfCompletedPackets(list) => {
                count += list.iter().filter(|(handle, _)| *handle == of).map(|(_, n)| n).sum::<u16>();
                false
            }
            _ => true,
        });
        count
    }

    /// Scans with these, for so many microseconds; the reports.
    pub fn scan(&mut self, who: usize, parameters: LeSetScanParameters, filter: Switch, micros: u64) -> Vec<Report> {
        self.ok(who, &parameters);
        self.ok(who, &LeSetScanEnable { enable: Switch::On, filter_duplicates: filter });
        self.run(micros);
        self.ok(who, &LeSetScanEnable { enable: Switch::Off, filter_duplicates: filter });
        let mut reports = vec![];
        self.hosts[who].events.retain(|octets| match Event::parse(octets).unwrap() {
            Event::LeAdvertisingReport(list) => {
                reports.extend(list.iter().map(Report::from));
                false
            }
            _ => true,
        });
        reports
    }

    /// The breaches so far, which are forgotten.
    pub fn breaches(&self) -> Vec<Breach> {
        self.air.take_violations().into_iter().map(|v| v.breach).collect()
    }
}

/// No test here breaks a rule without looking.
impl Drop for Bench {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.air.violations(), []);
        }
    }
}

/// An advertising report with data of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub kind: u8,
    pub address: Address,
    pub data: Vec<u8>,
    pub rssi: i8,
}

impl From<AdvertisingReport<'_>> for Report {
    fn from(r: AdvertisingReport<'_>) -> Self {
        Report { kind: r.kind, address: r.address, data: r.data.to_vec(), rssi: r.rssi }
    }
}

pub fn nobody() -> Address {
    Address::new(AddressKind::Public, [0; 6])
}

pub fn advertising() -> LeSetAdvertisingParameters {
    LeSetAdvertisingParameters {
        interval_min: 32,
        interval_max: 32,
        kind: AdvertisingKind::ConnectableUndirected,
        own_address_kind: 0,
        peer: nobody(),
        channel_map: 7,
        filter_policy: 0,
    }
}

pub fn data(data: &[u8]) -> LeSetAdvertisingData<'_> {
    LeSetAdvertisingData { data }
}

/// All the time.
pub fn scanning(kind: ScanKind) -> LeSetScanParameters {
    LeSetScanParameters { kind, interval: 16, window: 16, own_address_kind: 0, filter_policy: 0 }
}

pub fn initiate(peer: Address) -> LeCreateConnection {
    LeCreateConnection {
        scan_interval: 16,
        scan_window: 16,
        filter_policy: 0,
        peer,
        own_address_kind: 0,
        interval_min: 24,
        interval_max: 24,
        latency: 0,
        supervision_timeout: 42,
        ce_length_min: 0,
        ce_length_max: 0,
    }
}

/// So many octets, each another.
pub fn frame(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i % 251) as u8).collect()
}
