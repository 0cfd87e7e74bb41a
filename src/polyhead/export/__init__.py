"""From a run to a bundle: ONNX, quantisation, parity certificate."""
