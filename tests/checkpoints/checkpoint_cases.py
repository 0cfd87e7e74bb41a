"""Checkpoints to save, and whether they came back exactly."""

import torch

from polyhead.checkpoints.checkpoint import save_checkpoint


def groups(step):
    return {
        "model": {"weight": torch.full((3, 4), step / 7), "half": torch.ones(3).bfloat16() * step},
        "optimizer": {"step": torch.tensor(step + 2**60), "scalar": torch.tensor(0.1 * step)},
    }


def save(run, step, keep=2):
    return save_checkpoint(run, step, groups(step), {"epoch": step, "loss": 0.1 + step}, keep)


def is_exact(checkpoint, step):
    expected = groups(step)
    return (
        checkpoint.step == step
        and checkpoint.state == {"epoch": step, "loss": 0.1 + step}
        and checkpoint.groups.keys() == expected.keys()
        and all(
            found.keys() == expected[name].keys()
            and all(torch.equal(found[key], expected[name][key]) for key in found)
            and all(found[key].dtype == expected[name][key].dtype for key in found)
            for name, found in checkpoint.groups.items()
        )
    )


def names(run):
    return sorted(path.name for path in (run / "checkpoints").iterdir())
