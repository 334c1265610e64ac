//! The image: one file, the running executable.

use std::collections::HashSet;
use std::path::Path;

use bollard::models::ImageSummary;
use bollard::query_parameters::{
    CreateImageOptionsBuilder, ListContainersOptionsBuilder, ListImagesOptionsBuilder,
    RemoveImageOptions, TagImageOptionsBuilder,
};
use futures_util::TryStreamExt;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{FileKind, elf};

use super::engine::Engine;
use super::error::{DockerError, Result};
use super::labels::filters;
use crate::build::{self, Build, HASH_DIGITS};
use crate::running;

/// The repository of the images.
const REPOSITORY: &str = "queuelab";
/// The name of the one file, at the image's root.
const FILE: &str = "queuelab";
/// The label of every image, with the executable's hash as its value. Containers inherit
/// their image's labels, so it must differ from the labels of runs' resources.
pub(super) const IMAGE_LABEL: &str = "queuelab.image";
/// Set on images that a run built for itself: the run of another build removes them.
const BY_RUN_LABEL: &str = "queuelab.image.by-run";

/// An image of this executable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The image's name, `queuelab:<hash>`.
    pub name: String,
    /// The size of the image, bytes.
    pub bytes: u64,
    /// Whether this call built the image.
    pub is_new: bool,
}

/// A static executable, which can be an image.
pub(super) struct Executable {
    contents: Vec<u8>,
    hash: String,
}

impl Executable {
    /// The running executable.
    pub(super) fn running() -> Result<Self> {
        let path = running::path().display().to_string();
        let contents = running::contents()
            .map_err(|source| DockerError::Executable { path: path.clone(), source })?;
        Self::new(&path, contents)
    }

    /// The executable of another build.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let contents = std::fs::read(path).map_err(|source| DockerError::Executable {
            path: path.display().to_string(),
            source,
        })?;
        Self::new(&path.display().to_string(), contents)
    }

    fn new(path: &str, contents: Vec<u8>) -> Result<Self> {
        let interpreted = needs_interpreter(&contents).map_err(|error| {
            DockerError::Executable { path: path.to_owned(), source: std::io::Error::other(error) }
        })?;
        if interpreted {
            return Err(DockerError::NotStatic { path: path.to_owned() });
        }
        let hash = build::hash(&contents);
        Ok(Self { contents, hash })
    }

    pub(super) fn name(&self) -> String {
        format!("{REPOSITORY}:{}", self.hash)
    }

    fn tar(&self) -> std::io::Result<Vec<u8>> {
        let mut header = tar::Header::new_ustar();
        header.set_size(self.contents.len() as u64);
        header.set_mode(0o755);
        let mut archive = tar::Builder::new(Vec::with_capacity(self.contents.len() + 4096));
        archive.append_data(&mut header, FILE, self.contents.as_slice())?;
        archive.into_inner()
    }
}

/// Whether an executable needs a dynamic linker, which an image of one file does not have
/// (a PT_INTERP program header).
fn needs_interpreter(contents: &[u8]) -> object::Result<bool> {
    fn has_interpreter<H: FileHeader<Endian = object::Endianness>>(
        contents: &[u8],
    ) -> object::Result<bool> {
        let header = H::parse(contents)?;
        let endian = header.endian()?;
        let segments = header.program_headers(endian, contents)?;
        Ok(segments.iter().any(|segment| segment.p_type(endian) == elf::PT_INTERP))
    }
    match FileKind::parse(contents)? {
        FileKind::Elf32 => has_interpreter::<elf::FileHeader32<object::Endianness>>(contents),
        _ => has_interpreter::<elf::FileHeader64<object::Endianness>>(contents),
    }
}

/// Why an image is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The user requested it: it is also tagged `queuelab:latest`, and is not removed.
    Requested,
    /// A run needs it.
    Run,
    /// A run needs it in addition to another, which must not be removed.
    Additional,
}

