"""How values are written: tensors as base64 of their little-endian bytes, so that NaN, -0 and every last bit survive."""

import base64

import numpy as np
import torch

DTYPES = {
    torch.float32: ("float32", "<f4"),
    torch.float64: ("float64", "<f8"),
    torch.int64: ("int32", "<i4"),
    torch.int32: ("int32", "<i4"),
    torch.bool: ("int32", "<i4"),
}


def raw(tensor):
    """The bytes of a tensor in row-major order, little-endian; integers and booleans as int32."""
    _, code = DTYPES[tensor.dtype]
    return np.ascontiguousarray(tensor.detach().cpu().numpy()).astype(code).tobytes()


def encode(tensor):
    """{dtype, shape, base64}, read by load.ts."""
    name, _ = DTYPES[tensor.dtype]
    return {"dtype": name, "shape": list(tensor.shape), "base64": base64.b64encode(raw(tensor)).decode()}


def decode(encoded):
    """The tensor again; int32 where it was of integers."""
    code = {name: code for name, code in DTYPES.values()}[encoded["dtype"]]
    return torch.from_numpy(np.frombuffer(base64.b64decode(encoded["base64"]), code).copy()).reshape(encoded["shape"])


def encode_named(pairs):
    return {name: encode(tensor) for name, tensor in pairs}


def error_of(function):
    """The type and message of what a function raises."""
    try:
        function()
    except Exception as error:  # every kind is wanted: the point is to see which
        return {"type": type(error).__name__, "message": str(error)}
    raise AssertionError("expected an error")
