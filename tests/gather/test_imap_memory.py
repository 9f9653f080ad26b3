"""What a mailbox's server may cost in memory, measured in a process of its own: less than 16 MB, whatever it sends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GROWTH = 16_000  # kilobytes, the server's own part included
ROOT = Path(__file__).resolve().parent.parent.parent

PROGRAM = """
import resource, sys
from tests.fakes.imap_server import Box, ImapScript
from tests.fakes.imap_world import MESSAGE, World, good, look

MEGABYTE = 1_000_000

class Server(ImapScript):
    async def _on_fetch(self, peer, tag, rest):
        uid = rest.split()[2]
        if sys.argv[1] == "pieces":
            await peer.send(f"* 1 FETCH (UID {uid}")
            for number in range(15):
                await peer.send(f" X{number} {{{MEGABYTE - 10}}}\\r\\n")
                await peer.send(b"a" * (MEGABYTE - 10))
            await peer.send(")\\r\\n")
        elif sys.argv[1] == "answers":
            for number in range(15):
                await peer.send(f"* 1 FETCH (UID {uid} BODY[]<0> {{{MEGABYTE - 10}}}\\r\\n")
                await peer.send(b"a" * (MEGABYTE - 10))
                await peer.send(")\\r\\n")
        else:
            await super()._on_fetch(peer, tag, rest)
            return
        await peer.send(f"{tag} OK done\\r\\n")

def run(message):
    script = Server(boxes={"INBOX": Box(messages=[message])}, context=good().context())
    return look(script, world=World(budget=20))[0]

kind, sys.argv[1] = sys.argv[1], "plain"
run(MESSAGE)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
sys.argv[1] = kind
reading = run(MESSAGE + b"x" * MEGABYTE if kind == "large" else MESSAGE)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, reading.fault, reading.found)
"""


@pytest.mark.parametrize(
    ("kind", "end"),
    [("plain", " True"), ("large", " True"), ("pieces", "too-long False"), ("answers", "too-long False")],
    ids=["the message", "a message of a megabyte", "one answer in many pieces", "many answers"],
)
def test_growth(kind: str, end: str) -> None:
    """One limit holds for all the pieces of an answer, and one for the conversation."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, kind], capture_output=True, text=True, check=False, cwd=ROOT, timeout=60
    )
    assert done.returncode == 0, done.stderr
    growth, said = done.stdout.split(" ", 1)
    assert said.strip("\n") == end
    assert int(growth) < GROWTH
