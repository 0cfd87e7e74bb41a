"""The network as one ONNX file: pixels in, what every head means out."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor, nn

from polyhead.network import DenseNetwork
from polyhead.runtime.engines import INPUT


def onnx_bytes(
    dense: DenseNetwork, image_size: tuple[int, int]
) -> tuple[bytes, dict[str, tuple[str, ...]]]:
    """The model in one file, without paths of this machine.

    Args:
        dense: On the CPU.
        image_size: Height and width.

    Returns:
        The file, and task name to the keys of its outputs, which are named `task/key`.
    """
    # A dimension of 1 would be taken for a constant: the batch is traced with two images.
    images = torch.zeros(2, *image_size, 3, dtype=torch.uint8)
    with torch.inference_mode():
        outputs = {task: tuple(arrays) for task, arrays in dense(images).items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter about itself
        program = torch.onnx.export(
            _Flat(dense).eval(),
            (images,),
            dynamo=True,
            input_names=[INPUT],
            output_names=[f"{task}/{key}" for task, keys in outputs.items() for key in keys],
            dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    # Metadata holds stack traces with the paths of files here.
    for part in (model, model.graph, *model.graph.node, *model.functions):
        del part.metadata_props[:]
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
    return model.SerializeToString(), outputs


class _Flat(nn.Module):
    """The dense arrays as a tuple, which outputs of a graph are."""

    def __init__(self, dense: DenseNetwork) -> None:
        super().__init__()
        self.dense = dense

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return tuple(v for arrays in self.dense(images).values() for v in arrays.values())
