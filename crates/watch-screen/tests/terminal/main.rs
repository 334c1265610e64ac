//! The screen in a pseudo-terminal: however it ends, the terminal is as it was before.

#[path = "../../examples/demo/moving.rs"]
mod moving;
#[path = "../../../linux-net/tests/support/one_test.rs"]
mod one_test;
mod screen;
mod terminal;

use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use crate::terminal::Terminal;

const CTRL_C: &str = "\u{3}";
const CTRL_L: &str = "\u{c}";
const CTRL_Z: &str = "\u{1a}";

fn main() {
    if std::env::args().nth(1).as_deref() == Some(screen::ARGUMENT) {
        screen::show();
    }
    one_test::run("terminal_is_restored", || {
        keys_end_it();
        signals_end_it();
        a_panic_of_any_thread_ends_it();
        a_closed_terminal_ends_it();
        it_is_suspended_and_continued();
        it_draws_again_after_a_stop_that_it_did_not_notice();
        it_draws_again_on_request();
        an_incomplete_key_does_not_stop_it();
        a_file_is_no_screen();
    });
}

fn keys_end_it() {
    for keys in ["q", CTRL_C] {
        let mut terminal = Terminal::start();
        terminal.keys(keys);
        assert_eq!(terminal.exit_code(), screen::QUIT);
        terminal.is_restored();
    }
}

fn signals_end_it() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT] {
        let mut terminal = Terminal::start();
        terminal.signal(signal);
        assert_eq!(terminal.exit_code(), screen::SIGNAL + signal as i32, "{signal}");
        terminal.is_restored();
    }
}

fn a_panic_of_any_thread_ends_it() {
    let mut terminal = Terminal::start();
    // The source of this screen has a thread that panics when a listener is selected.
    terminal.keys("\r");
    assert_eq!(terminal.exit_code(), screen::PANICKED);
    terminal.is_restored();
    let shown = terminal.shown();
    let left = shown.rfind("\u{1b}[?1049l").unwrap();
    assert!(shown[left..].contains("a thread of the source"), "{shown:?}");
}

fn a_closed_terminal_ends_it() {
    let terminal = Terminal::start();
    let status = terminal.close();
    assert_eq!(status.code(), Some(screen::CLOSED), "{status}");
}

fn it_is_suspended_and_continued() {
    let by_key = |terminal: &Terminal| terminal.keys(CTRL_Z);
    let by_signal = |terminal: &Terminal| terminal.signal(Signal::SIGTSTP);
    for stop in [by_key, by_signal] {
        let mut terminal = Terminal::start();
        for _ in 0..2 {
            stop(&terminal);
            terminal.is_stopped();
            terminal.is_restored();
            let before = terminal.entered();
            terminal.signal(Signal::SIGCONT);
            terminal.is_entered(before);
        }
        terminal.keys("q");
        assert_eq!(terminal.exit_code(), screen::QUIT);
        terminal.is_restored();
    }
}

fn it_draws_again_after_a_stop_that_it_did_not_notice() {
    let mut terminal = Terminal::start();
    terminal.signal(Signal::SIGSTOP);
    terminal.is_stopped();
    let before = terminal.entered();
    terminal.signal(Signal::SIGCONT);
    terminal.is_entered(before);
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), screen::QUIT);
    terminal.is_restored();
}

fn it_draws_again_on_request() {
    let mut terminal = Terminal::start();
    terminal.keys(CTRL_L);
    terminal.is_drawn_again();
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), screen::QUIT);
}

fn an_incomplete_key_does_not_stop_it() {
    let mut terminal = Terminal::start();
    terminal.keys("\u{1b}[1;");
    terminal.goes_on();
    terminal.signal(Signal::SIGTERM);
    assert_eq!(terminal.exit_code(), screen::SIGNAL + Signal::SIGTERM as i32);
    terminal.is_restored();
}

fn a_file_is_no_screen() {
    let output =
        Command::new("/proc/self/exe").arg(screen::ARGUMENT).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(screen::FAILED));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("--once") && message.contains("--json"), "{message}");
    assert_eq!(output.stdout, b"");
}
