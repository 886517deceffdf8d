//! Parameters drawn at random.

use jelling_wire::{
    Address, AddressKind,
    hci::{
        AdvertisingKind, ConnectionHandle, Data, Parameter, ScanKind, Secret, Status, Switch,
        command::{
            AdvertisingSet, CompletedOnLink, Decibels10, DecisionTest, InitiatingParameters, List, PerPhy,
            ScanParameters, SubeventData, U24,
        },
    },
};

/// Octets to draw from; zero when they are used up.
pub struct Source<'a>(pub core::slice::Iter<'a, u8>);

impl Source<'_> {
    pub fn draw<T: Draw>(&mut self) -> T {
        T::draw(self)
    }

    fn octets<const N: usize>(&mut self) -> [u8; N] {
        [(); N].map(|()| self.0.next().copied().unwrap_or(0))
    }

    fn several<T: Draw>(&mut self, most: u8) -> Vec<T> {
        (0..u8::draw(self) % (most + 1)).map(|_| self.draw()).collect()
    }
}

pub trait Draw {
    fn draw(source: &mut Source<'_>) -> Self;
}

macro_rules! draw {
    ($($type:ty: $source:ident => $value:expr;)+) => {$(
        impl Draw for $type {
            fn draw($source: &mut Source<'_>) -> Self {
                $value
            }
        }
    )+};
}

draw! {
    u8: source => u8::from_le_bytes(source.octets());
    i8: source => i8::from_le_bytes(source.octets());
    u16: source => u16::from_le_bytes(source.octets());
    u64: source => u64::from_le_bytes(source.octets());
    U24: source => U24::new(u32::from_le_bytes(source.octets()) >> 8).unwrap();
    Decibels10: source => Decibels10(i16::from_le_bytes(source.octets()));
    Status: source => Status(source.draw());
    ConnectionHandle: source => ConnectionHandle(u16::draw(source) % 0x0f00);
    Switch: source => if u8::draw(source) & 1 == 0 { Switch::Off } else { Switch::On };
    ScanKind: source => if u8::draw(source) & 1 == 0 { ScanKind::Passive } else { ScanKind::Active };
    AdvertisingKind: source => match u8::draw(source) % 5 {
        0 => AdvertisingKind::ConnectableUndirected,
        1 => AdvertisingKind::ConnectableDirectedHighDuty,
        2 => AdvertisingKind::ScannableUndirected,
        3 => AdvertisingKind::NonConnectableUndirected,
        _ => AdvertisingKind::ConnectableDirectedLowDuty,
    };
    Address: source => {
        let kind = if u8::draw(source) & 1 == 0 { AddressKind::Public } else { AddressKind::Random };
        Address::new(kind, source.draw())
    };
    &'static [u8]: source => source.several(31).leak();
    Data<'static>: source => Data(source.draw());
    CompletedOnLink: source => CompletedOnLink { handle: source.draw(), count: source.draw() };
    AdvertisingSet: source => AdvertisingSet {
        advertising_handle: source.draw(),
        duration: source.draw(),
        max_events: source.draw(),
    };
    DecisionTest: source => DecisionTest { flags: source.draw(), field: source.draw(), parameters: source.draw() };
    SubeventData<'static>: source => SubeventData {
        subevent: source.draw(),
        response_slot_start: source.draw(),
        response_slot_count: source.draw(),
        data: source.draw(),
    };
    ScanParameters: source => ScanParameters {
        kind: source.draw(),
        interval: source.draw(),
        window: source.draw(),
    };
    InitiatingParameters: source => InitiatingParameters {
        scan_interval: source.draw(),
        scan_window: source.draw(),
        interval_min: source.draw(),
        interval_max: source.draw(),
        latency: source.draw(),
        supervision_timeout: source.draw(),
        ce_length_min: source.draw(),
        ce_length_max: source.draw(),
    };
}

impl<const N: usize> Draw for [u8; N] {
    fn draw(source: &mut Source<'_>) -> Self {
        source.octets()
    }
}

impl<const N: usize> Draw for Secret<N> {
    fn draw(source: &mut Source<'_>) -> Self {
        Secret(source.draw())
    }
}

impl<T: Draw> Draw for Option<T> {
    fn draw(source: &mut Source<'_>) -> Self {
        (u8::draw(source) & 1 == 1).then(|| source.draw())
    }
}

impl<T: Draw> Draw for PerPhy<T> {
    fn draw(source: &mut Source<'_>) -> Self {
        PerPhy { le_1m: source.draw(), le_2m: source.draw(), le_coded: source.draw() }
    }
}

impl<T: Draw + Parameter<'static>> Draw for List<'static, T> {
    fn draw(source: &mut Source<'_>) -> Self {
        List::new(source.several(4).leak())
    }
}
