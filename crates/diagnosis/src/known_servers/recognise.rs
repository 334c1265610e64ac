//! The known server of a command line or an image.

use std::path::Path;
use std::sync::LazyLock;

use super::server::KnownServer;

const FILE: &str = include_str!("../../known_servers.yaml");

/// Options of Python with a value of its own argument.
const WITH_VALUE: [&str; 2] = ["-X", "-W"];

/// The known servers.
#[derive(Debug, Clone)]
pub struct KnownServers(Vec<KnownServer>);

impl KnownServers {
    /// Those of `known_servers.yaml`.
    pub fn built_in() -> &'static Self {
        static SERVERS: LazyLock<KnownServers> = LazyLock::new(|| {
            KnownServers(serde_saphyr::from_str(FILE).expect("the built-in file is valid"))
        });
        &SERVERS
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &KnownServer> {
        self.0.iter()
    }

    /// The server that a command line starts, by the file name of its program or, of Python,
    /// by the module or script that it runs. Its other arguments decide nothing.
    pub fn recognise<S: AsRef<str>>(&self, command: &[S]) -> Option<&KnownServer> {
        let (program, arguments) = command.split_first()?;
        let program = file_name(program.as_ref())?;
        let by_program = |name: &str| {
            let is_it = |server: &&KnownServer| server.programs.iter().any(|it| it == name);
            self.iter().find(is_it)
        };
        if without_version(program) != "python" {
            return by_program(program);
        }
        match python_runs(arguments)? {
            PythonRuns::Module(module) => {
                self.iter().find(|server| server.modules.iter().any(|it| it == module))
            }
            PythonRuns::Script(script) => by_program(file_name(script)?),
        }
    }

    /// The server of a running process, by its command line, or by the first word of the title
    /// that it has put in its place: `nginx: worker process`, `redis-server *:6379`.
    pub fn recognise_process<S: AsRef<str>>(&self, command: &[S]) -> Option<&KnownServer> {
        self.recognise(command).or_else(|| match command {
            [title] => {
                let (first, rest) = title.as_ref().split_once(' ')?;
                // `nginx: master process /usr/sbin/nginx` and `/usr/bin/redis-server *:6379`.
                let word = first.strip_suffix(':').unwrap_or(first);
                (!rest.is_empty()).then(|| self.recognise(&[word]))?
            }
            _ => None,
        })
    }

    /// The server of an image, by its [`image_name`].
    pub fn recognise_image(&self, image: &str) -> Option<&KnownServer> {
        let name = image_name(image);
        self.iter().find(|server| server.images.iter().any(|it| it == name))
    }
}

/// The name of an image without registry, folder, tag and digest.
pub fn image_name(image: &str) -> &str {
    let image = image.split_once('@').map_or(image, |(image, _)| image);
    let image = image.rsplit_once('/').map_or(image, |(_, image)| image);
    image.split_once(':').map_or(image, |(name, _)| name)
}

fn file_name(path: &str) -> Option<&str> {
    Path::new(path).file_name()?.to_str()
}

/// `python3.11` is `python`.
fn without_version(program: &str) -> &str {
    program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')
}

