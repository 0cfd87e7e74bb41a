"""Which device and precision a run uses."""

from __future__ import annotations

import os

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from polyhead.errors import ConfigError
from polyhead.processors import num_processors


def require_device(device: str) -> None:
    """Refuse a device that is not there, before any work is done for it.

    Raises:
        ConfigError: The device asked for is not there.
    """
    kind, _, number = device.partition(":")
    if kind == "cuda" and not torch.cuda.is_available():
        raise ConfigError(f"device {device}: no CUDA device found; use --device auto or cpu.")
    if kind == "cuda" and number and int(number) >= (count := torch.cuda.device_count()):
        raise ConfigError(
            f"device {device}: found {count} CUDA devices, numbered from 0; expected one of them."
        )
    if kind == "mps" and not torch.backends.mps.is_available():
        raise ConfigError("device mps: no Metal device found; use --device auto or cpu.")


def build_accelerator(device: str, precision: str) -> Accelerator:
    """The accelerator for `auto|cpu|cuda|cuda:N|mps` and `auto|fp32|bf16`.

    bf16 is chosen by itself only where the hardware multiplies in it: on CPUs without such
    instructions it is many times slower than fp32.

    Raises:
        ConfigError: The device asked for is not there.
    """
    require_device(device)
    _limit_threads()
    kind, _, number = device.partition(":")
    if kind == "cuda":
        torch.cuda.set_device(int(number or 0))
    AcceleratorState._reset_state(reset_partial_state=True)  # a second run in one process
    on_cpu = kind == "cpu" or (kind == "auto" and not _has_accelerator())
    mixed = "bf16" if precision == "bf16" or (precision == "auto" and _fast_bf16(on_cpu)) else "no"
    return Accelerator(cpu=on_cpu, mixed_precision=mixed)


def _limit_threads() -> None:
    """No more threads than the container pays for, unless OMP_NUM_THREADS sets the number."""
    if "OMP_NUM_THREADS" not in os.environ and torch.get_num_threads() > num_processors():
        torch.set_num_threads(num_processors())


def _has_accelerator() -> bool:
    return torch.cuda.is_available() or torch.backends.mps.is_available()


def _fast_bf16(on_cpu: bool) -> bool:
    if on_cpu:
        found = torch.cpu.get_capabilities()
        return bool(found.get("avx512_bf16") or found.get("amx_bf16"))
    return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
