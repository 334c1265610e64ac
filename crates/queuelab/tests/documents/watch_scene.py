"""The listeners of docs/watch.md, each with its trouble: nginx is stopped under a burst, one
Python program accepts four times a second, one has reached its limit of open files, one never
closes, and redis is idle. Prints a line when all of them are there, and goes on until it is
killed, with everything that it has started."""

import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time

NGINX = """daemon off; master_process off; pid {0}/pid; error_log stderr;
events {{}}
http {{ access_log off; client_body_temp_path {0}/b; proxy_temp_path {0}/p;
fastcgi_temp_path {0}/f; uwsgi_temp_path {0}/u; scgi_temp_path {0}/s;
server {{ listen 8080 backlog=64; }} }}
"""
SLOW, FILES, LEAK = 8081, 8083, 8082


def connect(port):
    """A connection that is begun, and kept."""
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(("127.0.0.1", port))
    return client


def established(port, number):
    """So many connections, each of which is established before the next one."""
    return [socket.create_connection(("127.0.0.1", port)) for _ in range(number)]


def wait_until_open(port):
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.01)


def serve(port):
    """One of the Python servers: its port is its role."""
    listener = socket.create_server(("", port), backlog={SLOW: 5, FILES: 16, LEAK: 128}[port])
    if port == FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
    print("listens", flush=True)
    kept = []
    while True:
        if port == SLOW:
            time.sleep(0.25)
        try:
            kept.append(listener.accept())
        except OSError:
            time.sleep(0.1)


def main():
    folder = tempfile.mkdtemp()
    with open(f"{folder}/nginx.conf", "w") as file:
        file.write(NGINX.format(folder))
    nginx = subprocess.Popen(["nginx", "-e", "stderr", "-c", f"{folder}/nginx.conf"])
    subprocess.Popen(
        ["redis-server", "--save", "", "--dir", folder, "--protected-mode", "no"],
        stdout=subprocess.DEVNULL,
    )
    for port in (SLOW, FILES, LEAK):
        server = subprocess.Popen([sys.executable, __file__, str(port)], stdout=subprocess.PIPE)
        server.stdout.readline()
    wait_until_open(8080)
    wait_until_open(6379)

    # When it answers, it has accepted the connections that waited for it to start.
    with socket.create_connection(("127.0.0.1", 8080)) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        while client.recv(4096):
            pass
    os.kill(nginx.pid, signal.SIGSTOP)
    # 65 fill the queue; a process with a limit of 24 files accepts 20, and 17 fill its queue.
    kept = established(8080, 65) + established(FILES, 37) + established(LEAK, 5)
    for client in established(LEAK, 90):
        client.close()
    kept += [connect(8080) for _ in range(15)] + [connect(FILES) for _ in range(8)]
    print("ready", flush=True)
    while True:
        # More than are accepted.
        kept.append(connect(SLOW))
        time.sleep(0.1)


if len(sys.argv) > 1:
    serve(int(sys.argv[1]))
else:
    main()
