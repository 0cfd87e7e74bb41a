"""From a run to a bundle: ONNX model, parity certificate, manifest."""

from polyhead.export.certificate import ParityError
from polyhead.export.export_run import export

__all__ = ["ParityError", "export"]