/// What a command line of Python runs.
enum PythonRuns<'a> {
    Module(&'a str),
    Script(&'a str),
}

/// What Python runs with these arguments; `None` if it is neither a module nor a file. All that
/// follows is for that.
fn python_runs<S: AsRef<str>>(arguments: &[S]) -> Option<PythonRuns<'_>> {
    let mut arguments = arguments.iter().map(AsRef::as_ref);
    while let Some(argument) = arguments.next() {
        match argument {
            "-m" => return arguments.next().map(PythonRuns::Module),
            "-c" => return None,
            option if WITH_VALUE.contains(&option) => drop(arguments.next()),
            option if option.starts_with("-m") => return Some(PythonRuns::Module(&option[2..])),
            option if option.starts_with('-') => {}
            script => return Some(PythonRuns::Script(script)),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(command: &[&str]) -> Option<&'static str> {
        KnownServers::built_in().recognise(command).map(|server| server.name.as_str())
    }

    #[test]
    fn a_server_is_recognised_by_its_program() {
        for (command, server) in [
            (&["nginx", "-g", "daemon off;"][..], "nginx"),
            (&["/usr/local/nginx/sbin/nginx"], "nginx"),
            (&["redis-server", "--port", "0"], "redis"),
            (&["/venv/bin/gunicorn", "app:app"], "gunicorn"),
            (&["python3", "/venv/bin/gunicorn", "app:app"], "gunicorn"),
            (&["python3.12", "-u", "-X", "dev", "-m", "uvicorn", "app:app"], "uvicorn"),
            (&["python3", "-m", "http.server", "8080"], "python http.server"),
            (&["node", "server.js"], "Node.js"),
            (&["java", "-jar", "nginx.jar"], "Java ServerSocket"),
            (&["/usr/sbin/apache2", "-D", "FOREGROUND"], "Apache httpd"),
        ] {
            assert_eq!(name(command), Some(server), "{command:?}");
        }
    }

    #[test]
    fn paths_and_arguments_of_another_program_are_not_it() {
        for command in [
            &["/opt/nginx/bin/server"][..],
            &["my-server", "nginx"],
            &["nginx-exporter"],
            &["mynginx"],
            &["python3", "server.py", "-m", "http.server"],
            &["python3", "-c", "x", "-m", "http.server"],
            &["python3", "nginx.py"],
            &["python3"],
            &["python3", "-m"],
            &["pythonic", "-m", "http.server"],
            &["nodemon", "server.js"],
            &[""],
            &[],
        ] {
            assert_eq!(name(command), None, "{command:?}");
        }
    }

    #[test]
    fn a_process_is_recognised_by_its_title() {
        let name = |command: &[&str]| {
            KnownServers::built_in().recognise_process(command).map(|it| &*it.name)
        };
        for (command, server) in [
            (&["nginx: master process /usr/sbin/nginx -g daemon off;"][..], "nginx"),
            (&["nginx: worker process"], "nginx"),
            (&["redis-server *:6379"], "redis"),
            (&["/usr/bin/redis-server 127.0.0.1:6379"], "redis"),
            (&["nginx", "-g", "daemon off;"], "nginx"),
        ] {
            assert_eq!(name(command), Some(server), "{command:?}");
        }
        for command in [
            &["my-server nginx"][..],
            &["mynginx: worker process"],
            &["sh", "nginx: worker process"],
            &["nginx: worker", "process"],
            &[""],
        ] {
            assert_eq!(name(command), None, "{command:?}");
        }
    }

    #[test]
    fn an_image_is_recognised_by_its_own_name() {
        let name = |image| KnownServers::built_in().recognise_image(image).map(|it| &*it.name);
        for image in ["nginx", "nginx:1.27-alpine", "r.example:5000/a/nginx@sha256:00"] {
            assert_eq!(name(image), Some("nginx"), "{image}");
        }
        for image in ["nginx/agent", "my-nginx", "nginx.example/server", ""] {
            assert_eq!(name(image), None, "{image}");
        }
    }

    #[test]
    fn the_document_has_the_table() {
        let document = include_str!("../../../../docs/your-server.md");
        for server in KnownServers::built_in().iter() {
            let KnownServer { name, backlog, version, source, measured, .. } = server;
            let read = if *measured { "" } else { "source of " };
            let change = server.advice("N");
            let row = format!("| {name} | {backlog} | {change} | [{read}{version}]({source}) |");
            assert!(document.contains(&row), "{row}");
        }
    }

    #[test]
    fn each_entry_says_how_where_and_on_which_version() {
        for server in KnownServers::built_in().iter() {
            let KnownServer { name, version, source, .. } = server;
            assert!(source.starts_with("https://"), "{name}: {source}");
            assert!(version.contains(|c: char| c.is_ascii_digit()), "{name}: {version}");
            let advice = server.advice("999");
            assert!(!advice.contains('{') || advice.contains("{ port"), "{name}: {advice}");
        }
    }
}