/// Whether this program built an image. Images derived from it also have its labels, but
/// not the name in its label.
fn is_own(image: &ImageSummary) -> bool {
    let name = image.labels.get(IMAGE_LABEL).map(|hash| format!("{REPOSITORY}:{hash}"));
    name.is_some_and(|name| image.repo_tags.contains(&name))
}

impl Engine {
    /// The name of the image of a run's containers, another build's or this program's;
    /// built if it does not exist.
    pub(super) fn image_of(&self, build: Option<&Build>) -> Result<String> {
        let image = match build {
            None => self.image(&Executable::running()?, Purpose::Run)?,
            Some(Build::File(file)) => {
                self.image(&Executable::read(file.path())?, Purpose::Additional)?
            }
            Some(Build::Image(name)) => return Ok(name.clone()),
        };
        Ok(image.name)
    }

    /// The image of this executable, built if it does not exist.
    pub(super) fn image(&self, executable: &Executable, purpose: Purpose) -> Result<Image> {
        let name = executable.name();
        // No lock: if two processes build it at the same time, one of the images only
        // loses its name.
        let one_at_a_time = running::open();
        let _ = one_at_a_time.as_ref().map(std::fs::File::lock);
        let found = self.find_image(&name)?;
        let is_new = found.is_none();
        let bytes = match found {
            Some(bytes) => bytes,
            None => {
                self.import(executable, purpose)?;
                self.find_image(&name)?.unwrap_or(executable.contents.len() as u64)
            }
        };
        if purpose == Purpose::Requested {
            let latest = TagImageOptionsBuilder::default().repo(REPOSITORY).tag("latest").build();
            self.call("tag the image", self.docker().tag_image(&name, Some(latest)))?;
        } else if is_new && purpose == Purpose::Run {
            self.remove_outdated_images(&name)?;
        }
        Ok(Image { name, bytes, is_new })
    }

