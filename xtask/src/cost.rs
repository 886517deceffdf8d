//! What operations of a peripheral cost on a Cortex-M4, in instructions: ours and trouble-host's in the same frame.

use crate::sizes::image::{Image, Level, Stack};
use anyhow::Result;
use std::time::Instant;

/// Prints the table.
pub(crate) fn table() -> Result<()> {
    let mut columns = vec![];
    for level in [Level::S, Level::Three] {
        for (stack, name) in [(Stack::Ours, "jelling"), (Stack::Theirs, "trouble-host")] {
            let start = Instant::now();
            let figures = Image::cost("count", stack, "security", level).play()?;
            println!("{name}, opt {}, built and played in {:.0} s", level.name(), start.elapsed().as_secs_f32());
            for (what, figure) in &figures {
                println!("  {what}: {figure}");
            }
            columns.push(figures);
        }
    }
    println!(
        "\n| instructions on a Cortex-M4 | jelling, opt s | trouble-host, opt s | jelling, opt 3 | trouble-host, opt 3 |"
    );
    println!("| --- | ---: | ---: | ---: | ---: |");
    for (row, (what, _)) in columns.first().into_iter().flatten().enumerate() {
        let figures: Vec<_> = columns.iter().filter_map(|column| column.get(row)).map(|(_, n)| n.to_string()).collect();
        println!("| {what} | {} |", figures.join(" | "));
    }
    Ok(())
}
