//! The lines between the lab and its workers: what is accepted is written as an equal line,
//! in both directions.

#![no_main]

use chat_server::ServerProtocol;
use lab::fuzzing::check_agent_line;
use libfuzzer_sys::fuzz_target;
use load_generator::LoadProtocol;
use probe::ProbeProtocol;
use program_server::ProgramProtocol;
use worker::fuzzing::check_line;

fuzz_target!(|line: &[u8]| {
    check_line::<ServerProtocol>(line);
    check_line::<LoadProtocol>(line);
    check_line::<ProbeProtocol>(line);
    check_line::<ProgramProtocol>(line);
    check_agent_line(line);
});
