"""MTA-STS over real sockets: name server, web server with TLS, and the command line in front."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import Any

from tests.fakes.dns_server import DnsServer
from tests.fakes.smtp_world import authority

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "mta-sts.club.example"
ZONE = """
@ MX 10 mail
mail A 192.0.2.25
_mta-sts TXT "v=STSv1; id=20261123"
mta-sts A 127.0.0.1
"""


def check(policy: bytes, *flags: str, status: bytes = b"200 OK") -> tuple[dict[str, Any], list[str], list[str]]:
    """Run the command; return the report, the requests of the web server and the questions of the name server."""
    requests: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(
            b"HTTP/1.1 %b\r\nLocation: https://127.0.0.1/\r\nContent-Length: %d\r\n\r\n%b" % (status, len(policy), policy)
        )
        await writer.drain()
        writer.close()

    async def run(server: DnsServer, context: ssl.SSLContext) -> bytes:
        listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        port = listener.sockets[0].getsockname()[1]
        arguments = ["--nameserver", server.address, "--port-map", f"443:{port}", "--ca-file", str(authority().roots), *flags]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "wizard", "check", "--domain", "club.example", "--only", "mtasts", "--format", "json", *arguments,
            cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, errors = await asyncio.wait_for(process.communicate(), 30)
        listener.close()
        assert b"Traceback" not in errors
        return out

    with DnsServer(ZONE) as server:
        report = json.loads(asyncio.run(run(server, authority().issue("live-sts", HOST).context())))
    return report, requests, [f"{asked.name} {asked.type}" for asked in server.asked]


def codes(report: dict[str, Any]) -> list[str]:
    return [finding["code"] for each in report["checks"] for finding in each["findings"]]


def test_a_policy_is_fetched_and_compared() -> None:
    """One request, under our own name; the policy host is resolved once, so that a second answer cannot lead elsewhere."""
    report, requests, asked = check(b"version: STSv1\nmode: enforce\nmx: mail.club.example\nmax_age: 86400\n", "--allow-private")
    assert codes(report) == ["mtasts.fitting-policy"]
    [request] = requests
    assert request.startswith(f"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: sendready")
    assert asked.count(f"{HOST} A") == 1
    assert report["verdict"] == "ready"


def test_a_policy_that_leaves_the_mail_server_out_is_a_warning() -> None:
    report, _, _ = check(b"version: STSv1\nmode: enforce\nmx: old.club.example\nmax_age: 86400\n", "--allow-private")
    assert (codes(report), report["verdict"]) == (["mtasts.unlisted-mail-server"], "ready-with-warnings")


def test_a_redirect_is_not_followed() -> None:
    report, requests, _ = check(b"", "--allow-private", status=b"302 Found")
    assert (codes(report), len(requests)) == (["mtasts.unreachable-policy"], 1)


def test_the_zone_of_a_stranger_cannot_send_us_to_this_machine() -> None:
    """Without --allow-private nothing connects to 127.0.0.1."""
    report, requests, _ = check(b"version: STSv1\nmode: none\nmax_age: 86400\n")
    assert (codes(report), requests) == (["mtasts.unreachable-policy"], [])
