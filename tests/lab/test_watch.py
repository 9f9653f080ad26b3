"""`sendready watch` against real name servers: it ends when the fix can be seen, and primes no memory of "there is none"."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import pytest

from checks.evidence import State
from wizard import exits

from .fixtures import session_lab as session_lab  # noqa: PLC0414 - the fixture
from .lab import Lab
from .nsd import Nsd
from .process import LOOPBACK
from .zones import edited

pytestmark = pytest.mark.lab
ROOT = Path(__file__).resolve().parent.parent.parent
CLUB = "club.example"
NO_SPF = [("@", "TXT")]
NO_DMARC = [("_dmarc", "TXT")]
SECONDS = "25"


def spoilt(lab: Lab, drop: Sequence[tuple[str, str]] = NO_SPF, add: str = "") -> dict[str, str]:
    return {**lab.healthy, CLUB: edited(lab.healthy[CLUB], drop=drop, add=add)}


def stub(nsd: Nsd) -> str:
    """Configuration of a resolver that asks this server for the zone, whatever the delegation says of its port."""
    return f'stub-zone:\n  name: "{CLUB}"\n  stub-addr: {LOOPBACK}@{nsd.port}\n'


def started(nameserver: str, *arguments: str, own: Nsd | None = None) -> subprocess.Popen[str]:
    """Start watching; with `own`, the zone's name servers are found at that server's port."""
    mapped = ["--port-map", f"53:{own.port}"] if own else []
    world = ["--nameserver", nameserver, "--allow-private", "--interval", "0.2", *mapped]
    return subprocess.Popen(
        [sys.executable, "-m", "wizard", "watch", CLUB, *arguments, *world],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def heard(process: subprocess.Popen[str], words: str) -> list[str]:
    """Read what it tells until a line has the words. A watchdog ends a program that never says them."""
    assert process.stderr
    watchdog = threading.Timer(30, process.kill)
    watchdog.start()
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line)
        if words in line:
            watchdog.cancel()
            return lines
    watchdog.cancel()
    raise AssertionError(f"it never said {words!r}, but {lines}")


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=40)
    assert "Traceback" not in out + err
    return process.returncode, out, err


def state_at(port: int, name: str) -> State:
    reply = dns.query.udp(dns.message.make_query(name, "TXT"), LOOPBACK, port=port, timeout=2)
    return State.OK if reply.answer else State.NXDOMAIN if reply.rcode() == dns.rcode.NXDOMAIN else State.NODATA


def test_it_ends_when_the_zone_is_mended(lab: Lab) -> None:
    """Fault present, then the zone is fixed: exit 0, and what is said now is shown."""
    with lab.zones({CLUB: spoilt(lab)[CLUB]}) as nsd:
        process = started(nsd.address, "spf.missing", "--timeout", SECONDS)
        heard(process, "publishes no SPF record")
        nsd.reload(lab.healthy)
        code, out, err = ended(process)
    assert code == exits.READY, err
    assert "Gone: spf.missing is no longer said of club.example" in out
    assert "publishes one SPF record" in out


def test_the_own_name_servers_are_asked_first_and_nothing_is_remembered(lab: Lab) -> None:
    """Behind a caching resolver: it sees the fix at once, because nobody asked it for the missing record before."""
    with lab.zones({CLUB: spoilt(lab, NO_DMARC)[CLUB]}) as nsd, lab.resolver(nsd, extra=stub(nsd)) as unbound:
        process = started(unbound.address, "dmarc.missing", "--timeout", SECONDS, own=nsd)
        lines = heard(process, "published on 0 of 1 name servers")
        time.sleep(0.5)  # some more looks
        nsd.reload(lab.healthy)
        began = time.monotonic()
        code, _, err = ended(process)
        assert time.monotonic() - began < 15
        assert state_at(unbound.port, f"_dmarc.{CLUB}") is State.OK
    assert code == exits.READY, (lines, err)
    assert "not visible yet" not in err


def test_what_others_remember_is_waited_for_and_the_time_is_told(lab: Lab) -> None:
    """The resolver was asked too early by somebody: it is published, not visible, until a time that is named."""
    with lab.zones({CLUB: spoilt(lab, NO_DMARC)[CLUB]}) as nsd, lab.resolver(nsd, extra=stub(nsd)) as unbound:
        assert state_at(unbound.port, f"_dmarc.{CLUB}") is State.NXDOMAIN
        nsd.reload(lab.healthy)
        process = started(unbound.address, "dmarc.missing", "--timeout", "4", own=nsd)
        code, out, err = ended(process)
    assert code == exits.NOT_READY
    assert "published on all 1 name servers; not visible yet" in err
    assert "the old state may be seen until" in err
    assert "Not gone after 4 seconds" in out


def test_a_resolver_that_forgets_ends_the_wait(lab: Lab) -> None:
    """As soon as the remembered answer has run out, the watch ends."""
    with (
        lab.zones({CLUB: spoilt(lab, NO_DMARC)[CLUB]}) as nsd,
        lab.resolver(nsd, extra="  cache-max-negative-ttl: 2\n" + stub(nsd)) as unbound,
    ):
        state_at(unbound.port, f"_dmarc.{CLUB}")
        nsd.reload(lab.healthy)
        code, _, err = ended(started(unbound.address, "dmarc.missing", "--timeout", SECONDS, own=nsd))
    assert code == exits.READY, err


def test_a_fault_that_stays_ends_with_the_time(lab: Lab) -> None:
    """Exit 2, with the reason; a line is told once, not every time."""
    with lab.zones({CLUB: spoilt(lab)[CLUB]}) as nsd:
        code, out, err = ended(started(nsd.address, "spf.missing", "--timeout", "4"))
    assert code == exits.NOT_READY
    assert "Not gone after 4 seconds: club.example publishes no SPF record" in out
    assert err.count("publishes no SPF record") == 1


def test_what_is_not_there_is_gone_at_once(lab: Lab) -> None:
    """A healthy domain: nothing to wait for, by code, check or family."""
    for words in (["spf.missing", "dmarc.missing"], ["spf.record,mx"]):
        code, out, err = ended(started(lab.nameserver, *words, "--timeout", SECONDS))
        assert (code, "Gone" in out) == (exits.READY, True), err


def test_a_dead_name_server_is_not_taken_for_a_fix() -> None:
    """What cannot be determined is waited for, and never called gone."""
    code, out, _ = ended(started("127.0.0.1:1", "spf.missing", "--timeout", "3"))
    assert code == exits.NOT_READY
    assert "could not be determined" in out


def test_it_can_be_interrupted(lab: Lab) -> None:
    """Ctrl-C: 130, without a traceback."""
    with lab.zones({CLUB: spoilt(lab)[CLUB]}) as nsd:
        process = started(nsd.address, "spf.missing", "--timeout", SECONDS)
        heard(process, "publishes no SPF record")
        process.send_signal(signal.SIGINT)
        code, _, _ = ended(process)
    assert code == exits.INTERRUPTED


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["spf.mising"], "is no check"),
        (["tls.offered"], "is not about DNS"),
        ([], "Missing argument"),
    ],
)
def test_slips_are_told(words: list[str], said: str) -> None:
    """Exit 64, before anything is asked."""
    code, _, err = ended(started("127.0.0.1:1", *words))
    assert code == exits.USAGE
    assert said in " ".join(err.split())


def test_the_lab_s_own_name_server_says_what_is_seen(lab: Lab) -> None:
    """`check` compares with the zone's name server where that can be reached, and with none where it cannot; both are healthy."""
    command = [sys.executable, "-m", "wizard", "check", "--domain", CLUB, "--only", "published,vantage", "--format", "json"]
    world = ["--nameserver", lab.nameserver, "--allow-private"]
    for mapped, code in (
        (["--port-map", f"53:{lab.nsd.port}"], "published.everywhere"),
        (["--port-map", "53:1"], "published.servers-not-reached"),
    ):
        done = subprocess.run([*command, *world, *mapped], capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)
        assert done.returncode == exits.READY, done.stdout
        assert f'"{code}"' in done.stdout
        assert '"vantage.truthful-resolver"' in done.stdout
