//! The terminal: set up, drawn on, and restored however the screen ends.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::os::fd::AsFd;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::style::{Print, force_color_output};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{cursor, execute, queue};
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal};

/// Reports buttons and the wheel of the mouse, with places beyond column 223. (crossterm's
/// `EnableMouseCapture` also reports every motion, which would wake the program for nothing.)
const MOUSE_ON: &str = "\u{1b}[?1000h\u{1b}[?1006h";
const MOUSE_OFF: &str = "\u{1b}[?1006l\u{1b}[?1000l";

/// All attributes of text as usual.
const PLAIN: &str = "\u{1b}[0m";

/// Bytes of a large frame: it is written at once.
const FRAME_BYTES: usize = 64 * 1024;

/// Whether the terminal shows the screen now.
static IS_ENTERED: AtomicBool = AtomicBool::new(false);

/// The terminal while it shows the screen. It is restored when this is dropped, or when any
/// thread panics.
pub(crate) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Output>>>,
    area: Rect,
}

impl Screen {
    /// Sets up the terminal.
    pub(crate) fn open(colour: bool) -> io::Result<Self> {
        restore_on_panic();
        // Otherwise crossterm reads NO_COLOR itself, and a setting could not overrule it.
        force_color_output(colour);
        let writer = BufWriter::with_capacity(FRAME_BYTES, Output(io::stdout()));
        let terminal = Terminal::new(CrosstermBackend::new(writer))?;
        let screen = Self { terminal, area: Rect::ZERO };
        enter()?;
        Ok(screen)
    }

    /// The size at the last frame.
    pub(crate) fn area(&self) -> Rect {
        self.area
    }

    /// Whether the size is another than that of the last frame.
    pub(crate) fn is_resized(&self) -> bool {
        self.terminal.size().is_ok_and(|size| size != self.area.as_size())
    }

    pub(crate) fn draw(&mut self, frame: impl FnOnce(&mut Frame)) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.area = self.terminal.draw(frame)?.area;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    /// Lets the next frame draw everything.
    pub(crate) fn forget(&mut self) -> io::Result<()> {
        // `Terminal::clear` asks the terminal where its cursor is, and the thread of the
        // keyboard would take the answer.
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }

    /// Sets up the terminal again, after another program has used it.
    pub(crate) fn enter_again(&mut self) -> io::Result<()> {
        leave();
        enter()?;
        self.forget()
    }

    /// Whether the terminal is gone.
    pub(crate) fn is_closed(&self) -> bool {
        let (stdin, stdout) = (io::stdin(), io::stdout());
        has_hung_up(stdout.as_fd()) || (stdin.is_terminal() && has_hung_up(stdin.as_fd()))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

/// Standard output while the terminal shows the screen. After that it takes and discards all:
/// `Terminal` shows the cursor when it is dropped and reports a failure on standard error,
/// which panics if the terminal is gone; and what is left of a frame must not be written.
struct Output(Stdout);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if IS_ENTERED.load(Ordering::SeqCst) { self.0.write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if IS_ENTERED.load(Ordering::SeqCst) { self.0.flush() } else { Ok(()) }
    }
}

fn has_hung_up(file: impl AsFd) -> bool {
    let gone = PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL;
    let mut files = [PollFd::new(file.as_fd(), PollFlags::empty())];
    let polled = poll(&mut files, PollTimeout::ZERO);
    polled.is_ok() && files[0].revents().is_some_and(|events| events.intersects(gone))
}

fn enter() -> io::Result<()> {
    IS_ENTERED.store(true, Ordering::SeqCst);
    let entered = enable_raw_mode()
        .and_then(|()| execute!(io::stdout(), EnterAlternateScreen, cursor::Hide, Print(MOUSE_ON)));
    if entered.is_err() {
        leave();
    }
    entered
}

/// Restores the terminal if it shows the screen. What fails cannot be helped: the terminal is
/// gone.
pub(crate) fn leave() {
    if !IS_ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        Print(MOUSE_OFF),
        Print(PLAIN),
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = io::stdout().flush();
    let _ = disable_raw_mode();
}

/// Restores the terminal before a panic of any thread is reported, which may end the process.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            leave();
            report(panic);
        }));
    });
}
