"""What must not cost an import of torch."""

import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "polyhead"
TORCH_FREE = (
    "cli",
    "config",
    "config_guess",
    "data",
    "errors",
    "field",
    "files",
    "formats",
    "metrics",
    "predictions",
    "preparation",
    "processors",
    "progress",
    "registry",
    "report",
    "runtime",
    "scenes",
    "table",
    "tasks",
)
HEAVY = ("torch", "torchvision", "timm", "accelerate")


def imported_by(statement: str, heavy: tuple[str, ...] = HEAVY) -> set[str]:
    """Heavy packages that a fresh interpreter has after a statement."""
    code = f"import sys; {statement}; print(*(m for m in {heavy} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["polyhead", "polyhead.errors"])
def test_the_package_itself_imports_nothing_heavy(module):
    assert imported_by(f"import {module}") == set()


def test_a_slip_in_a_command_is_told_before_tables_and_statistics_are_loaded():
    assert imported_by("import polyhead.cli.app", (*HEAVY, "scipy", "pyarrow")) == set()


def test_no_room_above_the_line_imports_anything_heavy():
    modules = [
        ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
        for room in TORCH_FREE
        for path in [SOURCE / f"{room}.py", *(SOURCE / room).rglob("*.py")]
        if path.exists() and path.stem != "__main__"
    ]
    assert len(modules) > len(TORCH_FREE)
    assert imported_by(f"import {', '.join(modules)}") == set()


@pytest.mark.parametrize(
    "room", ["field", "metrics", "data", "table", "predictions", "formats", "tasks", "runtime"]
)
def test_scipy_is_imported_only_where_it_is_used(room):
    """It takes longer than everything else that the runtime imports."""
    assert imported_by(f"import polyhead.{room}", ("scipy",)) == set()


def test_the_command_line_imports_no_tables_before_it_knows_the_verb():
    packages = ("scipy", "numpy", "pyarrow", "pydantic", "PIL", "rich")
    assert imported_by("import polyhead.cli", packages) == set()


def test_rooms_below_the_line_do_import_it():
    """Else the tests above would see nothing."""
    assert "torch" in imported_by("import polyhead.losses")
