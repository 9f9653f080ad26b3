"""Runs the real program against the embedded lab: one wizard run for each customer, with its answers from a file."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from wizard.demo.customers import PASSWORD, USERNAME, Customer, customers
from wizard.demo.mailserver import MailServer
from wizard.demo.nameserver import NameServer

SECONDS = 60  # one run takes about two


def demonstrate(output: Path) -> int:
    """Run both customers and say where the reports are. Returns 0 if each verdict is the expected one."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # the lab's mail server has nothing to say to a person
    expected = {"hotel-seeblick": 0, "golfclub-birkenhain": 2}
    codes = {}
    for customer in customers():
        click.secho(f"\n{customer.title}", bold=True)
        codes[customer.id] = _one(customer, output / customer.id)
        click.echo(f"report: {output / customer.id / 'report.html'}")
        click.echo(f"config: {output / customer.id / 'dispatcher.json'}")
    return 0 if codes == expected else 70


def _one(customer: Customer, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    password = folder / "smtp.password"
    password.unlink(missing_ok=True)
    password.touch(mode=0o600)
    password.write_text(customer.password + "\n", "utf-8")
    answers = folder / "answers.toml"
    answers.write_text(customer.answers, "utf-8")
    with (
        tempfile.TemporaryDirectory() as directory,
        NameServer(customer.zone) as names,
        MailServer(Path(directory), [customer.host], username=USERNAME, password=PASSWORD, days=customer.days) as mail,
    ):
        arguments = [
            "wizard", str(folder / "settings.toml"), "--answers", str(answers), "--no-input", "--output", str(folder),
            "--nameserver", names.address, "--ca-file", str(mail.ca_file), "--port-map", f"587:{mail.port}",
            "--allow-private", "--allow", "look,login,send",
        ]  # fmt: skip
        command = [sys.executable, "-m", "wizard", *arguments]
        code = subprocess.run(command, check=False, timeout=SECONDS, env=_environment()).returncode  # noqa: S603 - ourselves
        click.echo(f"test messages that reached the lab's mail server: {len(mail.mailbox.messages)}")
    return code


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
