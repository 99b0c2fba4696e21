//! The files that some of what is held lies in: whose they are, and who may use them.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{Census, Class, Held, Object, Thing};
use crate::ipc::Mode;
use crate::ipc::lock::FileId as Locked;
use crate::ipc::socket::inventory::FileId;

impl Census {
    /// Looks at the files of the sockets, locks, FIFOs and mappings among these: owner, mode and size, as far
    /// as descriptors did not tell them.
    pub fn add_files<'a>(&self, objects: impl IntoIterator<Item = &'a mut Object>) {
        for object in objects {
            let thing = object.thing();
            if let Object::Held(held) = object
                && held.mode.is_none()
                && held.has_mode
            {
                self.add_file(held, thing);
            }
        }
    }

    fn add_file(&self, held: &mut Held, thing: Thing) {
        let mut is_hidden = false;
        for path in self.places(held, thing) {
            match fs::metadata(path) {
                Ok(file) if is_file_of(&file, held) => {
                    (held.uid, held.mode) = (Some(file.uid()), Some(Mode::of(file.mode())));
                    held.size = held.size.or(file.is_file().then_some(file.len()));
                    return;
                }
                Err(error) if error.kind() == ErrorKind::PermissionDenied => is_hidden = true,
                _ => {}
            }
        }
        // A socket goes on without its file.
        held.has_mode = held.class != Class::Socket || is_hidden;
    }

    /// Where its file may be found: through a descriptor, or as we see its path, or as one who has it does.
    fn places(&self, held: &Held, thing: Thing) -> Vec<PathBuf> {
        let users = || self.users(thing, None);
        let path = Path::new(OsStr::from_bytes(&held.name));
        let mut places = Vec::new();
        if held.class == Class::Lock {
            let descriptors = users().filter_map(|(process, used)| Some((process.pid, used.descriptors.first()?)));
            places.extend(descriptors.map(|(pid, number)| PathBuf::from(format!("/proc/{pid}/fd/{number}"))));
            let is_it = |file: &Locked| (file.device, file.inode) == held.inode;
            places.extend(Locked::of_path(path).ok().filter(is_it).map(|_| path.to_path_buf()));
            return places;
        }
        places.extend(path.is_absolute().then(|| path.to_path_buf()));
        let seen_by = |pid| match path.strip_prefix("/") {
            Ok(path) => Path::new("/proc").join(format!("{pid}/root")).join(path),
            Err(_) => Path::new("/proc").join(format!("{pid}/cwd")).join(path),
        };
        places.extend(users().map(|(process, _)| seen_by(process.pid)));
        places
    }
}

fn is_file_of(file: &Metadata, held: &Held) -> bool {
    match (&held.socket, held.class) {
        (Some(socket), _) => socket.file == Some(FileId::of(file)),
        // Found through a descriptor, or by its number.
        (None, Class::Lock) => true,
        (None, _) => (file.dev(), file.ino()) == held.inode,
    }
}
