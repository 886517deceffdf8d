//! What a peer may have of the parameters that it asks for, by L2CAP or by the link layer.

use crate::*;

/// What the peer is told when it asks for [`OCTETS`] in either way: the parameters it has, or that it is refused.
fn answered(one: &mut One, role: Role) -> Option<Vec<u8>> {
    let command = one.commands();
    if role == Role::Peripheral {
        return match &command[..] {
            [(Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY, reply)] => Some(reply[2..10].to_vec()),
            [(Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY, reply)] => {
                assert_eq!(reply[..], [0x40, 0, 0x3b]);
                None
            }
            other => panic!("{other:02x?}"),
        };
    }
    let frames = one.frames();
    match (&frames[..], &command[..]) {
        ([(SIGNALLING, answer)], [(Opcode::LE_CONNECTION_UPDATE, update)]) => {
            assert_eq!(answer[..], [0x13, 9, 2, 0, 0, 0]);
            Some(update[2..10].to_vec())
        }
        ([(SIGNALLING, answer)], []) => {
            assert_eq!(answer[..], [0x13, 9, 2, 0, 1, 0]);
            None
        }
        other => panic!("{other:02x?}"),
    }
}

/// The peer of a peripheral asks by the link layer, that of a central by L2CAP.
fn ask(one: &mut One, role: Role, octets: [u8; 8]) {
    match role {
        Role::Peripheral => one.event(0x06, &[&[0x40, 0][..], &octets].concat()),
        _ => one.say(5, &[&[0x12, 9, 8, 0][..], &octets].concat()),
    }
}

#[test]
fn one_policy_for_what_comes_in_either_way() {
    let ms = Duration::from_millis;
    let range = ConnectionParameters { interval_min: ms(40), interval_max: ms(100), ..WANTED };
    let cases = [
        (ParameterPolicy::Accept, Some(OCTETS)),
        (ParameterPolicy::Reject, None),
        // An interval that both name.
        (ParameterPolicy::Within(range), Some([32, 0, 40, 0, 2, 0, 200, 0])),
        (
            ParameterPolicy::Within(ConnectionParameters { interval_min: ms(50), ..range }),
            Some([40, 0, 40, 0, 2, 0, 200, 0]),
        ),
        (
            ParameterPolicy::Within(ConnectionParameters { interval_min: ms(51), ..range }),
            Some([40, 0, 40, 0, 2, 0, 200, 0]),
        ),
        (ParameterPolicy::Within(ConnectionParameters { interval_min: ms(52), ..range }), None),
        (ParameterPolicy::Within(ConnectionParameters { interval_min: ms(0), interval_max: ms(29), ..range }), None),
        (ParameterPolicy::Within(ConnectionParameters { latency: 1, ..range }), None),
        (ParameterPolicy::Within(ConnectionParameters { supervision_timeout: ms(1_990), ..range }), None),
    ];
    for role in [Role::Peripheral, Role::Central] {
        for (policy, taken) in cases {
            // By configuration; and by what was said of the link, whatever the configuration.
            let config = Config { parameter_requests: policy, ..Config::default() };
            let mut one = One::connected(role, ABLE, config);
            let link = one.link();
            ask(&mut one, role, OCTETS);
            let taken = taken.map(|octets| octets.to_vec());
            assert_eq!(answered(&mut one, role), taken, "{policy:?}");
            for other in [ParameterPolicy::Accept, ParameterPolicy::Reject] {
                let mut one = One::connected(role, ABLE, Config { parameter_requests: other, ..Config::default() });
                one.core().on_parameter_request(link, Some(policy)).unwrap();
                ask(&mut one, role, OCTETS);
                assert_eq!(answered(&mut one, role), taken, "{policy:?}");
                // What is nonsense is refused in any case.
                updated(&mut one, 0);
                ask(&mut one, role, [40, 0, 24, 0, 2, 0, 200, 0]);
                assert_eq!(answered(&mut one, role), None);
                one.core().on_parameter_request(link, None).unwrap();
                ask(&mut one, role, OCTETS);
                assert_eq!(answered(&mut one, role).is_some(), other == ParameterPolicy::Accept);
            }
        }
    }
}

#[test]
fn a_policy_is_what_was_configured_as_far_as_controllers_go() {
    let ms = Duration::from_millis;
    let range = ConnectionParameters::new(ms(40), ms(51));
    let rounded = ConnectionParameters::new(ms(40), ms(50));
    let wide = ConnectionParameters { interval_min: ms(0), interval_max: ms(9_000), latency: 700, ..range };
    let widest = ConnectionParameters {
        interval_min: Duration::from_micros(7_500),
        interval_max: ms(4_000),
        latency: 499,
        ..range
    };
    for (policy, shown) in [
        (ParameterPolicy::Accept, ParameterPolicy::Accept),
        (ParameterPolicy::Reject, ParameterPolicy::Reject),
        (ParameterPolicy::Ask, ParameterPolicy::Ask),
        (ParameterPolicy::Within(range), ParameterPolicy::Within(rounded)),
        (ParameterPolicy::Within(wide), ParameterPolicy::Within(widest)),
    ] {
        let mut one = One::up(ABLE, Config { parameter_requests: policy, ..Config::default() });
        assert_eq!(one.core().config().parameter_requests, shown);
    }
}

