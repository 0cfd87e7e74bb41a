"""What runs an exported model: ONNX Runtime or OpenVINO, from verified bytes.

The model's input is `images`, (B, H, W, 3) uint8; its outputs are named `task/key`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from polyhead.errors import ConfigError
from polyhead.processors import num_processors

INPUT = "images"


class OnnxEngine:
    """Images to dense arrays by ONNX Runtime on the CPU.

    Args:
        model: Bytes of an ONNX file, verified: a path could be changed after the check, and may
            name other files.
        threads: Of one image batch; all processors when None.
    """

    def __init__(self, model: bytes, threads: int | None = None) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or num_processors()
        options.inter_op_num_threads = 1
        # Waiting threads that spin take the processor from decoding and selection.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors; it warns of each initializer that is not used
        self._session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )
        self._names = [output.name for output in self._session.get_outputs()]

    def __call__(self, images: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
        """(B, H, W, 3) uint8 -> task name to dense arrays (B, …)."""
        return _by_task(
            self._names, map(np.asarray, self._session.run(self._names, {INPUT: images}))
        )


class OpenVinoEngine:
    """Images to dense arrays by OpenVINO on the CPU, in float32.

    Args:
        model: Bytes of an ONNX file, verified.
        threads: Of one image batch; all processors when None.

    Raises:
        ConfigError: OpenVINO is not installed.
    """

    def __init__(self, model: bytes, threads: int | None = None) -> None:
        try:
            import openvino
        except ImportError:
            raise ConfigError(
                "the engine openvino is not installed; pip install 'polyhead[openvino]', or take "
                "onnxruntime."
            ) from None
        options = {
            "INFERENCE_NUM_THREADS": threads or num_processors(),
            "INFERENCE_PRECISION_HINT": "f32",  # else it takes bfloat16 where the CPU has it
        }
        core = openvino.Core()
        self._model = core.compile_model(core.read_model(model), "CPU", options)
        self._names = [output.get_any_name() for output in self._model.outputs]

    def __call__(self, images: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
        """(B, H, W, 3) uint8 -> task name to dense arrays (B, …)."""
        answers = self._model.create_infer_request().infer({INPUT: images})
        return _by_task(self._names, [np.array(answers[name]) for name in self._names])


ENGINES = {"onnxruntime": OnnxEngine, "openvino": OpenVinoEngine}


def _by_task(
    names: Iterable[str], arrays: Iterable[np.ndarray]
) -> dict[str, dict[str, np.ndarray]]:
    """Task name to dense arrays.

    Args:
        names: `task/key`; a task's name may hold a slash, a key does not.
        arrays: In the order of the names.
    """
    found: dict[str, dict[str, np.ndarray]] = {}
    for name, array in zip(names, arrays, strict=True):
        task, _, key = name.rpartition("/")
        found.setdefault(task, {})[key] = array
    return found
