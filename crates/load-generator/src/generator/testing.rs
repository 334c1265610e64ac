//! A generator that a test drives event by event.

use std::net::{Ipv4Addr, TcpListener, TcpStream};

use chat_protocol::Codec;

use crate::client::State;
use crate::config::LoadConfig;
use crate::generator::Generator;
use crate::settings::LoadSettings;

/// Drives a generator that has started nothing.
pub(crate) fn with_generator(config: &LoadConfig, test: impl FnOnce(&mut Generator)) {
    let codec = Codec::new(config.framing, None).expect("the default fits");
    let mut ignore = |_| {};
    let mut generator = Generator::new(config, codec, None, &mut ignore).expect("it starts");
    test(&mut generator);
}

/// Drives a generator whose clients are accepted and found established at their
/// connect deadline, before epoll reports them.
pub(crate) fn with_open_clients(
    settings: LoadSettings,
    server_closes: bool,
    test: impl FnOnce(&mut Generator),
) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let target = listener.local_addr().expect("its address");
    let config = LoadConfig { server_closes, ..LoadConfig::new(settings, target) };
    with_generator(&config, |generator| {
        generator.start_all().expect("loopback can be reached");
        let clients = 0..generator.clients.len();
        let accept = |_| listener.accept().expect("a client").0;
        let accepted: Vec<TcpStream> = clients.clone().map(accept).collect();
        for client in clients {
            generator.on_connect_deadline(client).expect("the attempt is decided");
            assert_eq!(generator.clients[client].state, State::Open);
        }
        test(generator);
        drop(accepted);
    });
}
