//! PHYs and the length of packets: what a connection carries (Vol 6, Part B, 4.5.10 and 5.1.10).

use crate::{
    Connection,
    core::Host,
    operation::{Operation, Step, Wait},
    parameters::{give_up, go_on},
    waiting::Topic,
};
use ::core::{task::Poll, time::Duration};
use jelling_host::{Core, DataLength, Error, Instant, LinkId, LinkPhy, Phys, UpdateTicket};

/// A change of PHY takes a few connection events.
const PHY_TIMEOUT: Duration = Duration::from_secs(30);
/// The lengths are exchanged in two of them.
const LENGTH_TIMEOUT: Duration = Duration::from_secs(10);

/// See [`Connection::set_phy`].
pub type SetPhy<'d> = Operation<'d, SetPhyStep>;
/// See [`Connection::set_data_length`].
pub type SetDataLength<'d> = Operation<'d, SetDataLengthStep>;

impl<'d> Connection<'d> {
    /// Changes the PHYs of the connection, and gives those in force then: 30 s at most. We send with one of `tx`, the peer with one of
    /// `rx`, as far as it has one of them too; empty sets leave it to the controllers.
    ///
    /// `NotSupported` where the controller has none of a set, or no other PHY than 1M; `Refused` with Unsupported Remote Feature where
    /// the peer has no other, `Timeout`, `Disconnected`. Updates of a connection go one at a time, those of its parameters too.
    ///
    /// Dropping the future gives the change up, unless the controller has begun: then it may come about.
    ///
    /// ```no_run
    /// # async fn fast(connection: jelling::Connection<'_>) -> Result<(), jelling::Error> {
    /// use jelling::{Phy, Phys};
    /// let phy = connection.set_phy(Phys::LE_2M, Phys::LE_2M).await?;
    /// println!("2 Mb/s: {}", phy.tx == Phy::Le2M);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_phy(&self, tx: Phys, rx: Phys) -> SetPhy<'d> {
        Operation::new(self.host, SetPhyStep { link: self.id, phys: [tx, rx], ticket: None }, Some(PHY_TIMEOUT))
    }

    /// The PHYs of the connection: LE 1M at first.
    pub fn phy(&self) -> Result<LinkPhy, Error> {
        self.host.ask(|core| core.link_info(self.id)).map(|info| info.phy)
    }

    /// Lets packets of the connection have so many octets of data, 27 to 251, and gives what is in force then: 10 s at most. Controllers
    /// that can agree on 251 at the beginning of a connection by themselves, so it is mostly there already.
    ///
    /// `Timeout` where nothing changes because the peer has no longer packets, `NotSupported` where the controller has none, `Refused`
    /// where it refuses, `InvalidArgument`, `Disconnected`. Updates of a connection go one at a time, those of its parameters too.
    ///
    /// Dropping the future gives the change up, unless the controller has been asked: then it may come about.
    pub fn set_data_length(&self, octets: u16) -> SetDataLength<'d> {
        let step = SetDataLengthStep { link: self.id, octets, ticket: None };
        Operation::new(self.host, step, Some(LENGTH_TIMEOUT))
    }

    /// How many octets of data a packet of the connection has at most: 27 at first.
    pub fn data_length(&self) -> Result<DataLength, Error> {
        self.host.ask(|core| core.link_info(self.id)).map(|info| info.data_length)
    }
}

/// See [`Connection::set_phy`].
#[derive(Debug)]
pub struct SetPhyStep {
    link: LinkId,
    phys: [Phys; 2],
    ticket: Option<UpdateTicket>,
}

impl<'d> Step<'d> for SetPhyStep {
    type Raw = LinkPhy;
    type Output = LinkPhy;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Link(self.link.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<LinkPhy, Error>> {
        let (link, [tx, rx]) = (self.link, self.phys);
        let done = go_on(core, &mut self.ticket, |core| core.set_phy(link, tx, rx));
        done.map(|done| done.and_then(|()| core.link_info(link)).map(|info| info.phy))
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        give_up(core, &mut self.ticket);
    }
    fn finish(_: Host<'d>, phy: LinkPhy) -> LinkPhy {
        phy
    }
}

/// See [`Connection::set_data_length`].
#[derive(Debug)]
pub struct SetDataLengthStep {
    link: LinkId,
    octets: u16,
    ticket: Option<UpdateTicket>,
}

impl<'d> Step<'d> for SetDataLengthStep {
    type Raw = DataLength;
    type Output = DataLength;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Link(self.link.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<DataLength, Error>> {
        let (link, octets) = (self.link, self.octets);
        let done = go_on(core, &mut self.ticket, |core| core.set_data_length(link, octets));
        done.map(|done| done.and_then(|()| core.link_info(link)).map(|info| info.data_length))
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        give_up(core, &mut self.ticket);
    }
    fn finish(_: Host<'d>, length: DataLength) -> DataLength {
        length
    }
}
