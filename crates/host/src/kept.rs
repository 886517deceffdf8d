//! An option whose empty form is all zero. `Option` hides its `None` in a value that the type does not use, which is no zero:
//! a static table with one in it would move from `.bss` to `.data` and cost flash as well as RAM.

/// A value, or none, with the zero value in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept<T> {
    there: bool,
    value: T,
}

impl<T: Copy> Kept<T> {
    /// None; `zero` is the type's value of all zeros.
    pub(crate) const fn none(zero: T) -> Self {
        Kept { there: false, value: zero }
    }

    /// What an option has.
    pub(crate) const fn of(value: Option<T>, zero: T) -> Self {
        match value {
            Some(value) => Kept { there: true, value },
            None => Kept::none(zero),
        }
    }

    pub(crate) fn get(&self) -> Option<T> {
        self.there.then_some(self.value)
    }

    #[cfg(feature = "security")]
    pub(crate) fn as_ref(&self) -> Option<&T> {
        self.there.then_some(&self.value)
    }

    pub(crate) fn set(&mut self, value: Option<T>) {
        self.there = value.is_some();
        if let Some(value) = value {
            self.value = value;
        }
    }

    pub(crate) fn take(&mut self) -> Option<T> {
        let value = self.get();
        self.there = false;
        value
    }
}
