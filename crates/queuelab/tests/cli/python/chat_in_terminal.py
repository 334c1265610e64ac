"""Types into `queuelab chat` in a pseudo-terminal and checks what it shows.

chat_in_terminal.py QUEUELAB CASE, where CASE is `exit`, `ctrl-d` or `lost`.
"""

import socket
import sys

from terminal import Terminal


def framed(body):
    return b"%04d" % len(body) + body


def main():
    queuelab, case = sys.argv[1:]
    listener = socket.create_server(("127.0.0.1", 0))
    address = "127.0.0.1:%d" % listener.getsockname()[1]
    terminal = Terminal([queuelab, "chat", address, "--framing", "ascii4"])
    peer, _ = listener.accept()
    peer.settimeout(60)
    incoming = peer.makefile("rb")

    terminal.wait_for(r"> $")
    terminal.type(b"half of a li")
    mark = terminal.wait_for(r"> half of a li$")
    peer.sendall(framed(b"incoming \x1b[31m text"))
    # The message is on its own line, with escaped control characters; the line being
    # typed is redrawn below it.
    mark = terminal.wait_for(r"incoming \\u\{1b\}\[31m text\r?\n> half of a li$", mark)
    terminal.type(b"ne\r")
    assert incoming.read(4 + 14) == framed(b"half of a line"), "sent once and complete"
    # Wait for the next prompt: before it, the terminal is not in raw mode and handles
    # Ctrl-D itself.
    terminal.wait_for(r"\n> $", mark)

    if case == "exit":
        terminal.type(b"exit\r")
    elif case == "ctrl-d":
        terminal.type(b"\x04")
    else:
        terminal.type(b"never sent")
        mark = terminal.wait_for(r"never sent$")
        peer.shutdown(socket.SHUT_RDWR)
        terminal.wait_for(r"the server has closed the connection", mark)
    if case != "lost":
        assert incoming.read() == b"", "it leaves cleanly, without more messages"
        peer.close()
    code = terminal.exit_code()
    assert code == (5 if case == "lost" else 0), code
    assert terminal.is_restored()


main()
