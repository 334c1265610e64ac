"""A client of the original system's protocol, independent of our code.

client.py HOST PORT NAME COUNT PEERS: sends COUNT messages after a line on standard
input, prints COUNT messages from each of the PEERS, and leaves after another line.
"""

import socket
import sys


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
    sock = socket.create_connection((host, int(port)), timeout=60)
    print("connected", flush=True)
    sys.stdin.readline()  # when all clients are connected
    for number in range(count):
        send(sock, f"{name} says {number}".encode())
    for _ in range(count * peers):
        print(receive(sock).decode(), flush=True)
    sys.stdin.readline()  # when all clients have received everything
    sock.close()


main()
