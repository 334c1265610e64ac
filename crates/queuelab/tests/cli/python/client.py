"""A client of the original's protocol, written without any of our code.

client.py HOST PORT NAME COUNT PEERS: waits until it has heard "hello" from
PEERS others, sends COUNT lines, prints every body it receives, and leaves when
it has received COUNT lines from each of the PEERS.
"""

import socket
import sys
import threading


def send(sock, body):
    sock.sendall(b"%04d" % len(body) + body)


def receive(sock):
    def exactly(count):
        data = b""
        while len(data) < count:
            chunk = sock.recv(count - len(data))
            if not chunk:
                raise EOFError
            data += chunk
        return data

    return exactly(int(exactly(4)))


def main():
    host, port, name, count, peers = sys.argv[1:]
    count, peers = int(count), int(peers)
    sock = socket.create_connection((host, int(port)), timeout=20)
    print("connected", flush=True)
    sys.stdin.readline()  # told when everybody is connected
    for number in range(count):
        send(sock, f"{name} says {number}".encode())
    for _ in range(count * peers):
        print(receive(sock).decode(), flush=True)
    sys.stdin.readline()  # told when everybody has everything
    sock.close()


main()
