"""The command: verbs, exit codes, and how errors are shown."""

from __future__ import annotations

import io
import os
import sys
import traceback
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer

from polyhead.cli import (
    check,
    convert,
    demo,
    evaluate,
    export,
    init,
    predict,
    scenes,
    stopped,
    train,
)
from polyhead.cli.options import ALL_IN_JSON
from polyhead.errors import DataError, Interrupted, PolyheadError, one_line
from polyhead.version import __version__

# Packages that an installation for prediction alone lacks, to the extra that brings them.
EXTRAS = {
    **dict.fromkeys(("torch", "torchvision", "timm", "accelerate"), "train"),
    **dict.fromkeys(("onnx", "onnxscript"), "export"),
}

DEBUG = "--debug"

app = typer.Typer(
    help="One image model with many heads: train, measure and use it.",
    epilog="Any command takes --debug: show where in the code an error arose.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for verb in (demo, init, check, train, evaluate, predict, export, convert, scenes):
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
    if os.environ.get("POLYHEAD_OFFLINE"):
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when timm is imported
    debug = DEBUG in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != DEBUG]
    sys.stdout = sys.stdout or io.StringIO()  # None when the shell closed it: `>&-`
    if isinstance(sys.stdout, io.TextIOWrapper):
        # File names need not be text: what an encoding lacks is shown as an escape.
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(_guarded(debug))


def _guarded(debug: bool) -> int:
    try:
        code = _run(sys.argv[1:])
        sys.stdout.flush()
    except typer.Exit as stop:
        return stop.exit_code
    except BrokenPipeError:
        # The reader, such as `head`, has stopped reading; closing must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, typer.Abort):
        return stopped()
    except Exception as error:
        if debug:
            traceback.print_exc()
        return _explained(error)
    return code


def _run(words: list[str]) -> int:
    """Run a verb, without typer's own handling of broken pipes and Ctrl-C."""
    command = typer.main.get_command(app)
    with command.make_context("polyhead", words) as context:
        return command.invoke(context) or 0


def _print_faults(error: DataError) -> None:
    """The first of each code, unless the message is the one fault itself."""
    from polyhead.preparation import fault_lines

    if len(error.faults) == 1 and str(error.faults[0]) in error.message:
        return
    for line in fault_lines(error.faults, _full_list(sys.argv[1:])):
        print(line, file=sys.stderr)


def _full_list(words: list[str]) -> str:
    """How to see every fault of the data that a command stopped at."""
    if words[:1] == [convert.NAME]:
        return ALL_IN_JSON
    from polyhead.runtime.run_folder import RunFolder

    resolved = (RunFolder(Path(word)).resolved_config for word in words)
    configs = [word for word in words if word.endswith((".yaml", ".yml"))]
    config = next(iter([*configs, *(str(file) for file in resolved if file.is_file())]), "CONFIG")
    changes = [word for option, word in pairwise(words) if option == "--set"]
    return check.full_list(config, changes)


def _usage(error: Any) -> str:
    """The message of typer's parser with a pointer to the help; the whole help without a verb."""
    found = error.format_message()
    context = error.ctx
    if context is None or found == context.get_help():
        return found
    stop = "" if found.endswith((".", "?", "!", ")")) else "."
    name = _file_like(getattr(error, "option_name", None))
    hint = f" The file is named as ./{name}." if name else ""
    return f"polyhead: {found}{stop}{hint} See {context.command_path} --help."


def _file_like(option: str | None) -> str | None:
    """The word that an option was read from, where it is a file: `-l` of `-lead.jpg`."""
    words = (word for word in sys.argv[1:] if option and word.startswith(option))
    return next((one_line(word) for word in words if os.path.exists(word)), None)


def _explained(error: Exception) -> int:
    """Say what went wrong; returns the exit code."""
    if isinstance(error, PolyheadError):
        if isinstance(error, DataError):
            _print_faults(error)
        label = "" if isinstance(error, Interrupted) else f"error {error.code}: "
        message = "\n".join(map(one_line, error.message.split("\n")))
        print(f"polyhead: {label}{message}", file=sys.stderr)
        return error.exit_code
    if hasattr(error, "format_message"):  # of typer's parser, on a wrong command
        print(_usage(error), file=sys.stderr)
        return 2
    if isinstance(error, ModuleNotFoundError) and error.name in EXTRAS:
        extra = "export" if sys.argv[1:2] == [export.NAME] else EXTRAS[error.name]
        print(
            f"polyhead: error E_NOT_INSTALLED: {error.name} is not installed; this needs it: "
            f"pip install 'polyhead[{extra}]'. A bundle is predicted without it.",
            file=sys.stderr,
        )
        return 1
    if isinstance(error, OSError) and error.errno is not None:
        print(f"polyhead: error E_SYSTEM: {error}; check the path and the disk.", file=sys.stderr)
        return 1
    print(
        f"polyhead: error E_INTERNAL: {type(error).__name__}: {error}; this is a defect of "
        f"polyhead: run again with {DEBUG} and report what it prints.",
        file=sys.stderr,
    )
    return 1
