"""A table of 1,000,000 rows x 100 tag columns: seconds and memory to read and encode it.

    python benchmarks/table.py [--rows 1000000] [--columns 100]

Writes the CSV into a temporary folder, reads and encodes it in a process of its own and prints the
seconds and the peak of resident memory of that process, interpreter and libraries included. Then
two loader workers, forked from it, each touch every row of the targets and the names of many rows:
what they add to the machine's memory is their unique set size (USS), pages that no other process
shares; their share of all pages is the proportional set size (PSS).
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from multiprocessing.synchronize import Event, Semaphore
from pathlib import Path

import numpy as np
import psutil

from polyhead.table import Table

_CHUNK_ROWS = 50_000
_NAME = "0000000000.jpg"
_MB = 2**20
_NUM_WORKERS = 2
_STEP = 100  # names looked at: one row in so many


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


def read_and_encode(path: Path) -> None:
    """Read and encode the table, fork workers, and print what each took."""
    from polyhead.formats import read_table
    from polyhead.tasks import TagsConfig

    start = time.perf_counter()
    table = read_table(path)
    read = time.perf_counter() - start
    task = TagsConfig(type="tags", columns=("tag_*",)).resolve("tags", table)
    encoding = task.encode(table)
    total = time.perf_counter() - start
    assert encoding.targets.shape == (len(table), len(table.columns))
    assert not encoding.faults
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(table):,} rows x {len(table.columns)} columns: read {read:.1f} s", end="")
    print(f" + encode {total - read:.1f} s = {total:.1f} s, peak {peak:,.0f} MB", end="")
    print(f"; cells {table.data.nbytes / _MB:,.0f} MB", end="")
    print(f", targets {encoding.targets.nbytes / _MB:,.0f} MB", flush=True)
    _watch_workers(table, encoding.targets)


def _watch_workers(table: Table, targets: np.ndarray) -> None:
    """Fork as the loader does, and print what the workers hold after touching rows."""
    context = multiprocessing.get_context("fork")
    gc.collect()
    done, leave = context.Semaphore(0), context.Event()
    workers = [
        context.Process(target=_touch_rows, args=(table, targets, done, leave))
        for _ in range(_NUM_WORKERS)
    ]
    for worker in workers:
        worker.start()
    for _ in workers:
        done.acquire()
    everyone = {"parent": psutil.Process()}
    everyone |= {f"worker {i}": psutil.Process(w.pid) for i, w in enumerate(workers, 1)}
    for name, process in everyone.items():
        memory = process.memory_full_info()
        print(f"{name}: RSS {memory.rss / _MB:,.0f} MB", end="")
        print(f", PSS {memory.pss / _MB:,.0f} MB, USS {memory.uss / _MB:,.0f} MB")
    leave.set()
    for worker in workers:
        worker.join()


def _touch_rows(table: Table, targets: np.ndarray, done: Semaphore, leave: Event) -> None:
    """What a worker does: the target of every row, one by one, and names of images."""
    for row in range(len(table)):
        targets[row].sum()
    for row in range(0, len(table), _STEP):
        table.image(row)
    done.release()
    leave.wait()


def main() -> None:
    """Write, then read in a fresh process."""
    parser = argparse.ArgumentParser(description="Read and encode a large CSV table.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--read", type=Path, help="take this file, in this process")
    arguments = parser.parse_args()
    if arguments.read:
        read_and_encode(arguments.read)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_table(path, arguments.rows, arguments.columns)
        print(f"a CSV file of {path.stat().st_size / 2**20:,.0f} MB", flush=True)
        subprocess.run([sys.executable, __file__, "--read", str(path)], check=True)


if __name__ == "__main__":
    main()