#[test]
fn the_application_is_asked_where_it_wants_to_be() {
    for role in [Role::Peripheral, Role::Central] {
        let config = Config { parameter_requests: ParameterPolicy::Ask, ..Config::default() };
        let other = ConnectionParameters { interval_max: Duration::from_millis(30), ..WANTED };
        for (word, taken) in
            [(Some(WANTED), Some(OCTETS)), (Some(other), Some([24, 0, 24, 0, 2, 0, 200, 0])), (None, None)]
        {
            let mut one = One::connected(role, ABLE, config);
            let link = one.link();
            assert_eq!(one.core().answer_parameters(link, word.as_ref()), Err(Error::Stale));
            ask(&mut one, role, OCTETS);
            assert_eq!((one.commands(), one.frames()), (vec![], vec![]));
            let event = one.core().take_link_event(link);
            assert_eq!(event, Poll::Ready(Ok(ConnectionEvent::ParametersRequested(WANTED))));
            assert!(one.core().take_link_event(link).is_pending());
            // Nothing else begins meanwhile.
            assert_eq!(one.core().update_parameters(link, &WANTED), Err(Error::Busy));
            let wrong = ConnectionParameters { latency: 500, ..WANTED };
            let error = one.core().answer_parameters(link, Some(&wrong));
            assert_eq!(error, Err(Error::InvalidArgument(Argument::ConnectionParameters)));
            one.core().answer_parameters(link, word.as_ref()).unwrap();
            one.settle();
            assert_eq!(answered(&mut one, role), taken.map(|octets| octets.to_vec()));
            assert_eq!(one.core().answer_parameters(link, word.as_ref()), Err(Error::Stale));
        }
        // After 29 s it is refused, and the application not asked any more.
        let mut one = One::connected(role, ABLE, config);
        let link = one.link();
        ask(&mut one, role, OCTETS);
        one.pass(Duration::from_micros(28_999_999));
        assert_eq!((one.commands(), one.frames()), (vec![], vec![]));
        one.pass(Duration::from_micros(1));
        assert_eq!(answered(&mut one, role), None);
        assert!(one.core().take_link_event(link).is_pending());
        assert_eq!(one.core().answer_parameters(link, None), Err(Error::Stale));
        // While an update of ours is under way it is refused at once.
        let ticket = begin(&mut one);
        one.commands();
        ask(&mut one, role, OCTETS);
        assert_eq!(answered(&mut one, role), None);
        updated(&mut one, 0);
        assert_eq!(one.core().updated(ticket), Poll::Ready(Ok(())));
    }
}

#[test]
fn one_update_of_a_link_is_under_way_at_a_time_whoever_wants_it() {
    let mut one = connected(Role::Central, ABLE);
    let link = one.link();
    ask(&mut one, Role::Central, OCTETS);
    assert_eq!(answered(&mut one, Role::Central), Some(OCTETS.to_vec()));
    // What the peer asks for next would be refused by the controller: it waits, and ours behind it. For a third there is no room.
    let accepted = |one: &mut One, result: u8| {
        assert_eq!((one.commands(), one.frames()), (vec![], vec![(SIGNALLING, vec![0x13, 9, 2, 0, result, 0])]));
    };
    ask(&mut one, Role::Central, [80, 0, 80, 0, 0, 0, 100, 0]);
    accepted(&mut one, 0);
    ask(&mut one, Role::Central, OCTETS);
    accepted(&mut one, 1);
    assert_eq!(one.core().update_parameters(link, &WANTED), Err(Error::Busy));
    updated(&mut one, 0x3b);
    assert_eq!(one.commands(), [(Opcode::LE_CONNECTION_UPDATE, asked([80, 0, 80, 0, 0, 0, 100, 0]))]);
    assert_eq!(one.core().update_parameters(link, &WANTED), Err(Error::Busy));
    updated(&mut one, 0);
    let ticket = begin(&mut one);
    one.commands();
    // Behind ours: once its outcome is taken.
    ask(&mut one, Role::Central, OCTETS);
    accepted(&mut one, 0);
    updated(&mut one, 0);
    assert_eq!(one.commands(), []);
    assert_eq!(one.core().updated(ticket), Poll::Ready(Ok(())));
    one.settle();
    assert_eq!(one.commands(), [(Opcode::LE_CONNECTION_UPDATE, asked(OCTETS))]);
    // A peripheral serves no such request: it is none of a central's.
    let mut one = connected(Role::Peripheral, ABLE);
    one.say(5, &[&[0x12, 9, 8, 0][..], &OCTETS].concat());
    assert_eq!(one.frames(), [(SIGNALLING, vec![0x01, 9, 2, 0, 0, 0])]);
    assert_eq!(one.commands(), []);
}
