//! What programs that play a scenario with two hosts have in common: hosts obey commands and tell events, in this process or, as JSON
//! lines, in one of Python that has Bumble.

pub mod bumble;
pub mod player;
