"""A Python program that is started many times, and imports what it needs once: each time in a process of its own.

    with forking("broken_customer.py") as command:
        command("gives_up")     # a command line; whoever runs it talks with a fork of the program

The one who is run hands its stdin, stdout and stderr to the fork, and ends when the fork does.
"""

import json
import os
import runpy
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def forking(program: Path) -> Iterator[Callable[[str], str]]:
    """Argument → a command line that runs the program with it."""
    with tempfile.TemporaryDirectory(prefix="cmr") as folder:
        place = str(Path(folder) / "forks")
        serving = subprocess.Popen(
            [sys.executable, __file__, place, str(program)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        try:
            assert serving.stdout is not None
            assert serving.stdout.readline() == b"ready\n"
            yield lambda argument: shlex.join([sys.executable, "-I", "-S", __file__, "--ask", place, argument])
        finally:
            os.killpg(serving.pid, signal.SIGKILL)  # with all that it has forked
            serving.communicate()


def serve(place: str, program: str) -> None:
    """Import what the program needs, and run it in a fork for each who asks."""
    sys.path.append(str(Path(program).parents[2] / "tools"))  # as tests/conftest.py does
    runpy.run_path(program)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place)
        listening.listen()
        print("ready", flush=True)
        while True:
            asking, _ = listening.accept()
            argument, files, _, _ = socket.recv_fds(asking, 4096, 3)
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for number, file in enumerate(files):
                    os.dup2(file, number)
                    os.close(file)
                sys.argv = [program, json.loads(argument)]
                runpy.run_path(program, run_name="__main__")
                sys.exit()  # and `asking` is closed, which tells who waits
            for file in files:
                os.close(file)
            asking.close()


def ask(place: str, argument: str) -> None:
    """Let a fork have our stdin, stdout and stderr, and wait for its end."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(place)
        socket.send_fds(asked, [json.dumps(argument).encode()], [0, 1, 2])
        asked.recv(1)


if __name__ == "__main__":
    if sys.argv[1] == "--ask":
        ask(*sys.argv[2:])
    else:
        serve(*sys.argv[1:])
