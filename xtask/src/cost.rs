//! What operations of a peripheral cost on a Cortex-M4, in instructions: ours and trouble-host's in the same frame.

use crate::sizes::image::{Image, Level, Stack};
use anyhow::Result;

/// Prints the table.
pub(crate) fn table() -> Result<()> {
    println!(
        "| instructions on a Cortex-M4 | jelling, opt s | trouble-host, opt s | jelling, opt 3 | trouble-host, opt 3 |"
    );
    println!("| --- | ---: | ---: | ---: | ---: |");
    let mut columns = vec![];
    for level in [Level::S, Level::Three] {
        for stack in [Stack::Ours, Stack::Theirs] {
            columns.push(Image::cost("count", stack, "security", level).play()?);
        }
    }
    for (row, (what, _)) in columns.first().into_iter().flatten().enumerate() {
        let figures: Vec<_> = columns.iter().filter_map(|column| column.get(row)).map(|(_, n)| n.to_string()).collect();
        println!("| {what} | {} |", figures.join(" | "));
    }
    Ok(())
}
