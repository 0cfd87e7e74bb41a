"""An optimizer's `state_dict` as tensors and JSON, and exactly back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from polyhead.errors import CheckpointError


def flatten_optimizer(state_dict: Mapping[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Part a `state_dict` into tensors and JSON.

    JSON knows neither tensors, tuples nor whole-number keys, so that these are written as
    `{"tensor": path}`, `{"tuple": […]}` and `{"dict": [[key, value], …]}`.

    Args:
        state_dict: Of any torch optimizer (or scheduler): nested dicts, lists, tuples, tensors,
            finite numbers, text, None.

    Returns:
        Path such as `state.0.exp_avg` to tensor, and the JSON tree that refers to these paths.

    Raises:
        CheckpointError: It holds something else.
    """
    tensors: dict[str, Tensor] = {}
    return tensors, _flatten(dict(state_dict), "", tensors)


def restore_optimizer(tensors: Mapping[str, Tensor], tree: Mapping[str, Any]) -> dict[str, Any]:
    """Put together what `flatten_optimizer` parted, for `load_state_dict`.

    Args:
        tensors: Path to tensor.
        tree: The JSON tree.

    Raises:
        CheckpointError: A tensor is missing.
    """
    return _restore(tree, tensors)


def _flatten(value: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        if path in tensors:  # a key that holds a dot can spell the path of another tensor
            path = f"{path}#{len(tensors)}"
        tensors[path] = value
        return {"tensor": path}
    if isinstance(value, Mapping):
        pairs = [[key, _flatten(inner, _join(path, key), tensors)] for key, inner in value.items()]
        return {"dict": pairs}
    if isinstance(value, list | tuple):
        items = [_flatten(inner, _join(path, i), tensors) for i, inner in enumerate(value)]
        return items if isinstance(value, list) else {"tuple": items}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    kind = type(value).__name__
    text = f"Cannot save the optimizer: `{path}` is a {kind}; expected tensors, numbers or text."
    raise CheckpointError(text)


def _join(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _restore(node: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(node, list):
        return [_restore(inner, tensors) for inner in node]
    if not isinstance(node, Mapping):
        return node
    if "dict" in node:
        return {key: _restore(inner, tensors) for key, inner in node["dict"]}
    if "tuple" in node:
        return tuple(_restore(inner, tensors) for inner in node["tuple"])
    if node["tensor"] not in tensors:
        text = f"The optimizer's tensor `{node['tensor']}` is missing from its group."
        raise CheckpointError(f"{text} Use another checkpoint.")
    return tensors[node["tensor"]]
