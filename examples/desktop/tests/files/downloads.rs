//! Files of all lengths come whole, one after another, and what is not there is refused.

use super::{beside, comes, connect, download, octets, one, play};
use apps::{
    file_client::Failure,
    files::{PART, Status},
};
use jelling::sim::{self, Air, Simulation};

#[test]
fn files_of_all_lengths_come_whole() {
    let lengths = [0, 1, 127, 128, 244, 245, 246, PART - 1, PART, PART + 1, 2 * PART, 10_000];
    let files = lengths.map(|length| (length.to_string(), octets(length)));
    let files = files.each_ref().map(|(name, octets)| (name.as_str(), octets.as_slice()));
    play(&files, async |client| {
        for (name, octets) in files {
            assert_eq!(client.size(name).await, Ok(octets.len() as u32));
            comes(client, name, octets).await;
        }
    });
}

#[test]
fn a_mebibyte_comes_whole() {
    let files = one(1 << 20);
    play(&files, async |client| comes(client, "file", files[0].1).await);
}

#[test]
fn the_same_file_comes_again_and_again() {
    let files = one(1_000);
    play(&files, async |client| {
        // More often than commands have numbers.
        for _ in 0..200 {
            comes(client, "file", files[0].1).await;
        }
    });
}

#[test]
fn what_is_not_there_is_refused_and_the_next_file_comes() {
    let files = one(1_000);
    play(&files, async |client| {
        for path in ["", "fil", "file2", "../file", &"f".repeat(62)] {
            assert_eq!(client.size(path).await, Err(Failure::Refused(Status::NOT_FOUND)));
            assert_eq!(download(client, path).await, (vec![], Err(Failure::Refused(Status::NOT_FOUND))));
            comes(client, "file", files[0].1).await;
        }
        assert_eq!(client.size(&"f".repeat(63)).await, Err(Failure::LongPath));
        comes(client, "file", files[0].1).await;
    });
}

#[test]
fn files_are_listed() {
    let files: [(&str, &[u8]); 4] = [("a", b""), ("b:c", b"four"), ("d e", &[0; 492]), ("f", &[0; 12_345])];
    play(&files, async |client| {
        let mut listed = vec![];
        client.list("", |name, size| listed.push((name.to_owned(), size))).await.unwrap();
        let expected = files.map(|(name, octets)| (name.to_owned(), octets.len() as u32));
        assert_eq!(listed, expected);
        let nothing = |name: &str, _| panic!("{name} is listed");
        assert_eq!(client.list("folder", nothing).await, Err(Failure::Refused(Status::NOT_FOUND)));
        comes(client, "f", files[3].1).await;
    });
    play(&[], async |client| client.list("", |name, _| panic!("{name} is listed")).await.unwrap());
}

#[test]
fn clients_come_one_after_another() {
    let files = one(5_000);
    sim::run(1, async |[server, first, second]| {
        let work = async {
            for host in [first, second, first] {
                let mut client = connect(host).await;
                comes(&mut client, "file", files[0].1).await;
                client.disconnect().await.unwrap();
            }
        };
        beside(server, &files, work).await;
    });
}

#[test]
fn a_file_comes_whole_over_a_lossy_air() {
    let files = one(50_000);
    for seed in 1..=3 {
        let air = Air::new(seed);
        let controllers = [air.controller(), air.controller()];
        air.set_loss(0.2);
        sim::on(&Simulation::on(air), &controllers, async |[server, host]| {
            let work = async {
                let mut client = connect(host).await;
                comes(&mut client, "file", files[0].1).await;
            };
            beside(server, &files, work).await;
        });
    }
}
