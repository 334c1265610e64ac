//! Helpers of unit tests.

use chat_server::ServerSettings;
use scenario::Server;

/// Changes the settings of the chat server.
pub(crate) trait ChatMut {
    /// Its settings.
    fn chat_mut(&mut self) -> &mut ServerSettings;
}

impl ChatMut for Server {
    fn chat_mut(&mut self) -> &mut ServerSettings {
        match self {
            Self::Chat(settings) => settings,
            other => panic!("{other:?} is not the chat server"),
        }
    }
}
