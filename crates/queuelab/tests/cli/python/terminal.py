"""A program in a pseudo-terminal."""

import os
import pty
import re
import select
import subprocess
import termios
import time


class Terminal:
    def __init__(self, command):
        # The open slave keeps the terminal and its modes after the process ends.
        self.fd, self.slave = pty.openpty()
        self.modes = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            command,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env={**os.environ, "TERM": "xterm"},
            start_new_session=True,
        )
        self.shown = ""

    def type(self, keys):
        os.write(self.fd, keys)

    def read(self):
        ready, _, _ = select.select([self.fd], [], [], 0.2)
        if ready:
            self.shown += os.read(self.fd, 4096).decode()

    def wait_for(self, pattern, since=0):
        """Waits until the output matches, without cursor movements."""
        deadline = time.monotonic() + 240
        while True:
            plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r(?!\n)", "", self.shown[since:])
            if re.search(pattern, plain, re.DOTALL):
                return len(self.shown)
            assert time.monotonic() < deadline, (pattern, plain)
            self.read()

    def exit_code(self):
        deadline = time.monotonic() + 240
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.shown
            self.read()
        return self.process.returncode

    def is_restored(self):
        """Whether the terminal echoes and edits lines as before."""
        return termios.tcgetattr(self.slave)[3] == self.modes[3]
