//! What each verb does.

use super::{CCCD, Held, VALUE, Verb, channels, security, server};
use core::time::Duration;
use jelling_host::{
    AdvertisingSettings, ConnectSettings, Core, Instant, Policy, ScanSettings, Updates,
    wire::{
        Address, Uuid,
        att::Pdu,
        hci::{AdvertisingKind, ScanKind},
    },
};

/// The values that are written: of each length another.
pub(super) const OCTETS: [u8; 255] = {
    let mut octets = [0; 255];
    let mut i = 0;
    while i < 255 {
        octets[i] = i as u8;
        i += 1;
    }
    octets
};

pub(super) fn apply(core: &mut Core<'_>, held: &mut Held, now: Instant, peer: Address, verb: Verb) {
    let interval = Duration::from_millis(30);
    let link = held.links.first().copied();
    let octets = |length: u8| &OCTETS[..usize::from(length)];
    let ask = |core: &mut Core<'_>, held: &mut Held, pdu: &Pdu<'_>| {
        if let (None, Some(link)) = (held.request, link) {
            held.request = core.request(now, link, pdu).ok();
        }
    };
    match verb {
        Verb::Start => core.start(),
        Verb::Stop => core.stop(),
        Verb::Advertise if held.advertising.is_none() => {
            let settings = AdvertisingSettings {
                interval,
                kind: AdvertisingKind::ConnectableUndirected,
                peer: Address::default(),
                adv_data: &[2, 1, 6],
                resp_data: &[],
            };
            held.advertising = core.advertise(&settings).ok();
        }
        Verb::Scan { active } if held.scan.is_none() => {
            let kind = if active { ScanKind::Active } else { ScanKind::Passive };
            held.scan = core.scan(&ScanSettings { kind, interval, window: interval, rssi_is_news: false }).ok();
        }
        Verb::Connect if held.connect.is_none() => {
            held.connect = core.connect(&ConnectSettings::new(peer)).ok();
        }
        Verb::EndAdvertising => held.advertising.take().into_iter().for_each(|t| core.end_advertising(t)),
        Verb::EndScan => held.scan.take().into_iter().for_each(|t| core.end_scan(t)),
        Verb::EndConnect => held.connect.take().into_iter().for_each(|t| core.end_connect(t)),
        Verb::Disconnect => link.into_iter().for_each(|link| core.disconnect(link)),
        Verb::ExchangeMtu => {
            if let (None, Some(link)) = (held.request, link) {
                held.request = core.exchange_mtu(now, link, None).ok();
            }
        }
        Verb::Discover { handle } => {
            let kind = Uuid::new16(0x2803);
            ask(core, held, &Pdu::ReadByTypeRequest { start: handle, end: 0xffff, kind });
        }
        Verb::Read { handle, offset: 0 } => ask(core, held, &Pdu::ReadRequest { handle }),
        Verb::Read { handle, offset } => ask(core, held, &Pdu::ReadBlobRequest { handle, offset }),
        Verb::Write { handle, length } => {
            ask(core, held, &Pdu::WriteRequest { handle, value: octets(length.min(20)) });
        }
        Verb::WriteCommand { handle, length } => {
            if let Some(link) = link {
                let _ = core.write_command(link, handle, octets(length));
            }
        }
        Verb::Prepare { offset, length } => {
            let (offset, value) = (u16::from(offset), octets(length.min(18)));
            ask(core, held, &Pdu::PrepareWriteRequest { handle: VALUE, offset, value });
        }
        Verb::Execute { flags } => ask(core, held, &Pdu::ExecuteWriteRequest { flags }),
        Verb::Subscribe { updates } => {
            if let (None, Some(link)) = (held.queue, link) {
                let kind = if updates & 2 == 2 { Updates::INDICATE } else { Updates::NOTIFY };
                held.queue = core.open_subscription(link, VALUE, kind, 2, None, Policy::DropOldest).ok();
            }
            ask(core, held, &Pdu::WriteRequest { handle: CCCD, value: &[updates, 0] });
        }
        Verb::Unsubscribe => {
            held.queue.take().into_iter().for_each(|queue| core.close_subscription(queue, Some(CCCD)));
        }
        Verb::Abandon => held.request.take().into_iter().for_each(|t| core.abandon_request(t)),
        Verb::Update { length } => held.value.into_iter().for_each(|id| {
            let _ = core.update(id, octets(length));
        }),
        Verb::Notify { length } => {
            if let (Some(id), Some(link)) = (held.value, link) {
                let _ = core.notify(id, link, octets(length));
            }
        }
        Verb::Indicate { length } => {
            if let (Some(id), Some(link), None) = (held.value, link, held.indication) {
                held.indication = core.indicate(now, id, link, octets(length)).ok();
            }
        }
        Verb::Register => server::register(core, held),
        Verb::Decide { word } => server::decide(core, held, now, word),
        Verb::Channel(asked) => channels::apply(core, held, asked),
        Verb::Security(asked) => security::apply(core, held, now, link, asked),
        Verb::Secure { state } => link.into_iter().for_each(|link| server::secure(core, link, state)),
        Verb::Advertise | Verb::Scan { .. } | Verb::Connect => {}
    }
}
