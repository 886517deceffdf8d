//! The five entry points of the sans-IO core: packets, time, transmission, deadlines, events.

#[cfg(any(feature = "client", feature = "server", feature = "l2cap"))]
use crate::pool::Pool;
use crate::{
    Core,
    counters::{Counters, Pools, Usage, count},
    event::{Event, HostNews},
    hci::ControllerInfo,
    l2cap::Data,
    state::{Power, Stage},
    time::{Deadline, Instant},
};
use jelling_wire::{Packet, PacketKind, Writer};

/// Enough for every command and for ACL packets of 251 octets of data: the buffer `poll_transmit` wants.
pub const TRANSMIT_BUFFER: usize = 260;

/// What `poll_transmit` gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transmit<'b> {
    /// A packet, in the buffer that it was given.
    Packet(Packet<'b>),
    /// An ACL data packet in the frame buffer of a channel.
    #[cfg(feature = "l2cap")]
    Part(crate::FramePart),
}

impl<'b> Transmit<'b> {
    /// The packet in the buffer; `None` where it is in a frame buffer, as it is for channels alone.
    pub fn packet(self) -> Option<Packet<'b>> {
        match self {
            Transmit::Packet(packet) => Some(packet),
            #[cfg(feature = "l2cap")]
            Transmit::Part(_) => None,
        }
    }
}

