//! Handles as the file states them: they ascend, and stay inside their service.

/// How far the handles have been given.
#[derive(Debug, Default)]
pub(super) struct Handles {
    /// The last one given; zero before any.
    last: u16,
    /// The last one of the service at hand, if it is stated.
    end: Option<u16>,
}

impl Handles {
    /// A service's.
    pub(super) fn service(&mut self, wanted: Option<u16>, end: Option<u16>) -> Result<(), String> {
        let before = self.last.max(self.end.unwrap_or(0));
        self.end = None;
        let handle = self.next(wanted, before)?;
        if let Some(end) = end.filter(|end| *end < handle) {
            return Err(format!("end_handle {end:#06x} is below the service's handle {handle:#06x}"));
        }
        self.end = end;
        Ok(())
    }

    /// That of an attribute of the service.
    pub(super) fn attribute(&mut self, wanted: Option<u16>) -> Result<u16, String> {
        let handle = self.next(wanted, self.last)?;
        match self.end {
            Some(end) if handle > end => {
                Err(format!("handle {handle:#06x} is beyond the service's end_handle {end:#06x}"))
            }
            _ => Ok(handle),
        }
    }

    fn next(&mut self, wanted: Option<u16>, before: u16) -> Result<u16, String> {
        self.last = match wanted {
            Some(handle) if handle > before => handle,
            Some(handle) => {
                return Err(format!("handle {handle:#06x} is taken: expected one above {before:#06x}, handles ascend"));
            }
            None => before.checked_add(1).ok_or("no handle is left: the one before is 0xffff")?,
        };
        Ok(self.last)
    }
}
