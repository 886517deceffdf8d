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