impl Core<'_> {
    /// Sets what an application chose. Address and time-outs count from the next start on, what the GAP service shows at once.
    pub fn configure(&mut self, config: crate::Config) {
        self.state.configure(&config);
        #[cfg(feature = "server")]
        self.refresh_default_services();
    }

    /// The configuration in force.
    pub fn config(&self) -> crate::Config {
        self.state.config()
    }

    /// Whether the radio is up.
    pub fn power(&self) -> Power {
        self.state.power()
    }

    /// How often the host went down, stopped or failed: what waits across a change of this learns of it.
    pub fn epoch(&self) -> u16 {
        self.state.epoch
    }

    /// What the controller is; `None` until the host is up.
    pub fn controller(&self) -> Option<ControllerInfo> {
        let controller = &self.state.controller;
        if self.state.stage != Stage::Up {
            return None;
        }
        Some(ControllerInfo {
            address: controller.address,
            on_air: self.state.on_air(),
            version: controller.version?,
            le_features: controller.le_features,
            acl_length: controller.acl_length,
            acl_packets: controller.acl_total,
            flow_control: controller.host_packets != 0,
        })
    }

    /// True when nothing goes on: no link, no advertising, scanning or connecting, wanted or in the controller, and no command
    /// that it has not answered.
    pub fn is_idle(&self) -> bool {
        let (controller, state) = (&self.state.controller, &self.state);
        let answered = controller.in_flight.get().is_none() && (controller.credits > 0 || state.stage != Stage::Up);
        let settled = matches!(state.stage, Stage::Off | Stage::Up | Stage::Failed) && state.orphan.is_none();
        answered && settled && !self.has_activity() && self.free_links() == self.links.len()
    }

    /// What happened beside any call, once.
    pub fn take_event(&mut self) -> Option<crate::HostEvent> {
        self.state.happened.take()
    }

    /// Why the host was down the last time: `Stopped`, or `Down` with its fault.
    pub fn why_down(&self) -> crate::Error {
        self.state.ended.get().unwrap_or(crate::Error::Stopped)
    }

    /// What was dropped so far.
    pub fn counters(&self) -> Counters {
        self.state.counters
    }

    /// How full the pools are.
    pub fn pools(&mut self) -> Pools {
        let controller = &self.state.controller;
        let controller_buffers = Usage {
            total: usize::from(controller.acl_total),
            used: usize::from(controller.acl_in_flight),
            high_water: usize::from(controller.acl_high_water),
        };
        let links = Usage {
            total: self.links.len(),
            used: self.links.len().saturating_sub(self.free_links()),
            high_water: usize::from(self.state.links_high_water),
        };
        #[cfg(any(feature = "client", feature = "server", feature = "l2cap"))]
        let blocks = self.pool().usage();
        #[cfg(not(any(feature = "client", feature = "server", feature = "l2cap")))]
        let blocks = Usage::default();
        #[cfg(any(feature = "client", feature = "server"))]
        let queues = self.queue_usage();
        #[cfg(not(any(feature = "client", feature = "server")))]
        let queues = Usage::default();
        #[cfg(feature = "l2cap")]
        let channels = self.channel_usage();
        #[cfg(not(feature = "l2cap"))]
        let channels = Usage::default();
        Pools { links, blocks, queues, channels, controller_buffers }
    }

    #[cfg(any(feature = "client", feature = "server"))]
    fn queue_usage(&self) -> Usage {
        Usage {
            total: self.queues.len(),
            used: self.queues.iter().filter(|q| !q.is_free()).count(),
            high_water: usize::from(self.state.queues_high_water),
        }
    }

    #[cfg(any(feature = "client", feature = "server", feature = "l2cap"))]
    pub(crate) fn pool(&mut self) -> Pool<'_> {
        Pool { accounts: &mut self.state.accounts, blocks: self.blocks }
    }

    /// Blocks came back: who found none is told.
    #[cfg(any(feature = "client", feature = "server", feature = "l2cap"))]
    pub(crate) fn tell_pool(&mut self) {
        if core::mem::take(&mut self.state.accounts.missed) {
            self.state.news |= HostNews::POOL;
        }
    }

    /// Takes a packet of the controller in. Never fails: what makes no sense is counted and dropped.
    pub fn handle_packet(&mut self, now: Instant, packet: Packet<'_>) {
        if matches!(self.state.stage, Stage::Off | Stage::Failed) {
            return count(&mut self.state.counters.unexpected);
        }
        match packet.kind {
            PacketKind::Event => self.on_event(now, packet.data),
            PacketKind::Acl => self.on_acl(now, packet.data),
            _ => count(&mut self.state.counters.unexpected),
        }
    }

    /// Does what was due at or before `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.command_timeout(now);
        self.completion_timeout(now);
        self.disconnect_timeout(now);
        self.link_check_timeout(now);
        self.update_timeout(now);
        self.attempts_timeout(now);
        #[cfg(feature = "security")]
        {
            self.pairing_timeout(now);
            self.private_address_timeout(now);
        }
        #[cfg(feature = "central")]
        self.search_timeout(now);
        #[cfg(feature = "l2cap")]
        self.channel_timeout(now);
        #[cfg(feature = "client")]
        self.request_timeout(now);
        #[cfg(feature = "server")]
        {
            self.indication_timeout(now);
            self.question_timeout(now);
        }
    }

    /// When `handle_timeout` should be called next, if ever.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let (state, controller) = (&self.state, &self.state.controller);
        let mut next = controller.in_flight.get().map_or(Deadline::NEVER, |f| f.deadline);
        next = next.or_sooner(controller.credit_deadline).or_sooner(state.steady_at);
        #[cfg(feature = "security")]
        {
            next = next.or_sooner(state.privacy.deadline);
        }
        #[cfg(feature = "central")]
        {
            next = next.or_sooner(state.initiator.cancel_deadline).or_sooner(state.initiator.search_deadline);
        }
        #[cfg(feature = "l2cap")]
        for channel in self.channels.iter() {
            next = next.or_sooner(channel.deadline);
        }
        for link in self.links.iter().filter(|l| l.is_up()) {
            next = next.or_sooner(link.disconnect_deadline).or_sooner(link.acl_deadline).or_sooner(link.check_at);
            next = next.or_sooner(link.update.deadline);
            #[cfg(feature = "security")]
            {
                next = next.or_sooner(link.pairing.deadline);
            }
            #[cfg(feature = "client")]
            {
                next = next.or_sooner(link.client.deadline());
            }
            #[cfg(feature = "server")]
            {
                next = next.or_sooner(link.indication.deadline()).or_sooner(link.server.question_deadline());
            }
        }
        next.instant()
    }

    /// The earliest deadline that has begun, or come nearer, since the last call of this: `poll_timeout` is not before this and what
    /// it was by then.
    pub fn take_sooner(&mut self) -> Option<Instant> {
        self.state.sooner.take()
    }

    /// True when a value has queued that nobody has been told of, and a queue may have no room for another.
    pub fn may_overflow(&self) -> bool {
        #[cfg(feature = "l2cap")]
        if self.state.news.contains(HostNews::CHANNELS) && self.has_full_channel() {
            return true;
        }
        let queued = self.state.news.contains(HostNews::QUEUES);
        #[cfg(feature = "server")]
        return queued && self.queues.iter().any(|q| !q.is_free() && q.is_full());
        #[cfg(not(feature = "server"))]
        return queued;
    }

    /// True when `poll_event` has something.
    pub fn has_news(&self) -> bool {
        !self.state.news.is_empty()
    }

    /// The next packet for the controller, in `buffer`, which should hold [`TRANSMIT_BUFFER`] octets:
    /// a command if the controller takes one, else data, link after link, replies before the rest. What it gave before must have been
    /// written by now.
    pub fn poll_transmit<'b>(&mut self, now: Instant, buffer: &'b mut [u8]) -> Option<Transmit<'b>> {
        #[cfg(feature = "l2cap")]
        self.parts_are_written();
        let mut w = Writer::new(buffer);
        let kind = if self.poll_command(now, &mut w) {
            PacketKind::Command
        } else {
            match self.poll_acl(now, Some(&mut w)) {
                Data::None => return None,
                Data::Packet => PacketKind::Acl,
                #[cfg(feature = "l2cap")]
                Data::Part(part) => return Some(Transmit::Part(part)),
            }
        };
        w.finish().ok().map(|data| Transmit::Packet(Packet::new(kind, data)))
    }

    /// Another part of channels' frames, to be written behind those that [`poll_transmit`](Core::poll_transmit) and this gave since its last
    /// call; `None` where something else goes first. It spares the transmitter an entry for each part.
    #[cfg(feature = "l2cap")]
    pub fn poll_part(&mut self, now: Instant) -> Option<crate::FramePart> {
        if self.may_command() || self.state.controller.is_owed_packets() {
            return None;
        }
        match self.poll_acl(now, None) {
            Data::Part(part) => Some(part),
            Data::None | Data::Packet => None,
        }
    }

    /// True while a function of the application may have to be asked: see `poll_question`.
    pub fn has_question(&self) -> bool {
        #[cfg(feature = "server")]
        return self.state.asks;
        #[cfg(not(feature = "server"))]
        return false;
    }

    /// False when `poll_transmit` has nothing. A look at the flags alone, so true may turn out to be nothing.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    #[cfg_attr(not(target_pointer_width = "32"), inline)]
    pub fn may_transmit(&self) -> bool {
        let links = self.links.iter().any(|l| l.is_up() && (l.has_to_send() || l.owes_more()));
        // What other things than links want is rare.
        #[cfg(feature = "l2cap")]
        let links = links || self.state.parts_out;
        links
            || self.state.controller.is_owed_packets()
            || self.state.stage != Stage::Up
            || self.has_question()
            || self.may_command()
    }

    /// A verb may have left something to transmit, whatever it returned: `poll_transmit` is to be called.
    pub fn mark_work(&mut self) {
        self.state.work = true;
    }

    /// True when `take_work` or `poll_event` has something.
    pub fn has_left(&self) -> bool {
        self.state.work || self.has_news()
    }

    /// True when a verb has left something to transmit since the last call of this.
    pub fn take_work(&mut self) -> bool {
        core::mem::take(&mut self.state.work)
    }

    /// True while the transport has not been told that the host begins anew.
    pub fn begins_anew(&self) -> bool {
        self.state.anew
    }

    /// The transport has been told, before the Reset that follows.
    pub fn begun_anew(&mut self) {
        self.state.anew = false;
    }

    /// The next slot with news.
    pub fn poll_event(&mut self) -> Option<Event> {
        // Most calls find nothing.
        if self.state.news.is_empty() {
            return None;
        }
        let slots = HostNews::LINKS | HostNews::ATTRIBUTES | HostNews::QUEUES | HostNews::CHANNELS;
        if !self.state.news.difference(slots).is_empty() {
            for (news, event) in [
                (HostNews::HOST, Event::Host),
                #[cfg(feature = "central")]
                (HostNews::SCAN, Event::Scan),
                #[cfg(feature = "peripheral")]
                (HostNews::ADVERTISING, Event::Advertising),
                #[cfg(feature = "central")]
                (HostNews::INITIATOR, Event::Initiator),
                #[cfg(any(feature = "client", feature = "server", feature = "l2cap"))]
                (HostNews::POOL, Event::Pool),
                #[cfg(feature = "security")]
                (HostNews::PASSKEY, Event::Passkey),
                #[cfg(feature = "security")]
                (HostNews::BONDS, Event::Bonds),
                #[cfg(feature = "security")]
                (HostNews::JOBS, Event::Jobs),
            ] {
                if self.state.news.contains(news) {
                    self.state.news.remove(news);
                    return Some(event);
                }
            }
        }
        if self.state.news.contains(HostNews::LINKS) {
            let mut links = (0u8..).zip(self.links.iter_mut()).filter(|(_, link)| !link.news.is_empty());
            let next = links.find_map(|(index, link)| link.take_news(index));
            if next.is_none_or(|(_, more)| !more) && links.next().is_none() {
                self.state.news.remove(HostNews::LINKS);
            }
            if let Some((event, _)) = next {
                return Some(event);
            }
        }
        #[cfg(feature = "server")]
        if self.state.news.contains(HostNews::ATTRIBUTES) {
            if let Some(attribute) = self.attributes.iter_mut().find(|a| a.has_news()) {
                attribute.clear_news();
                return Some(Event::Attribute(attribute.handle()));
            }
            self.state.news.remove(HostNews::ATTRIBUTES);
        }
        #[cfg(feature = "l2cap")]
        if self.state.news.contains(HostNews::CHANNELS)
            && let Some(event) = self.next_channel_event()
        {
            return Some(event);
        }
        #[cfg(any(feature = "client", feature = "server"))]
        if self.state.news.contains(HostNews::QUEUES) {
            let mut queues = (0u8..).zip(self.queues.iter_mut());
            let next = queues.find_map(|(index, queue)| queue.take_news().then_some(index));
            if !queues.any(|(_, queue)| queue.has_news()) {
                self.state.news.remove(HostNews::QUEUES);
            }
            if let Some(index) = next {
                return Some(Event::Queue(index));
            }
        }
        None
    }
}
