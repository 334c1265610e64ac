"""A server of the original system's protocol, independent of our code.

Prints its port, relays each message to all other clients, and exits when its standard
input ends.
"""

import os
import socket
import sys
import threading

clients = []
lock = threading.Lock()


def exactly(sock, count):
    data = b""
    while len(data) < count:
        chunk = sock.recv(count - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return data


def serve(sock):
    try:
        while True:
            header = exactly(sock, 4)
            message = header + exactly(sock, int(header.decode("ascii")))
            with lock:
                for other in clients:
                    if other is not sock:
                        other.sendall(message)
    except (EOFError, OSError):
        with lock:
            clients.remove(sock)
        sock.close()


def main():
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    while True:
        sock, _ = listener.accept()
        with lock:
            clients.append(sock)
        threading.Thread(target=serve, args=(sock,), daemon=True).start()


main()
