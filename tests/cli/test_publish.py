import os
import socket
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_it_says_what_it_waits_for_when_a_broker_takes_the_call_and_never_answers() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        command = [sys.executable, "-m", "services.cli", "publish", "-"]
        with subprocess.Popen(  # noqa: S603  # our own command
            command,
            cwd=REPOSITORY,
            env={
                **os.environ,
                "VBP_KAFKA": address,
                "VBP_DATABASE": "postgresql://x@127.0.0.1:1/x",
            },
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as publishing:
            assert publishing.stderr is not None
            said = publishing.stderr.readline()
            publishing.kill()
    assert said == f"Waiting for Apache Kafka at {address} to answer\n"
