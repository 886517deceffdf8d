//! Instructions of each row, by callgrind: what is between begin and end of so many operations, and nothing of the set-up.

#![allow(missing_docs, reason = "macros write what is public here")]

use gungraun::{
    Callgrind, EntryPoint, LibraryBenchmarkConfig, OutputFormat, library_benchmark, library_benchmark_group, main,
};
use jelling_benches::{Buffers, Goal, Outcome, Row, Shape, Stack, Transfer, measure, transfer};

#[library_benchmark]
#[bench::jelling_read_20_251(Stack::Jelling, Row::Read, 251)]
#[bench::jelling_read_20_27(Stack::Jelling, Row::Read, 27)]
#[bench::jelling_write_20_251(Stack::Jelling, Row::Write, 251)]
#[bench::jelling_write_20_27(Stack::Jelling, Row::Write, 27)]
#[bench::jelling_notify_20_251(Stack::Jelling, Row::Notify20, 251)]
#[bench::jelling_notify_20_27(Stack::Jelling, Row::Notify20, 27)]
#[bench::jelling_notify_244_251(Stack::Jelling, Row::Notify244, 251)]
#[bench::jelling_notify_244_27(Stack::Jelling, Row::Notify244, 27)]
#[bench::jelling_command_244_251(Stack::Jelling, Row::Command244, 251)]
#[bench::jelling_command_244_27(Stack::Jelling, Row::Command244, 27)]
#[bench::jelling_pair_251(Stack::Jelling, Row::Pair, 251)]
#[bench::jelling_pair_27(Stack::Jelling, Row::Pair, 27)]
#[bench::trouble_read_20_251(Stack::Trouble, Row::Read, 251)]
#[bench::trouble_read_20_27(Stack::Trouble, Row::Read, 27)]
#[bench::trouble_write_20_251(Stack::Trouble, Row::Write, 251)]
#[bench::trouble_write_20_27(Stack::Trouble, Row::Write, 27)]
#[bench::trouble_notify_20_251(Stack::Trouble, Row::Notify20, 251)]
#[bench::trouble_notify_20_27(Stack::Trouble, Row::Notify20, 27)]
#[bench::trouble_notify_244_251(Stack::Trouble, Row::Notify244, 251)]
#[bench::trouble_notify_244_27(Stack::Trouble, Row::Notify244, 27)]
#[bench::trouble_command_244_251(Stack::Trouble, Row::Command244, 251)]
#[bench::trouble_command_244_27(Stack::Trouble, Row::Command244, 27)]
#[bench::trouble_pair_251(Stack::Trouble, Row::Pair, 251)]
#[bench::trouble_pair_27(Stack::Trouble, Row::Pair, 27)]
fn operations(stack: Stack, row: Row, length: u16) -> Outcome {
    measure(stack, row, Buffers { length, count: 8 }, Goal::Count(row.operations()))
}

/// Of a pairing, what is spent on P-256 after the set-up.
fn curve(function: &str) -> LibraryBenchmarkConfig {
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(Callgrind::default().entry_point(EntryPoint::Custom(function.into())));
    config
}

#[library_benchmark]
#[bench::jelling_curve_27(args = (Stack::Jelling,), config = curve("*curve::Software*"))]
#[bench::trouble_curve_27(args = (Stack::Trouble,), config = curve("trouble_host::security_manager::crypto::SecretKey::dh_key"))]
fn multiplications(stack: Stack) -> Outcome {
    measure(stack, Row::Pair, Buffers { length: 27, count: 8 }, Goal::Count(Row::Pair.operations()))
}

/// What is between the opening of the last channel and the last SDU.
fn sent() -> LibraryBenchmarkConfig {
    let mut config = LibraryBenchmarkConfig::default();
    let entry = EntryPoint::Custom("jelling_benches::channels::crowd::measured".into());
    config.tool(Callgrind::default().entry_point(entry));
    config
}

