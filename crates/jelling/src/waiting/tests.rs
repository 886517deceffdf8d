use super::*;

#[test]
fn a_ticket_that_stands_is_not_given_out_again() {
    let mut tasks = [const { Waiter::NEW }; 3];
    let mut runner = RunnerWakers::NEW;
    let mut waiters = Waiters { tasks: &mut tasks, runner: &mut runner };
    let mut tickets = [WaitTicket::NONE; 3];
    for (ticket, topic) in tickets.iter_mut().zip([Topic::Host, Topic::Down(0), Topic::Link(0)]) {
        if topic == Topic::Link(0) {
            // The others wait on while all tickets are given out.
            waiters.runner.last_ticket = WaitTicket::NONE;
        }
        assert!(waiters.register(topic, NEVER, Waker::noop(), ticket).is_none());
    }
    assert!(waiters.withdraw(&mut tickets[2]).is_some());
    let waits = waiters.tasks.iter().map(|slot| slot.waker.is_some());
    assert!(waits.eq([true, true, false]));
}

/// What hears of an event, by its place in `topics`, and whether the runner pauses for it.
#[cfg(feature = "l2cap")]
fn told<const N: usize>(topics: [Topic; N], event: Event) -> ([bool; N], bool) {
    let mut tasks = [const { Waiter::NEW }; 8];
    let mut runner = RunnerWakers::NEW;
    let mut waiters = Waiters { tasks: &mut tasks, runner: &mut runner };
    let mut tickets = [WaitTicket::NONE; N];
    for (topic, ticket) in topics.iter().zip(&mut tickets) {
        assert!(waiters.register(*topic, NEVER, Waker::noop(), ticket).is_none());
    }
    let mut news = News::default();
    assert!(waiters.hear(event, &mut news), "there is room for all who hear");
    let waits = |ticket| waiters.tasks.iter().any(|slot| slot.ticket == ticket && slot.waker.is_some());
    (tickets.map(|ticket| !waits(ticket)), news.told.woke)
}

#[cfg(feature = "l2cap")]
#[test]
fn who_sends_is_not_woken_for_what_comes_and_the_runner_goes_on() {
    let topics = [Topic::Channel(1), Topic::Sending(1), Topic::Channel(2), Topic::Sending(2), Topic::Link(1)];
    assert_eq!(told(topics, Event::Channel(1)), ([true, false, false, false, false], false));
    assert_eq!(told(topics, Event::ChannelRoom(1)), ([false, true, false, false, false], false));
    assert_eq!(told(topics, Event::Link(1)), ([false, false, false, false, true], true));
}
