//! Reading by UUID: the values of whatever attributes have a type (Vol 3, Part G, 4.8.2), whole.

use super::{
    ClientService,
    discovery::TIMEOUT,
    read::Reading,
    search::{Search, Target},
};
use crate::{
    Connection, Value,
    core::Host,
    operation::{deadline, wait_standing},
    waiting::Topic,
};
use ::core::{task::Poll, time::Duration};
use jelling_host::{Core, Error, Instant, LinkId, wire::Uuid};

/// The longest value that an entry holds, whatever the MTU (Vol 3, Part F, 3.4.4.2).
const LONGEST: usize = 253;

/// Values found by UUID, one after another. It may be dropped at any point.
#[derive(Debug)]
pub struct ReadByUuid<'d> {
    host: Host<'d>,
    search: Search,
    /// The rest of a value that is longer than its entry.
    rest: Option<Reading>,
    timeout: Option<Duration>,
}

impl<'d> Connection<'d> {
    /// Reads the values of the peer's attributes of this UUID, wherever they are.
    ///
    /// ```no_run
    /// # async fn name(connection: jelling::Connection<'_>) -> Result<(), jelling::Error> {
    /// let mut buffer = [0; 512];
    /// let mut names = connection.read_by_uuid(jelling::Uuid::new16(0x2a00));
    /// if let Some((handle, length)) = names.next_into(&mut buffer).await? {
    ///     println!("{handle:#06x} {:?}", str::from_utf8(&buffer[..length]));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn read_by_uuid(&self, uuid: Uuid) -> ReadByUuid<'d> {
        ReadByUuid::new(self.host, self.id, uuid, 1, u16::MAX)
    }
}

impl<'d> ClientService<'d> {
    /// Reads the values of its attributes of this UUID.
    pub fn read_by_uuid(&self, uuid: Uuid) -> ReadByUuid<'d> {
        ReadByUuid::new(self.host, self.link, uuid, self.start, self.end)
    }
}

impl<'d> ReadByUuid<'d> {
    fn new(host: Host<'d>, link: LinkId, uuid: Uuid, start: u16, end: u16) -> Self {
        ReadByUuid {
            host,
            search: Search::new(link, Target::Values(uuid), start, end),
            rest: None,
            timeout: Some(TIMEOUT),
        }
    }

    /// How long each step may take; 2 s unless this says otherwise.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The next handle and its value, in the order of handles; `None` at the end. `InvalidValue` where it is no `V`, and `Gatt` with
    /// the peer's code where the first that is left may not be read.
    ///
    /// Dropping the future loses nothing: the next call goes on.
    pub async fn next<V: Value>(&mut self) -> Result<Option<(u16, V)>, Error> {
        let mut buffer = V::EMPTY;
        match self.next_into(buffer.as_mut()).await {
            Ok(None) => Ok(None),
            Ok(Some((handle, length))) => {
                let value = buffer.as_ref().get(..length).and_then(V::decode).ok_or(Error::InvalidValue)?;
                Ok(Some((handle, value)))
            }
            Err(Error::TooLong) => Err(Error::InvalidValue),
            Err(error) => Err(error),
        }
    }

    /// The next handle and the length of its value, whose octets are then in `buffer`; `None` at the end. `TooLong` where `buffer`
    /// is shorter: 512 octets are always enough. The call after an error of a value goes on behind it.
    ///
    /// Dropping the future loses nothing: the next call goes on.
    pub async fn next_into(&mut self, buffer: &mut [u8]) -> Result<Option<(u16, usize)>, Error> {
        let topic = Topic::Link(self.search.link.index());
        let ReadByUuid { host, search, rest, timeout } = self;
        let going = Going { host: *host, search, rest };
        let look = |core: &mut Core<'_>, now| {
            let result = step(core, now, going.search, going.rest, buffer);
            let rest = going.rest.as_ref().and_then(Reading::stands_until);
            (result, rest.or(going.search.stands_until()))
        };
        wait_standing(*host, topic, deadline(*timeout), look).await
    }
}

/// A step while it is awaited. Dropped before it is done, it gives the bearer back; what was asked is asked again, and a long
/// value, whose beginning went into a buffer that is gone, is read again.
struct Going<'s, 'd> {
    host: Host<'d>,
    search: &'s mut Search,
    rest: &'s mut Option<Reading>,
}

impl Drop for Going<'_, '_> {
    fn drop(&mut self) {
        let Going { host, search, rest } = self;
        if let Some(mut reading) = rest.take() {
            search.look_again(reading.handle);
            host.with(|core| reading.undo(core));
        } else if search.is_asking() {
            host.with(|core| search.rest(core));
        }
    }
}

fn step(
    core: &mut Core<'_>,
    now: Instant,
    search: &mut Search,
    rest: &mut Option<Reading>,
    buffer: &mut [u8],
) -> Poll<Result<Option<(u16, usize)>, Error>> {
    let reading = match rest {
        Some(reading) => reading,
        None => {
            let item = match search.step(core, now) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(None)) => return Poll::Ready(Ok(None)),
                Poll::Ready(Ok(Some(item))) => item,
            };
            let Some(target) = buffer.get_mut(..item.length) else { return Poll::Ready(Err(Error::TooLong)) };
            search.value(core, target);
            // Vol 3, Part F, 3.4.4.2: a value that fills its entry may have been cut.
            let room = usize::from(search.mtu()).saturating_sub(4).min(LONGEST);
            if item.length < room {
                return Poll::Ready(Ok(Some((item.handle, item.length))));
            }
            search.drop_answer(core);
            rest.insert(Reading::from(search.link, item.handle, item.length))
        }
    };
    let handle = reading.handle;
    let length = reading.step(core, now, buffer);
    if length.is_ready() {
        *rest = None;
    }
    length.map(|length| length.map(|length| Some((handle, length))))
}

impl Drop for ReadByUuid<'_> {
    fn drop(&mut self) {
        let search = &mut self.search;
        self.host.with(|core| search.undo(core));
    }
}
