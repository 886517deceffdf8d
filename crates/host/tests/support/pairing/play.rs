//! What happens next on the links of a bench: one thing at a time, everything, or time.

use super::*;

impl Bench {
    /// One thing happens: a job is done, somebody answers, the controller tells something, or a PDU arrives. False when there is none.
    pub(crate) fn step(&mut self) -> bool {
        self.work();
        if !self.holds_jobs && self.run_job() || !self.holds_curve && self.conclude_curve() {
            return true;
        }
        for side in 0..self.sides.len() {
            if self.sides[side].up && self.step_of(side) {
                self.work();
                return true;
            }
        }
        false
    }

    pub(crate) fn run_job(&mut self) -> bool {
        let Some(job) = self.core().poll_job() else {
            assert!(!self.core().has_job(), "there was to be a job");
            return false;
        };
        let (now, result) = (self.now, job.run(&mut Curve));
        self.core().finish_job(now, result);
        self.work();
        true
    }

    pub(super) fn step_of(&mut self, side: usize) -> bool {
        if !self.holds_user && self.users_act(side) {
            return true;
        }
        if !self.holds_encryption && self.sides[side].asked.is_some() {
            self.conclude(side);
            return true;
        }
        if let Some(pdu) = self.sides[side].to_host.pop_front() {
            self.say(side, &pdu);
            return true;
        }
        let at = &mut self.sides[side];
        if at.listens && at.peer.initiates && at.peer.wait == Wait::Encryption && !at.began {
            at.began = true;
            let key = at.peer.key.expect("a key");
            self.encrypt(side, [0; 8], [0; 2], key);
            return true;
        }
        false
    }

    /// Who has something to do does it as it should.
    pub(super) fn users_act(&mut self, side: usize) -> bool {
        let now = self.now;
        let at = &mut self.sides[side];
        let answer = match (at.question, at.peer.user) {
            (Some((ticket, PasskeyAction::Input)), Some(User::Show(passkey))) => {
                Some((ticket, PasskeyAnswer::Input(passkey)))
            }
            (Some((ticket, PasskeyAction::Input)), _)
                if at.peer.user != Some(User::TypeIn) && at.peer.passkey.is_some() =>
            {
                Some((ticket, PasskeyAnswer::Input(at.peer.passkey.unwrap_or(0))))
            }
            (Some((ticket, PasskeyAction::Compare(digits))), other) => {
                let same = !matches!(other, Some(User::Compare(others)) if others != digits);
                Some((ticket, if same { PasskeyAnswer::Confirm } else { PasskeyAnswer::Reject }))
            }
            _ => None,
        };
        if let Some((ticket, answer)) = answer {
            at.question = None;
            self.core().answer_passkey(now, ticket, answer).unwrap();
            return true;
        }
        let pdus = match (at.peer.user, at.question) {
            (Some(User::TypeIn), Some((_, PasskeyAction::Display(passkey)))) => at.peer.type_in(passkey),
            (Some(User::TypeIn), Some((_, PasskeyAction::Input))) => at.peer.type_in(314_159),
            (Some(User::Compare(_)), _) => at.peer.compare(),
            _ => return false,
        };
        self.send(side, pdus);
        true
    }

    /// Everything happens that can.
    pub(crate) fn settle(&mut self) {
        for _ in 0..2_000 {
            if !self.step() {
                return;
            }
        }
        panic!("they never come to rest");
    }

    /// Time passes, and all that it brings.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now.after(time);
        while let Some(at) = self.core().poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            let now = self.now;
            self.core().handle_timeout(now);
            self.work();
        }
        self.now = end;
    }
}