    /// The size of an image; `None` if there is no such image.
    pub(super) fn find_image(&self, name: &str) -> Result<Option<u64>> {
        let inspected = self.call("find the image", self.docker().inspect_image(name));
        match inspected {
            Ok(image) => Ok(Some(image.size.unwrap_or(0).unsigned_abs())),
            Err(DockerError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The first digits of an image's own hash.
    ///
    /// # Errors
    /// If there is no such image.
    pub(super) fn image_hash(&self, name: &str) -> Result<String> {
        let inspected = self.call("find the image", self.docker().inspect_image(name));
        match inspected {
            Ok(image) => {
                let id = image.id.unwrap_or_default();
                Ok(id.trim_start_matches("sha256:").chars().take(HASH_DIGITS).collect())
            }
            Err(DockerError::Refused { status: 404, .. }) => {
                Err(DockerError::NoImage { name: name.to_owned() })
            }
            Err(error) => Err(error),
        }
    }

    fn import(&self, executable: &Executable, purpose: Purpose) -> Result<()> {
        let mut changes = vec![
            format!("ENTRYPOINT [\"/{FILE}\"]"),
            format!("LABEL {IMAGE_LABEL}={}", executable.hash),
        ];
        if purpose != Purpose::Requested {
            changes.push(format!("LABEL {BY_RUN_LABEL}=true"));
        }
        let options = CreateImageOptionsBuilder::default()
            .from_src("-")
            .repo(REPOSITORY)
            .tag(&executable.hash)
            .changes(changes)
            .build();
        let intent = "import the image";
        let archive = executable.tar().map_err(|source| DockerError::Executable {
            path: running::path().display().to_string(),
            source,
        })?;
        let body = bollard::body_full(archive.into());
        let imported = self.docker().create_image(Some(options), Some(body), None);
        self.call(intent, imported.try_collect::<Vec<_>>())?;
        Ok(())
    }

    /// Removes unused images that runs of other builds built for themselves.
    fn remove_outdated_images(&self, current: &str) -> Result<()> {
        for image in self.own_images()? {
            let is_by_run = image.labels.contains_key(BY_RUN_LABEL);
            // A user needs an image with a second tag.
            if is_by_run && image.repo_tags.len() == 1 && image.repo_tags[0] != current {
                self.remove_image(&image.repo_tags[0])?;
            }
        }
        Ok(())
    }

    /// Every image that this program built.
    fn own_images(&self) -> Result<Vec<ImageSummary>> {
        let options = ListImagesOptionsBuilder::default()
            .filters(&filters(&[("label", IMAGE_LABEL)]))
            .build();
        let mut images = self.call("list images", self.docker().list_images(Some(options)))?;
        images.retain(is_own);
        Ok(images)
    }

    /// The names of this program's images that no container uses.
    pub(super) fn unused_images(&self) -> Result<Vec<String>> {
        let options = ListContainersOptionsBuilder::default().all(true).build();
        let listed = self.docker().list_containers(Some(options));
        let containers = self.call("list containers", listed)?;
        let used: HashSet<_> = containers.into_iter().filter_map(|c| c.image_id).collect();
        let unused = self.own_images()?.into_iter().filter(|image| !used.contains(&image.id));
        let is_named = |name: &String| name.starts_with(&format!("{REPOSITORY}:"));
        Ok(unused.flat_map(|image| image.repo_tags.into_iter().filter(is_named)).collect())
    }

    /// Removes an image; false if a container uses it, or it does not exist.
    pub(super) fn remove_image(&self, id: &str) -> Result<bool> {
        let no_options = None::<RemoveImageOptions>;
        let removed =
            self.call("remove an image", self.docker().remove_image(id, no_options, None));
        match removed {
            Ok(_) => Ok(true),
            Err(DockerError::Refused { status: 404 | 409, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_static_executable_is_distinguished_from_a_dynamic_one() {
        let own = std::fs::read("/proc/self/exe").unwrap();
        assert!(!needs_interpreter(&own).unwrap(), "tests are linked as the program is");
        let shell = std::fs::read("/bin/sh").unwrap();
        let error = Executable::new("/bin/sh", shell).map(|_| ()).unwrap_err();
        assert!(matches!(error, DockerError::NotStatic { .. }), "{error}");
        let error = Executable::new("x", b"#!/bin/sh\n".to_vec()).map(|_| ()).unwrap_err();
        assert!(error.to_string().starts_with("create an image of x: "), "{error}");
    }

    #[test]
    fn a_derived_image_is_not_one_of_this_program() {
        let image = |tags: &[&str]| ImageSummary {
            labels: [(IMAGE_LABEL.to_owned(), "ab12".to_owned())].into(),
            repo_tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            ..ImageSummary::default()
        };
        assert!(is_own(&image(&["queuelab:ab12"])));
        assert!(is_own(&image(&["queuelab:latest", "queuelab:ab12"])));
        assert!(!is_own(&image(&["derived:latest"])));
        assert!(!is_own(&image(&["queuelab:latest"])), "built from another file");
        assert!(!is_own(&ImageSummary::default()));
    }

    #[test]
    fn the_tar_has_one_executable_file_whose_hash_is_the_tag() {
        let own = std::fs::read("/proc/self/exe").unwrap();
        let executable = Executable::new("x", own.clone()).unwrap();
        assert_eq!(executable.name().len(), "queuelab:".len() + HASH_DIGITS);
        let tar = executable.tar().unwrap();
        let mut archive = tar::Archive::new(tar.as_slice());
        let files: Vec<_> = archive.entries().unwrap().map(|entry| entry.unwrap()).collect();
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].path().unwrap().to_str(), Some("queuelab"));
        assert_eq!(files[0].header().mode().unwrap(), 0o755);
        assert_eq!(files[0].size(), own.len() as u64);
    }
}
