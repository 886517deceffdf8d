//! Standard input, line by line. While a question is open the next line answers it; any other is an order, where orders are
//! taken. Nothing is read before somebody wants it.

use crate::output::say;
use std::{cell::RefCell, collections::VecDeque, io::Write};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    sync::{Mutex, Notify, oneshot},
    task::spawn_local,
};

/// Who waits for a line. None is the end of the input.
type Waiter = oneshot::Sender<Option<String>>;

#[derive(Debug, Default)]
struct Lines {
    is_read: bool,
    has_ended: bool,
    question: Option<Waiter>,
    order: Option<Waiter>,
    takes_orders: bool,
    /// Orders that came while another was obeyed.
    orders: VecDeque<String>,
}

/// Standard input. There is one.
#[derive(Debug, Default)]
pub(crate) struct Input {
    lines: RefCell<Lines>,
    wanted: Notify,
    /// One question at a time.
    turn: Mutex<()>,
}

impl Lines {
    fn is_wanted(&self) -> bool {
        [&self.question, &self.order].into_iter().flatten().any(|waiter| !waiter.is_closed())
    }

    /// Gives a line to whom it belongs.
    fn give(&mut self, line: String) {
        let Err(line) = send(&mut self.question, line) else { return };
        let Err(line) = send(&mut self.order, line) else { return };
        match self.takes_orders {
            true => self.orders.push_back(line),
            // Its question is over: it must not answer the next one.
            false => say(format_args!("{:?}: nothing is asked any more", line.trim())),
        }
    }

    fn end(&mut self) {
        self.has_ended = true;
        for waiter in [self.question.take(), self.order.take()].into_iter().flatten() {
            let _ = waiter.send(None);
        }
    }
}

/// Gives a line to who waits, or gives it back when nobody does.
fn send(waiter: &mut Option<Waiter>, line: String) -> Result<(), String> {
    match waiter.take() {
        Some(waiter) => waiter.send(Some(line)).map_err(Option::unwrap_or_default),
        None => Err(line),
    }
}

impl Input {
    /// The one of the program.
    pub(crate) fn new() -> &'static Input {
        Box::leak(Box::default())
    }

    /// The next line that answers no question; none at the end of the input.
    pub(crate) async fn order(&'static self) -> Option<String> {
        self.lines.borrow_mut().takes_orders = true;
        if let Some(line) = self.lines.borrow_mut().orders.pop_front() {
            return Some(line);
        }
        self.next(|lines| &mut lines.order).await
    }

    /// Asks, again after a line that cannot be understood; none at the end of the input. Dropping it closes the question.
    pub(crate) async fn ask<T>(&'static self, question: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let _turn = self.turn.lock().await;
        loop {
            show(question);
            let line = self.next(|lines| &mut lines.question).await?;
            if let Some(answer) = parse(line.trim()) {
                return Some(answer);
            }
        }
    }

    /// True while a question waits for its answer.
    pub(crate) fn is_asking(&self) -> bool {
        self.lines.borrow().question.as_ref().is_some_and(|waiter| !waiter.is_closed())
    }

    async fn next(&'static self, place: fn(&mut Lines) -> &mut Option<Waiter>) -> Option<String> {
        let (waiter, line) = oneshot::channel();
        {
            let mut lines = self.lines.borrow_mut();
            if lines.has_ended {
                return None;
            }
            *place(&mut lines) = Some(waiter);
            if !std::mem::replace(&mut lines.is_read, true) {
                spawn_local(self.read());
            }
        }
        self.wanted.notify_one();
        line.await.ok().flatten()
    }

    async fn read(&'static self) {
        let mut input = BufReader::new(tokio::io::stdin()).split(b'\n');
        loop {
            while !self.lines.borrow().is_wanted() {
                self.wanted.notified().await;
            }
            // What is no UTF-8 is no end of the input.
            match input.next_segment().await {
                Ok(Some(line)) => self.lines.borrow_mut().give(String::from_utf8_lossy(&line).into_owned()),
                Ok(None) | Err(_) => return self.lines.borrow_mut().end(),
            }
        }
    }
}

/// A line for who pairs, whether a person or a program: exactly this.
pub(crate) fn show(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
