//! `queuelab chat`: the interactive terminal client.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use chat_protocol::{Codec, Decoder, Framing};
use nix::sys::termios::{self, SetArg};
use rustyline::error::ReadlineError;
use rustyline::{DefaultEditor, ExternalPrinter};

use super::print_message;
use super::target::Target;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Time for which a leaving client waits for messages in flight.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(1);

/// Flags of `queuelab chat`.
#[derive(Debug, clap::Args)]
pub(crate) struct ChatArguments {
    /// The server's name or address, and its port: localhost:8080, [::1]:8080.
    #[arg(value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    server: Target,
    /// Message framing of the server.
    #[arg(long, value_enum, default_value_t = Framing::default())]
    framing: Framing,
}

/// Connects, and chats until the user or the server ends the connection.
pub(crate) fn chat(arguments: &ChatArguments) -> Result {
    let (server, framing) = (arguments.server.resolve()?, arguments.framing);
    let stream = TcpStream::connect(server).map_err(|source| CommandError::Io {
        action: format!("connect to {server} (is `queuelab server` running there?)"),
        source,
    })?;
    let codec = Codec::new(framing, None).expect("the default body size suits every framing");
    let chat = Chat { stream: Arc::new(stream), codec, leaving: Arc::new(AtomicBool::new(false)) };
    if io::stdin().is_terminal() { chat.run_on_terminal(server) } else { chat.run_on_pipe() }
}

struct Chat {
    stream: Arc<TcpStream>,
    codec: Codec,
    leaving: Arc<AtomicBool>,
}

impl Chat {
    fn run_on_terminal(&self, server: SocketAddr) -> Result {
        let terminal_error = |source: ReadlineError| CommandError::Io {
            action: "use the terminal".to_owned(),
            source: io::Error::other(source),
        };
        // Saved to restore the terminal: a lost connection ends the program while
        // the editor has it in raw mode.
        let modes = termios::tcgetattr(io::stdin().as_fd()).ok();
        let mut editor = DefaultEditor::new().map_err(terminal_error)?;
        let mut printer = editor.create_external_printer().map_err(terminal_error)?;
        print_message(&format!(
            "connected to {server}; type a message and press Enter; leave with `exit` or Ctrl-D"
        ));
        let lost = self.listen(move |line| {
            let _ = printer.print(format!("{line}\n"));
        });
        let leaving = Arc::clone(&self.leaving);
        let (disconnected_sender, disconnected) = channel();
        thread::spawn(move || {
            let reason = lost.recv().unwrap_or_default();
            if !leaving.load(Ordering::SeqCst) {
                if let Some(modes) = modes {
                    let _ = termios::tcsetattr(io::stdin().as_fd(), SetArg::TCSANOW, &modes);
                }
                print_message(&format!("\n{reason}"));
                std::process::exit(Exit::Machine as i32);
            }
            let _ = disconnected_sender.send(());
        });
        loop {
            match editor.readline("> ") {
                Ok(line) if line.trim() == "exit" => break,
                Ok(line) => {
                    let _ = editor.add_history_entry(&line);
                    self.send(&line);
                }
                Err(ReadlineError::Eof | ReadlineError::Interrupted) => break,
                Err(error) => return Err(terminal_error(error)),
            }
        }
        self.leave();
        let _ = disconnected.recv_timeout(LEAVE_TIMEOUT);
        Ok(Exit::Held)
    }

    fn run_on_pipe(&self) -> Result {
        let lost = self.listen(|line| {
            let mut out = io::stdout().lock();
            let _ = writeln!(out, "{line}").and_then(|()| out.flush());
        });
        for line in io::stdin().lock().lines().map_while(io::Result::ok) {
            if line.trim() == "exit" {
                break;
            }
            if let Ok(reason) = lost.try_recv() {
                print_message(&reason);
                return Ok(Exit::Machine);
            }
            self.send(&line);
        }
        self.leave();
        match lost.recv_timeout(LEAVE_TIMEOUT) {
            Ok(_) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        Ok(Exit::Held)
    }

    /// Prints incoming messages; the receiver gets the reason when the connection ends.
    fn listen(&self, mut print: impl FnMut(&str) + Send + 'static) -> Receiver<String> {
        let (sender, receiver) = channel();
        let stream = Arc::clone(&self.stream);
        let mut decoder = Decoder::new(self.codec);
        thread::spawn(move || {
            let mut chunk = [0; 16 * 1024];
            let reason = loop {
                match (&*stream).read(&mut chunk) {
                    Ok(0) => break "the server has closed the connection".to_owned(),
                    Ok(bytes) => decoder.feed(&chunk[..bytes]),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => break format!("lost the connection to the server: {error}"),
                }
                loop {
                    match decoder.next_body() {
                        Ok(Some(body)) => print(&printable(body)),
                        Ok(None) => break,
                        Err(error) => {
                            let hint = "does the server use another --framing?";
                            let _ = sender.send(format!("invalid message: {error}; {hint}"));
                            return;
                        }
                    }
                }
            };
            let _ = sender.send(reason);
        });
        receiver
    }

    fn send(&self, line: &str) {
        if line.is_empty() {
            return;
        }
        let mut bytes = Vec::new();
        if let Err(error) = self.codec.encode(line.as_bytes(), &mut bytes) {
            print_message(&format!("failed to send: {error}"));
        } else if let Err(error) = (&*self.stream).write_all(&bytes) {
            print_message(&format!("failed to send: {error}"));
        }
    }

    fn leave(&self) {
        self.leaving.store(true, Ordering::SeqCst);
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

/// A body as one line of text: other clients cannot control this terminal.
fn printable(body: &[u8]) -> String {
    visible::line(&String::from_utf8_lossy(body)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(printable("grüße\x1b[2J\n".as_bytes()), "grüße\\u{1b}[2J\\n");
        assert_eq!(printable(&[b'a', 0xff]), "a\u{fffd}");
    }
}
