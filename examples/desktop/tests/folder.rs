//! A folder of a PC shows what is in it, and nothing beside it.

#![allow(clippy::panic, reason = "a test")]

use apps::{file_server::Files, files::Status};
use core::{future::Future, pin::pin, task::Context};
use jelling_examples_desktop::{Folder, Output};
use std::{fs, task::Poll, task::Waker};

/// What a folder does is done at once.
fn now<R>(work: impl Future<Output = R>) -> R {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("a folder waits"),
    }
}

fn list(folder: &mut Folder, path: &str) -> Result<Vec<(String, u32)>, Status> {
    let mut listed = vec![];
    while let Some((name, size)) = now(folder.entry(path, listed.len()))? {
        listed.push((name.to_owned(), size));
    }
    Ok(listed)
}

#[test]
fn files_are_found_by_their_paths() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("b"), "12345").unwrap();
    fs::write(root.path().join("a"), "").unwrap();
    fs::create_dir(root.path().join("folder")).unwrap();
    fs::write(root.path().join("folder/c"), "123").unwrap();
    let mut folder = Folder::new(root.path()).unwrap();
    for (path, size) in [("a", 0), ("b", 5), ("./b", 5), ("folder/c", 3), ("folder/./c", 3)] {
        assert_eq!((path, now(folder.size(path))), (path, Ok(size)));
        assert_eq!((path, now(folder.open(path))), (path, Ok(size)));
    }
    assert_eq!(list(&mut folder, ""), Ok(vec![("a".into(), 0), ("b".into(), 5)]));
    assert_eq!(list(&mut folder, "folder"), Ok(vec![("c".into(), 3)]));
    let mut buffer = [0; 2];
    assert_eq!((now(folder.open("b")), now(folder.read(&mut buffer)), &buffer), (Ok(5), Ok(2), b"12"));
    assert_eq!((now(folder.read(&mut buffer)), now(folder.read(&mut buffer)), &buffer), (Ok(2), Ok(1), b"54"));
    assert_eq!(now(folder.read(&mut buffer)), Ok(0));
}

#[test]
fn what_is_beside_the_folder_is_not_there() {
    let root = tempfile::tempdir().unwrap();
    let inside = root.path().join("inside");
    fs::create_dir_all(inside.join("folder")).unwrap();
    fs::write(root.path().join("secret"), "secret").unwrap();
    fs::write(inside.join("file"), "file").unwrap();
    std::os::unix::fs::symlink(root.path().join("secret"), inside.join("link")).unwrap();
    std::os::unix::fs::symlink(root.path(), inside.join("up")).unwrap();
    std::os::unix::fs::symlink(inside.join("file"), inside.join("same")).unwrap();
    let mut folder = Folder::new(&inside).unwrap();
    let secret = root.path().join("secret").to_str().unwrap().to_owned();
    let hidden = [
        "../secret",
        "folder/../../secret",
        "folder/../file",
        "link",
        "up/secret",
        "up",
        "folder",
        "",
        ".",
        "file/",
        "\0",
        &secret,
    ];
    for path in hidden {
        assert_eq!((path, now(folder.size(path))), (path, Err(Status::NOT_FOUND)));
        assert_eq!((path, now(folder.open(path))), (path, Err(Status::NOT_FOUND)));
    }
    assert_eq!(list(&mut folder, ""), Ok(vec![("file".into(), 4), ("same".into(), 4)]));
    for path in ["..", "up", "file", "nothing", "/"] {
        assert_eq!((path, list(&mut folder, path)), (path, Err(Status::NOT_FOUND)));
    }
}

#[test]
fn names_that_no_command_has_room_for_are_not_listed() {
    let root = tempfile::tempdir().unwrap();
    let (short, long) = ("s".repeat(62), "l".repeat(63));
    for name in [short.as_str(), &long, "two\nlines"] {
        fs::write(root.path().join(name), "").unwrap();
    }
    let mut folder = Folder::new(root.path()).unwrap();
    assert_eq!(list(&mut folder, ""), Ok(vec![(short, 0)]));
}

#[test]
fn an_output_is_there_when_it_is_whole() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("output");
    let names = || {
        let mut names: Vec<_> = fs::read_dir(root.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    };
    fs::write(&path, "old").unwrap();
    let mut output = Output::new(path.clone()).unwrap();
    output.write(b"new").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"old");
    drop(output);
    assert_eq!((names(), fs::read(&path).unwrap()), (vec!["output".into()], b"old".to_vec()));
    let mut output = Output::new(path.clone()).unwrap();
    output.write(b"ne").unwrap();
    output.write(b"w").unwrap();
    output.keep().unwrap();
    assert_eq!((names(), fs::read(&path).unwrap()), (vec!["output".into()], b"new".to_vec()));
}
