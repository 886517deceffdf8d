//! jelling
