//! Starts the program: its files, environment, limits and user.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use indexmap::IndexMap;
use linux_net::{LocalUser, PRIVATE_DIRECTORY, ResourceLimits};
use nix::sys::resource::{Resource, getrlimit};
use pattern::Pattern;

use crate::error::ProgramError;
use crate::output::Output;
use crate::placeholders::{DIRECTORY, replaced};
use crate::settings::{CommandServer, ProgramConfig, Text};

/// Where programs are found in addition to the lab's PATH: servers are often there.
const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A process that has been started.
pub(crate) struct Started {
    pub(crate) pid: u32,
    pub(crate) output: Output,
}

/// Starts the program in the calling process's namespaces; its standard output and error are
/// read by a thread.
pub(crate) fn start(config: &ProgramConfig, memory_bytes: u64) -> Result<Started, ProgramError> {
    let CommandServer { program, env, directory, files, ready, limits, user, .. } =
        &config.settings;
    let mut values = config.values.clone();
    values.insert(DIRECTORY.to_owned(), PRIVATE_DIRECTORY.to_owned());
    let owner = user.as_deref().map(owner).transpose()?;
    write_files(files, &values, owner.as_ref())?;

    let arguments = program.iter().map(|argument| replaced(argument, &values));
    let arguments = arguments.collect::<Result<Vec<_>, _>>()?;
    let (name, arguments) = arguments.split_first().expect("checked: it has a name");
    let path = search_path();
    let mut command = Command::new(found(name, &path).unwrap_or_else(|| name.into()));
    command.args(arguments).env_clear();
    command.env("PATH", &path).env("HOME", PRIVATE_DIRECTORY).env("TMPDIR", PRIVATE_DIRECTORY);
    command.env("LANG", "C.UTF-8");
    for (name, Text(value)) in env {
        command.env(name, replaced(value, &values)?);
    }
    command.current_dir(directory.as_deref().unwrap_or_else(|| Path::new(PRIVATE_DIRECTORY)));
    let limits = ResourceLimits {
        open_files: limits.open_files,
        // It would count threads, and those of other trials; the watchdog counts processes, if
        // it sees them.
        processes: (!linux_net::proc_is_own()).then_some(limits.processes),
        memory: Some(memory_bytes),
    };
    linux_net::limit_on_exec(&mut command, limits);
    if let Some(owner) = owner {
        // As root this also drops all other groups.
        command.uid(owner.uid).gid(owner.gid);
    }
    let failed = |reason: String| ProgramError::Start { program: program[0].clone(), reason };
    let (reader, writer) = io::pipe().map_err(|error| failed(error.to_string()))?;
    let both = writer.try_clone().map_err(|error| failed(error.to_string()))?;
    command.stdin(Stdio::null()).stdout(writer).stderr(both);
    let child = command.spawn().map_err(|error| failed(explained(&error, name, directory)))?;
    // Its ends of the pipe are the last ones: reading ends with the last process.
    drop(command);
    let line = ready.line.as_deref().map(Pattern::compile);
    let output = Output::awaiting(line.transpose().expect("checked: it is a pattern"));
    let read = output.clone();
    crate::processes::spawn("output", move || read.read(reader))
        .map_err(|source| ProgramError::Channel { what: "start a thread", source })?;
    Ok(Started { pid: child.id(), output })
}

/// Checks that this machine has the program.
///
/// # Errors
/// What is missing, for people; fits after "failed to".
pub fn is_here(settings: &CommandServer) -> Result<(), String> {
    let name = settings.program.first().map_or("", String::as_str);
    let is_file = |file: &String| name.strip_prefix("./").unwrap_or(name) == file;
    let is_own_file =
        name.contains('{') || (name.contains('/') && settings.files.keys().any(is_file));
    if is_own_file || found(name, &search_path()).is_some_and(|file| file.exists()) {
        return Ok(());
    }
    Err(format!("start `{name}`: it is not installed (no directory of PATH has it)"))
}

/// Checks that this user may start the program as its settings say.
///
/// # Errors
/// Why not, for people; fits after "failed to".
pub fn check_here(settings: &CommandServer) -> Result<(), String> {
    let name = settings.program.first().map_or("", String::as_str);
    if let Some(files) = settings.limits.open_files
        && let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && files > hard
    {
        return Err(format!(
            "start `{name}` with {files} open files: the hard limit here is {hard} (`ulimit -Hn`)"
        ));
    }
    if let Some(directory) = settings.directory.as_deref().filter(|path| !path.is_dir()) {
        return Err(format!(
            "start `{name}` in {}: there is no such directory",
            directory.display()
        ));
    }
    match settings.user.as_deref().map(owner) {
        Some(Err(error)) => Err(error.to_string()),
        Some(Ok(_)) | None => Ok(()),
    }
}

fn owner(name: &str) -> Result<LocalUser, ProgramError> {
    let invalid = |reason: String| ProgramError::User { user: name.to_owned(), reason };
    if !linux_net::in_initial_user_namespace() || !nix::unistd::geteuid().is_root() {
        return Err(invalid("only root may run a program as another user".to_owned()));
    }
    match LocalUser::find(name) {
        Ok(Some(user)) => Ok(user),
        Ok(None) => Err(invalid("there is no such user in /etc/passwd".to_owned())),
        Err(error) => Err(invalid(format!("read /etc/passwd: {error}"))),
    }
}

fn write_files(
    files: &IndexMap<String, Text>,
    values: &IndexMap<String, String>,
    owner: Option<&LocalUser>,
) -> Result<(), ProgramError> {
    let give = |path: &Path| match owner {
        Some(owner) => chown(path, Some(owner.uid), Some(owner.gid)),
        None => Ok(()),
    };
    let private = Path::new(PRIVATE_DIRECTORY);
    give(private).map_err(ProgramError::Isolate)?;
    for (name, Text(text)) in files {
        let text = replaced(text, values)?;
        let path = private.join(name);
        let write = || {
            let parents = path.ancestors().skip(1).take_while(|parent| *parent != private);
            let parents: Vec<_> = parents.collect();
            for parent in parents.into_iter().rev() {
                match fs::create_dir(parent) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                        return Err(error);
                    }
                    _ => give(parent)?,
                }
            }
            fs::write(&path, &text)?;
            // A script can be the program.
            let mode = if text.starts_with("#!") { 0o755 } else { 0o644 };
            fs::set_permissions(&path, Permissions::from_mode(mode))?;
            give(&path)
        };
        write().map_err(|source| ProgramError::File { name: name.clone(), source })?;
    }
    Ok(())
}

fn search_path() -> String {
    match std::env::var("PATH") {
        Ok(path) if !path.is_empty() => format!("{path}:{SYSTEM_PATH}"),
        _ => SYSTEM_PATH.to_owned(),
    }
}

/// The file of a program: a path is relative to the private directory.
fn found(name: &str, path: &str) -> Option<std::path::PathBuf> {
    if name.contains('/') {
        return Some(Path::new(PRIVATE_DIRECTORY).join(name));
    }
    path.split(':')
        .filter(|folder| folder.starts_with('/'))
        .map(|folder| Path::new(folder).join(name))
        .find(|file| {
            fs::metadata(file)
                .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
        })
}

fn explained(error: &io::Error, name: &str, directory: &Option<std::path::PathBuf>) -> String {
    if let Some(directory) = directory.as_deref().filter(|directory| !directory.is_dir()) {
        return format!("its working directory {} does not exist", directory.display());
    }
    match error.kind() {
        io::ErrorKind::NotFound if !name.contains('/') => {
            "it is not installed: no directory of PATH has it".to_owned()
        }
        _ => error.to_string(),
    }
}
