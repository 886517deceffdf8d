//! What interrupts and tasks share.

use core::cell::RefCell;
use critical_section::Mutex;

/// Used with interrupts off. Nobody uses it from within, which a compiler does not see: `borrow_mut` would keep a panic in the image.
pub(crate) struct Shared<T>(Mutex<RefCell<T>>);

impl<T> Shared<T> {
    pub(crate) const fn new(value: T) -> Self {
        Shared(Mutex::new(RefCell::new(value)))
    }

    pub(crate) fn with<R: Default>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        critical_section::with(|cs| {
            self.0.borrow(cs).try_borrow_mut().map(|mut value| work(&mut value)).unwrap_or_default()
        })
    }
}
