"""A table of 1,000,000 rows x 100 tag columns: seconds and memory to read it.

    python benchmarks/table.py [--rows 1000000] [--columns 100]

Writes the CSV into a temporary folder, reads it in a process of its own and prints the seconds
and the peak of resident memory of that process, interpreter and libraries included.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

_CHUNK_ROWS = 50_000
_NAME = "0000000000.jpg"


def write_table(path: Path, num_rows: int, num_columns: int) -> None:
    """Write rows such as `0000000017.jpg,0,1,0,…`, one tag in ten positive."""
    random = np.random.default_rng(0)
    with path.open("wb") as file:
        header = ["image", *(f"tag_{index}" for index in range(num_columns))]
        file.write((",".join(header) + "\n").encode())
        for start in range(0, num_rows, _CHUNK_ROWS):
            rows = np.arange(start, min(start + _CHUNK_ROWS, num_rows))
            file.write(_format_rows(rows, num_columns, random).tobytes())


def _format_rows(rows: np.ndarray, num_columns: int, random: np.random.Generator) -> np.ndarray:
    """(N, bytes of a row) characters."""
    text = np.full((len(rows), len(_NAME) + 2 * num_columns + 1), ord(","), np.uint8)
    text[:, : len(_NAME)] = np.frombuffer(_NAME.encode(), np.uint8)
    digits = rows[:, None] // 10 ** np.arange(9, -1, -1) % 10
    text[:, :10] += digits.astype(np.uint8)
    text[:, len(_NAME) + 1 :: 2] = ord("0") + (random.random((len(rows), num_columns)) < 0.1)
    text[:, -1] = ord("\n")
    return text


def read(path: Path) -> None:
    """Read the table and print what it took."""
    from polyhead.formats import read_table

    start = time.perf_counter()
    table = read_table(path)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"read {len(table):,} rows x {len(table.columns)} columns: {seconds:.1f} s", end="")
    print(f", peak {peak:,.0f} MB; the table itself {table.data.nbytes / 2**20:,.0f} MB")


def main() -> None:
    """Write, then read in a fresh process."""
    parser = argparse.ArgumentParser(description="Read a large CSV table.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--read", type=Path, help="read this file, in this process")
    arguments = parser.parse_args()
    if arguments.read:
        read(arguments.read)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_table(path, arguments.rows, arguments.columns)
        print(f"a CSV file of {path.stat().st_size / 2**20:,.0f} MB", flush=True)
        subprocess.run([sys.executable, __file__, "--read", str(path)], check=True)


if __name__ == "__main__":
    main()