#[library_benchmark(config = sent())]
#[bench::jelling_channel_242_1x1_251(Stack::Jelling, Shape::new(242, 1, 1), 251)]
#[bench::jelling_channel_242_1x1_27(Stack::Jelling, Shape::new(242, 1, 1), 27)]
#[bench::jelling_channel_242_1x4_251(Stack::Jelling, Shape::new(242, 1, 4), 251)]
#[bench::jelling_channel_242_1x4_27(Stack::Jelling, Shape::new(242, 1, 4), 27)]
#[bench::jelling_channel_242_8x1_251(Stack::Jelling, Shape::new(242, 8, 1), 251)]
#[bench::jelling_channel_242_8x1_27(Stack::Jelling, Shape::new(242, 8, 1), 27)]
#[bench::jelling_channel_242_8x4_251(Stack::Jelling, Shape::new(242, 8, 4), 251)]
#[bench::jelling_channel_242_8x4_27(Stack::Jelling, Shape::new(242, 8, 4), 27)]
#[bench::jelling_channel_2048_1x1_251(Stack::Jelling, Shape::new(2_048, 1, 1), 251)]
#[bench::jelling_channel_2048_1x1_27(Stack::Jelling, Shape::new(2_048, 1, 1), 27)]
#[bench::jelling_channel_2048_1x4_251(Stack::Jelling, Shape::new(2_048, 1, 4), 251)]
#[bench::jelling_channel_2048_1x4_27(Stack::Jelling, Shape::new(2_048, 1, 4), 27)]
#[bench::jelling_channel_2048_8x1_251(Stack::Jelling, Shape::new(2_048, 8, 1), 251)]
#[bench::jelling_channel_2048_8x1_27(Stack::Jelling, Shape::new(2_048, 8, 1), 27)]
#[bench::jelling_channel_2048_8x4_251(Stack::Jelling, Shape::new(2_048, 8, 4), 251)]
#[bench::jelling_channel_2048_8x4_27(Stack::Jelling, Shape::new(2_048, 8, 4), 27)]
#[bench::trouble_channel_242_1x1_251(Stack::Trouble, Shape::new(242, 1, 1), 251)]
#[bench::trouble_channel_242_1x1_27(Stack::Trouble, Shape::new(242, 1, 1), 27)]
#[bench::trouble_channel_242_1x4_251(Stack::Trouble, Shape::new(242, 1, 4), 251)]
#[bench::trouble_channel_242_1x4_27(Stack::Trouble, Shape::new(242, 1, 4), 27)]
#[bench::trouble_channel_242_8x1_251(Stack::Trouble, Shape::new(242, 8, 1), 251)]
#[bench::trouble_channel_242_8x1_27(Stack::Trouble, Shape::new(242, 8, 1), 27)]
#[bench::trouble_channel_242_8x4_251(Stack::Trouble, Shape::new(242, 8, 4), 251)]
#[bench::trouble_channel_242_8x4_27(Stack::Trouble, Shape::new(242, 8, 4), 27)]
#[bench::trouble_channel_2048_1x1_251(Stack::Trouble, Shape::new(2_048, 1, 1), 251)]
#[bench::trouble_channel_2048_1x1_27(Stack::Trouble, Shape::new(2_048, 1, 1), 27)]
#[bench::trouble_channel_2048_1x4_251(Stack::Trouble, Shape::new(2_048, 1, 4), 251)]
#[bench::trouble_channel_2048_1x4_27(Stack::Trouble, Shape::new(2_048, 1, 4), 27)]
#[bench::trouble_channel_2048_8x1_251(Stack::Trouble, Shape::new(2_048, 8, 1), 251)]
#[bench::trouble_channel_2048_8x1_27(Stack::Trouble, Shape::new(2_048, 8, 1), 27)]
#[bench::trouble_channel_2048_8x4_251(Stack::Trouble, Shape::new(2_048, 8, 4), 251)]
#[bench::trouble_channel_2048_8x4_27(Stack::Trouble, Shape::new(2_048, 8, 4), 27)]
fn channels(stack: Stack, shape: Shape, length: u16) -> Transfer {
    transfer(stack, shape, Buffers { length, count: 8 }, Goal::Count(shape.operations()))
}

library_benchmark_group!(name = rows, benchmarks = [operations, multiplications, channels]);

main!(
    config = LibraryBenchmarkConfig::default()
        .output_format(OutputFormat::default().truncate_description(None))
        .tool(Callgrind::default().entry_point(EntryPoint::Custom("jelling_benches::measured".into()))),
    library_benchmark_groups = rows
);
