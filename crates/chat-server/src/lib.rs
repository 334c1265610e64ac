//! The thread-per-client chat server and its designs of locking and writing.
