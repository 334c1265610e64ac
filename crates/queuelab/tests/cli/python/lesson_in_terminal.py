"""Walks through the lesson ./01-scratch.md in a pseudo-terminal, and checks what it shows.

lesson_in_terminal.py QUEUELAB
"""

import sys

from terminal import Terminal


def main():
    command = [sys.argv[1], "lesson", "./01-scratch.md"]
    terminal = Terminal(command)
    terminal.wait_for(r"What most people believe.*Question 1 of 1: held.*\(connections\)> $")
    terminal.type(b"many\r")
    mark = terminal.wait_for(r"type a number of connections.*\(connections\)> $")
    # Leaving before anything is answered.
    terminal.type(b"\x04")
    terminal.wait_for(r"go on with: queuelab lesson scratch", mark)
    assert terminal.exit_code() == 0, terminal.shown
    assert terminal.is_restored()

    terminal = Terminal(command)
    terminal.wait_for(r"Question 1 of 1: held.*\(connections\)> $")
    terminal.type(b"2 connections\r")
    mark = terminal.wait_for(r"held.*right.*Enter goes on, Ctrl-D leaves> $")
    for heading in (r"What you see", r"The rule", r"What to change"):
        terminal.type(b"\r")
        mark = terminal.wait_for(heading + r".*Enter goes on, Ctrl-D leaves> $", mark)
    terminal.type(b"\r")
    terminal.wait_for(r"Exercise 1 of 2: refused.*your number> $", mark)
    terminal.type(b"\x03")
    assert terminal.exit_code() == 130, terminal.shown
    assert terminal.is_restored()

    # It goes on at the exercise, and shows neither the question nor the text again.
    terminal = Terminal(command)
    terminal.wait_for(r"goes on where it was left.*Exercise 1 of 2: refused.*your number> $")
    assert "What most people believe" not in terminal.shown, terminal.shown
    assert "What to change" not in terminal.shown, terminal.shown
    terminal.type(b"4\r")
    terminal.wait_for(r"refused.*wrong.*Solution.*Exercise 2 of 2: larger.*\(connections\)> $")
    terminal.type(b"3\r")
    terminal.wait_for(r"larger.*right.*The lesson is done, 2 of 3 right")
    assert terminal.exit_code() == 0, terminal.shown
    assert terminal.is_restored()


main()
