//! Why an address cannot be served on.

use http_server::BindError;

use crate::error::CommandError;

/// The error of a command, with what has the port, if that is known, and the flag that changes
/// the address.
pub(crate) fn bind_error(BindError { address, source }: BindError, flag: &str) -> CommandError {
    let found = match linux_net::explain_bind_error(address, &source) {
        Some(found) => format!("{found}; the flag is {flag}"),
        None => format!("choose another address with {flag}"),
    };
    CommandError::Io { action: format!("serve on {address} ({found})"), source }
}
