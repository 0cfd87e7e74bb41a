"""The command: verbs, exit codes, and how errors are shown."""

from __future__ import annotations

import os
import sys
import traceback

import typer

from polyhead.cli import check, demo, evaluate, init, predict, scenes, train
from polyhead.cli.faults import print_faults
from polyhead.errors import DataError, Interrupted, PolyheadError
from polyhead.version import __version__

app = typer.Typer(
    help="One image model with many heads: train, measure and use it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for verb in (demo, init, check, train, evaluate, predict, scenes):
    app.command(name=verb.NAME, help=verb.HELP, epilog=f"Example: {verb.EXAMPLE}")(verb.run)


@app.callback(invoke_without_command=True)
def _options(
    version: bool = typer.Option(False, "--version", help="Print the version and stop."),
) -> None:
    if version:
        typer.echo(f"polyhead {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command; every error is one line on standard error, unless `--debug` is given."""
    debug = "--debug" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--debug"]
    sys.exit(_guarded(debug))


def _guarded(debug: bool) -> int:
    try:
        return app(standalone_mode=False) or 0
    except PolyheadError as error:
        if debug:
            traceback.print_exc()
        if isinstance(error, DataError):
            print_faults(error.faults)
        label = "stopped" if isinstance(error, Interrupted) else f"error {error.code}"
        print(f"polyhead: {label}: {error.message}", file=sys.stderr)
        return error.exit_code
    except typer.Exit as stop:
        return stop.exit_code
    except (KeyboardInterrupt, typer.Abort):
        print("polyhead: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; closing must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _unexpected(error, debug)


def _unexpected(error: Exception, debug: bool) -> int:
    """Usage errors exit with 2 and their own text; anything else is a defect, and said so."""
    if hasattr(error, "format_message"):
        print(f"polyhead: {error.format_message()}", file=sys.stderr)  # pyright: ignore[reportAttributeAccessIssue]
        return 2
    if debug:
        traceback.print_exc()
    print(
        f"polyhead: error E_INTERNAL: {type(error).__name__}: {error}; this is a defect of "
        "polyhead: run again with --debug and report what it prints.",
        file=sys.stderr,
    )
    return 1
