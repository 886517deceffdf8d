//! A folder of a PC, served as files.

use apps::{
    file_server::Files,
    files::{LONGEST_PATH, Status},
};
use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Component, Path, PathBuf},
};

/// The files of a folder, and of those in it. What a link leads to outside of it is not there.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    open: Option<File>,
    /// What was listed last, when its first entry was asked for.
    entries: Vec<(String, u32)>,
}

impl Folder {
    /// The folder at `root`.
    ///
    /// # Errors
    /// Where there is none.
    pub fn new(root: impl AsRef<Path>) -> io::Result<Self> {
        let root = root.as_ref().canonicalize()?;
        fs::read_dir(&root)?;
        Ok(Folder { root, open: None, entries: vec![] })
    }

    /// What stands at a path of the server, which is one below the root.
    fn find(&self, path: &str) -> Result<PathBuf, Status> {
        if !Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(Status::NOT_FOUND);
        }
        let found = self.root.join(path).canonicalize().map_err(status)?;
        if found.starts_with(&self.root) { Ok(found) } else { Err(Status::NOT_FOUND) }
    }

    fn file(&self, path: &str) -> Result<(PathBuf, u32), Status> {
        let found = self.find(path)?;
        let about = found.metadata().map_err(status)?;
        if !about.is_file() {
            return Err(Status::NOT_FOUND);
        }
        Ok((found, about.len().try_into().map_err(|_| Status::FAILED)?))
    }

    /// The files in a folder that can be asked for by name.
    fn list(&self, path: &str) -> Result<Vec<(String, u32)>, Status> {
        let folder = self.find(path)?;
        let mut entries = vec![];
        for entry in fs::read_dir(folder).map_err(status)? {
            let Ok(name) = entry.map_err(status)?.file_name().into_string() else { continue };
            let file = Path::new(path).join(&name);
            if let Some(file) = file.to_str().filter(|file| file.len() <= LONGEST_PATH && !file.contains('\n'))
                && let Ok((_, size)) = self.file(file)
            {
                entries.push((name, size));
            }
        }
        entries.sort();
        Ok(entries)
    }
}

fn status(error: io::Error) -> Status {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidInput => Status::NOT_FOUND,
        _ => Status::FAILED,
    }
}

impl Files for Folder {
    async fn size(&mut self, path: &str) -> Result<u32, Status> {
        Ok(self.file(path)?.1)
    }

    async fn open(&mut self, path: &str) -> Result<u32, Status> {
        let (file, size) = self.file(path)?;
        self.open = Some(File::open(file).map_err(status)?);
        Ok(size)
    }

    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Status> {
        let file = self.open.as_mut().ok_or(Status::FAILED)?;
        loop {
            match file.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result.map_err(|_| Status::FAILED),
            }
        }
    }

    async fn entry(&mut self, path: &str, number: usize) -> Result<Option<(&str, u32)>, Status> {
        if number == 0 {
            self.entries = self.list(path)?;
        }
        Ok(self.entries.get(number).map(|(name, size)| (name.as_str(), *size)))
    }
}
