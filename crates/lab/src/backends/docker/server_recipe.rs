//! What the container of an image is created from.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigLogConfig, ResourcesUlimits,
};
use indexmap::IndexMap;
use program_server::{ImageServer, Text, UnknownPlaceholder, replaced};

/// The request to create the container, which joins the network and PID namespaces of the
/// container `host`. `memory` is its limit, bytes.
///
/// # Errors
/// If a placeholder has no value.
pub(super) fn body(
    settings: &ImageServer,
    values: &IndexMap<String, String>,
    host: &str,
    labels: HashMap<String, String>,
    memory: u64,
) -> Result<ContainerCreateBody, UnknownPlaceholder> {
    let ImageServer { image, command, env, user, capabilities, limits, .. } = settings;
    let text = |text: &String| replaced(text, values);
    let command = command.iter().map(text).collect::<Result<Vec<_>, _>>()?;
    let variable = |(name, Text(value)): (&String, &Text)| {
        replaced(value, values).map(|value| format!("{name}={value}"))
    };
    let env = env.iter().map(variable).collect::<Result<Vec<_>, _>>()?;
    let memory = memory.min(i64::MAX as u64).cast_signed();
    let joined = format!("container:{host}");
    let open_files = limits.open_files.map(|files| ResourcesUlimits {
        name: Some("nofile".to_owned()),
        soft: Some(files.min(i64::MAX as u64).cast_signed()),
        hard: Some(files.min(i64::MAX as u64).cast_signed()),
    });
    let host_config = HostConfig {
        network_mode: Some(joined.clone()),
        // The kernel kills all processes of a PID namespace with its first one, the agent.
        pid_mode: Some(joined),
        cap_drop: Some(vec!["ALL".to_owned()]),
        cap_add: (!capabilities.is_empty()).then(|| capabilities.clone()),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        pids_limit: Some(limits.processes.min(i64::MAX as u64).cast_signed()),
        memory: Some(memory),
        // The same as `memory`, so the container cannot swap.
        memory_swap: Some(memory),
        ulimits: open_files.map(|files| vec![files]),
        auto_remove: Some(true),
        // The lab reads its output; the engine need not store it.
        log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
        ..Default::default()
    };
    Ok(ContainerCreateBody {
        image: Some(image.clone()),
        cmd: (!command.is_empty()).then_some(command),
        env: Some(env),
        user: user.clone(),
        labels: Some(labels),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        // A check of the image would be work that is not the server's.
        healthcheck: Some(HealthConfig {
            test: Some(vec!["NONE".to_owned()]),
            ..Default::default()
        }),
        host_config: Some(host_config),
        ..Default::default()
    })
}

/// The files of a container as a tar archive: owned by root, and readable for all.
///
/// # Errors
/// If a placeholder has no value, or a path is too long for an archive.
pub(super) fn archive(
    files: &IndexMap<String, Text>,
    values: &IndexMap<String, String>,
    seconds: u64,
) -> Result<Vec<u8>, String> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, Text(text)) in files {
        let text = replaced(text, values).map_err(|error| error.to_string())?;
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o444);
        header.set_mtime(seconds);
        header.set_uid(0);
        header.set_gid(0);
        archive
            .append_data(&mut header, path.trim_start_matches('/'), text.as_bytes())
            .map_err(|error| format!("put the file {path} into an archive: {error}"))?;
    }
    archive.into_inner().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> IndexMap<String, String> {
        [("server.backlog".to_owned(), "64".to_owned()), ("port".to_owned(), "80".to_owned())]
            .into()
    }

    #[test]
    fn a_container_has_no_more_privileges_than_its_settings_list() {
        let settings: ImageServer = serde_json::from_str(
            r#"{"image": "a:1", "port": 80, "command": ["x", "{port}"], "env": {"B": "{server.backlog}"},
                "limits": {"processes": 9, "open_files": 64}}"#,
        )
        .unwrap();
        let body = body(&settings, &values(), "abc", HashMap::new(), 1 << 20).unwrap();
        assert_eq!(body.cmd, Some(vec!["x".to_owned(), "80".to_owned()]));
        assert_eq!(body.env, Some(vec!["B=64".to_owned()]));
        assert_eq!((body.user, body.exposed_ports), (None, None));
        let host = body.host_config.unwrap();
        assert_eq!(host.cap_drop, Some(vec!["ALL".to_owned()]));
        assert_eq!(
            (host.cap_add, host.privileged, host.binds, host.mounts),
            (None, None, None, None)
        );
        assert_eq!((host.port_bindings, host.publish_all_ports), (None, None));
        assert_eq!(
            (host.pids_limit, host.memory, host.memory_swap),
            (Some(9), Some(1 << 20), Some(1 << 20))
        );
        assert_eq!(host.network_mode.as_deref(), Some("container:abc"));
        assert_eq!(host.pid_mode, host.network_mode);
        assert_eq!(host.ulimits.unwrap()[0].hard, Some(64));
    }

    #[test]
    fn files_are_roots_and_readable_for_all() {
        let files = [("/etc/a/b.conf".to_owned(), Text("listen {port};".to_owned()))].into();
        let bytes = archive(&files, &values(), 7).unwrap();
        let mut read = tar::Archive::new(bytes.as_slice());
        let mut entries = read.entries().unwrap();
        let mut entry = entries.next().unwrap().unwrap();
        assert_eq!(entry.path().unwrap().to_str(), Some("etc/a/b.conf"));
        let header = entry.header();
        assert_eq!((header.mode().unwrap(), header.uid().unwrap()), (0o444, 0));
        let mut text = String::new();
        std::io::Read::read_to_string(&mut entry, &mut text).unwrap();
        assert_eq!(text, "listen 80;");
        assert!(entries.next().is_none());
        let unknown = [("/a".to_owned(), Text("{server.bcaklog}".to_owned()))].into();
        assert!(archive(&unknown, &values(), 7).unwrap_err().contains("server.bcaklog"));
    }
}
