"""The command line: names and one-line helps. Each command's code is imported when it is run, so that `--help` answers at once."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from typing import Any, NoReturn

import click

from wizard import exits


@dataclass(frozen=True)
class Lazy:
    """Where a command lives and what `--help` says of it."""

    module: str
    help: str


COMMANDS = {
    "wizard": Lazy("wizard.commands.wizard", "Ask for the server settings, check them, write report and dispatcher config."),
    "check": Lazy("wizard.commands.check", "Check a settings file, or a domain alone."),
    "send-test": Lazy("wizard.commands.send_test", "Send the one test message through a server of the settings."),
    "receive": Lazy("wizard.commands.receive", "Listen for the test message on a machine that the MX points to."),
    "audit": Lazy("wizard.commands.audit", "Check many domains or settings files in one run."),
    "judge": Lazy("wizard.commands.judge", "Judge a saved evidence file again, with the network off."),
    "render": Lazy("wizard.commands.render", "Show a saved report in another format."),
    "verify": Lazy("wizard.commands.verify", "Tell whether a dispatcher config is the one that was checked, and what changed."),
    "route": Lazy("wizard.commands.route", "Tell which server would take a message, and why."),
    "spf": Lazy("wizard.commands.spf", "Ask what SPF says of one address (RFC 7208 check_host)."),
    "dkim": Lazy("wizard.commands.dkim", "Make a key pair for signing mail (new-key)."),
    "watch": Lazy("wizard.commands.watch", "Wait until a change of DNS can be seen."),
    "token": Lazy("wizard.commands.token", "Print a token that Microsoft 365 takes in place of a password."),
    "explain": Lazy("wizard.commands.explain", "Explain a finding's code or a server's reply."),
    "providers": Lazy("wizard.commands.providers", "Show what is known of mail providers, and from where."),
    "schema": Lazy("wizard.commands.schema", "Print the JSON Schema of a document."),
    "demo": Lazy("wizard.commands.demo", "Run the whole thing on an embedded lab, with no network."),
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and helps without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name].module).command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib  # noqa: PLC0415 - only for a slip of the pen

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f' Did you mean "{near[0]}"?' if near else f" Commands: {', '.join(COMMANDS)}."
            ctx.fail(f'There is no command "{args[0]}".{hint}')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in COMMANDS.items()])


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from wizard.tool import tool_name  # noqa: PLC0415 - reads package metadata

        click.echo(tool_name())
        ctx.exit()


EPILOG = """\b
Exit codes: 0 ready, 1 ready with warnings, 2 not ready, 3 not fully tested,
64 wrong usage, 65 settings or input invalid, 70 our bug, 130 interrupted.

\b
First steps:
  sendready wizard                       collect the settings and check them
  sendready check settings.toml          check them again
  sendready check --domain example.org   check a domain, no settings needed
"""


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}, epilog=EPILOG)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version and exit.")
def cli() -> None:
    """Tell whether mail sent through this server, as this sender, in this volume, will arrive.

    sendready collects the settings of a mail dispatcher, checks DNS, server and a test message, and says who has to change what.
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with a documented code, whatever happens."""
    _limit_core_dumps()
    sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        result: Any = cli.main(args=arguments, prog_name="sendready", standalone_mode=False)
    except click.UsageError as error:
        _show(error)
        return exits.USAGE
    except click.ClickException as error:
        _show(error)
        return error.exit_code if error.exit_code != 1 else exits.USAGE
    except (KeyboardInterrupt, click.exceptions.Abort):
        click.echo("\nInterrupted; nothing further was done.", err=True)
        return exits.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (like `| head`); a second failing flush at exit would print a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.PIPE
    except Exception:  # noqa: BLE001 - the last door: a bug of ours has its own exit code
        import traceback  # noqa: PLC0415 - only for a bug

        from wizard.terminal import safe  # noqa: PLC0415 - only for a bug

        click.echo(safe(traceback.format_exc(), keep_newlines=True), err=True)
        click.echo("sendready: this is a bug of ours, not yours. Please send us the lines above.", err=True)
        return exits.BUG
    return result if isinstance(result, int) else exits.READY


def _show(error: click.ClickException) -> None:
    """Show an error in lines that fit the terminal."""
    import io  # noqa: PLC0415 - only for an error

    from wizard.terminal import columns, wrapped  # noqa: PLC0415 - only for an error

    shown = io.StringIO()
    error.show(shown)
    click.echo(wrapped(shown.getvalue(), columns()), err=True, nl=False)


def _limit_core_dumps() -> None:
    """Keep passwords in memory out of core files."""
    try:
        import resource  # noqa: PLC0415 - not there on every system

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        pass
