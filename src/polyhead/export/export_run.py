"""From a run to a bundle that answers without PyTorch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from polyhead.backbones import weights_licence
from polyhead.checkpoints import LoadedRun, TorchEngine, load_run
from polyhead.data import load_image
from polyhead.errors import CheckpointError, ConfigError
from polyhead.evaluation.batches import batches_in_order
from polyhead.evaluation.evaluate import part_of_run
from polyhead.evaluation.new_images import Evaluated
from polyhead.export.certificate import EngineComparison, check_parity, surroundings
from polyhead.export.onnx_model import onnx_bytes
from polyhead.network import DenseNetwork
from polyhead.progress import Reporter
from polyhead.runtime.bundle import (
    MODEL,
    Bundle,
    Manifest,
    check_target,
    write_bundle,
)
from polyhead.runtime.classes_file import preprocessing
from polyhead.runtime.engines import OnnxEngine
from polyhead.runtime.load_bundle import predictor_of
from polyhead.runtime.run_folder import RunFolder
from polyhead.version import __version__

TOLERANCE = 0.01
MOST_IMAGES = 500  # of the validation part, that the certificate is measured on
PACKAGES = ("torch", "onnx", "onnxscript", "onnxruntime")


def export(
    run: str | Path | RunFolder,
    target: str | Path,
    *,
    tolerance: float = TOLERANCE,
    replace: bool = False,
    reporter: Reporter | None = None,
) -> Path:
    """Write a run as a bundle: ONNX model, manifest, certificate, model card, an example.

    Args:
        run: A finished run.
        target: The folder to make, such as `street.bundle`.
        tolerance: What a head's headline figure may lose against PyTorch on validation images;
            relative for an MAE.
        replace: Whether a bundle that is there is replaced.
        reporter: Where progress goes; standard error when None.

    Returns:
        The bundle.

    Raises:
        CheckpointError: The run cannot be loaded, or has weights that are not finite.
        ConfigError: The target is there already.
        ParityError: ONNX Runtime answers worse than PyTorch; nothing is written.
        DataError: The validation part can no longer be read.
    """
    reporter, target = reporter or Reporter(), Path(target)
    check_target(target, replace=replace)
    loaded = load_run(run.path if isinstance(run, RunFolder) else run, device="cpu")
    _refuse_infinite(loaded)
    card = _card(loaded)
    with reporter.waiting("tracing the network"):
        dense = DenseNetwork(loaded.network)
        model, outputs = onnx_bytes(dense, loaded.config.model.image_size)
    held_out = _first(part_of_run(loaded, "val", reporter), MOST_IMAGES)
    entry = _compared(loaded, held_out, OnnxEngine(model), reporter)
    check_parity("onnxruntime", entry, tolerance)
    certificate = {
        "part": "val",
        "tolerance": tolerance,
        "engines": {"onnxruntime": entry},
        **surroundings(PACKAGES),
    }
    manifest = _manifest(loaded, outputs)
    files = {MODEL: model, "certificate.json": _json(certificate), "README.md": card}
    files |= _example(loaded, Bundle(target, manifest, files, ""), held_out)
    write_bundle(target, manifest, files, replace=replace)
    return target


def _refuse_infinite(loaded: LoadedRun) -> None:
    state = loaded.network.state_dict()
    broken = [k for k, v in state.items() if v.is_floating_point() and not v.isfinite().all()]
    if broken:
        raise CheckpointError(
            f"{loaded.run.path} has weights that are not finite, such as {broken[0]}; expected "
            "numbers; train again from a checkpoint before."
        )


def _first(held_out: Evaluated, most: int) -> Evaluated:
    """The part, cut to some images."""
    return replace(held_out, rows=held_out.rows[:most])


def _compared(
    loaded: LoadedRun, held_out: Evaluated, engine: OnnxEngine, reporter: Reporter
) -> dict[str, Any]:
    """The engine's part of the certificate."""
    comparison, torch_engine = EngineComparison(loaded.tasks), TorchEngine(loaded.network)
    batches = batches_in_order(loaded, held_out.table, held_out.rows)
    with reporter.work("comparing engines", len(held_out.rows), "images") as advance:
        for batch in batches:
            images = batch.images.permute(0, 2, 3, 1).contiguous().numpy()
            rows = batch.rows.numpy()
            sizes = np.full((len(rows), 2), loaded.config.model.image_size)
            targets = {name: found[rows] for name, found in held_out.targets.items()}
            comparison.update(torch_engine(images), engine(images), sizes, targets)
            advance(len(rows), "")
    return comparison.entry()


def _manifest(loaded: LoadedRun, outputs: Mapping[str, tuple[str, ...]]) -> Manifest:
    config = loaded.config
    provenance = {
        "run": loaded.run.path.resolve().name,
        "seed": config.train.seed,
        "backbone": config.model.backbone,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return Manifest(
        config.name,
        __version__,
        config.model.image_size,
        preprocessing(config.data.ranges()),
        loaded.tasks,
        outputs,
        provenance,
        _licences(loaded),
    )


def _licences(loaded: LoadedRun) -> tuple[Mapping[str, str], ...]:
    """Where the weights of the backbone started from."""
    model = loaded.config.model
    if not model.pretrained:
        return ()
    return (
        {"of": f"ImageNet weights of {model.backbone}", "licence": weights_licence(model.backbone)},
    )


def _card(loaded: LoadedRun) -> bytes:
    if not loaded.run.readme.exists():
        raise ConfigError(
            f"{loaded.run.path} has no {loaded.run.readme.name}: its training has not finished; "
            f"finish it with polyhead train --resume {loaded.run.path}."
        )
    return loaded.run.readme.read_bytes()


def _example(loaded: LoadedRun, bundle: Bundle, held_out: Evaluated) -> dict[str, bytes]:
    """An image of the validation part as the network sees it, and the bundle's answer to it."""
    path = held_out.table.paths(held_out.rows[:1])[0]
    config = loaded.config
    pixels = load_image(path, config.model.image_size, config.data.ranges()).image
    drawn = BytesIO()
    Image.fromarray(pixels).save(drawn, "PNG")
    answer = predictor_of(bundle).predict(drawn.getvalue())
    assert not isinstance(answer, list)
    content = {**answer.to_dict(), "image": "example.png"}
    return {"example.png": drawn.getvalue(), "example.json": _json(content)}


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False).encode()
