"""files.json: files as Python's libraries write them, and the numbers in them."""

import base64
import io
import os

import numpy as np
import safetensors.torch
import torch
from torch import nn

from .encode import encode


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.BatchNorm1d(4), nn.Linear(4, 2))


def specials(dtype):
    """Numbers at the edges of a type; of 8-bit floats every one. PyTorch does not say which bits a NaN of 16 bits gets."""
    if dtype == torch.bool:
        return torch.tensor([True, False, True])
    if dtype.is_floating_point and dtype.itemsize == 1:
        return torch.arange(256, dtype=torch.uint8).view(dtype)
    if dtype.is_floating_point and dtype.itemsize == 2:
        bits = torch.cat([torch.arange(0, 65536, 97), torch.tensor([0x0001, 0x8001, 0x03FF, 0x7C00, 0xFC00, 0x7F80])])
        values = bits.to(torch.int32).to(torch.uint16).view(dtype)
        return values[~values.isnan()]
    if dtype.is_floating_point:
        info = torch.finfo(dtype)
        return torch.tensor([0.0, -0.0, 0.1, info.max, -info.max, info.tiny, float("inf"), -float("inf"), float("nan")], dtype=dtype)
    info = torch.iinfo(dtype)
    values = [0, 1, 7, info.max if info.bits < 32 else 2**31 - 1, info.min if info.bits < 32 else 0]
    return torch.tensor(values, dtype=dtype)


def widened(tensor):
    """As lanewise has it: floats of 16 bits and less as float32, integers as int32 or, beyond it, float64."""
    if tensor.dtype in (torch.float32, torch.float64):
        return tensor
    if tensor.dtype.is_floating_point:
        return tensor.to(torch.float32)
    values = tensor.tolist()
    flat = torch.tensor([values]).flatten().tolist() if tensor.dtype != torch.uint64 else tensor.flatten().tolist()
    fits = all(-(2**31) <= value < 2**31 for value in flat)
    return tensor.to(torch.int32) if fits else torch.tensor([float(value) for value in flat], dtype=torch.float64).reshape(tensor.shape)


DTYPES = {
    "F32": torch.float32,
    "F64": torch.float64,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "BOOL": torch.bool,
    "U8": torch.uint8,
    "I8": torch.int8,
    "I16": torch.int16,
    "U16": torch.uint16,
    "I32": torch.int32,
    "U32": torch.uint32,
    "I64": torch.int64,
    "U64": torch.uint64,
}


def states():
    """State dicts to be written, by name."""
    model = network()
    yield "network", model.state_dict()
    yield "dtypes", {name: specials(dtype) for name, dtype in DTYPES.items()}
    yield "wide", {
        "I64": torch.tensor([[1, -(2**31)], [2**31, -(2**53) - 1]]),
        "U32": torch.tensor([0, 2**32 - 1], dtype=torch.uint32),
        "U64": torch.tensor([1, 2**64 - 1], dtype=torch.uint64),
    }
    yield "shapes", {"scalar": torch.tensor(1.5), "empty": torch.zeros(2, 0, 3), "cube": torch.arange(8.0).reshape(2, 2, 2)}
    yield "names", {"__proto__": torch.tensor([1.0]), "constructor": torch.tensor([2.0]), 'a"b\\c\n': torch.tensor([3.0]), "größe": torch.tensor([4.0])}
    yield "nothing", {}


def row(name, library, content, state, **more):
    tensors = {key: encode(widened(value)) for key, value in state.items()}
    return {"name": name, "library": library, **more, "tensors": tensors, "base64": base64.b64encode(content).decode()}


def safetensors_rows():
    for name, state in states():
        metadata = {"format": "pt"} if name == "network" else None
        yield row(name, "safetensors", safetensors.torch.save(state, metadata), state, metadata=metadata or {})


def saved(value, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


def torch_states():
    """What is saved, the key that leads to the state dict in it, and that state dict."""
    model = network()
    yield "network", model.state_dict(), None, model.state_dict()
    optimizer = torch.optim.Adam(model.parameters())
    both = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "name": "x", "loss": 0.5, "best": None, "done": True}
    yield "checkpoint", both, ["model"], model.state_dict()
    yield "dtypes", {name: specials(dtype) for name, dtype in DTYPES.items()}, None, {name: specials(dtype) for name, dtype in DTYPES.items()}
    grid = torch.arange(24.0).reshape(2, 3, 4)
    doubles = torch.arange(6, dtype=torch.float64).reshape(2, 3)
    views = {
        "all": grid,
        "transposed": grid.permute(2, 0, 1),
        "row": grid[1],
        "column": grid[:, 1, ::2],
        "again": grid,
        "scalar": grid[1, 2, 3],
        "empty": grid[:, :0],
        "doubles": doubles.t(),
        "longs": torch.arange(5)[1::2],
    }
    yield "views", views, None, views
    shared = nn.Linear(2, 2)
    tied = {"a": shared.weight, "b": shared.weight, "c": nn.Parameter(torch.ones(2), requires_grad=False)}
    yield "parameters", tied, None, {key: value.detach() for key, value in tied.items()}
    inner = {"x": torch.tensor([1.0]), "deep": {"y": torch.tensor([2.0]), 3: torch.tensor([3])}}
    yield "nested", {"net": inner, "z": torch.tensor(4.0)}, None, {"net.x": inner["x"], "net.deep.y": inner["deep"]["y"], "net.deep.3": inner["deep"][3], "z": torch.tensor(4.0)}
    yield "tensor", torch.tensor([1.0, 2.0]), None, {"": torch.tensor([1.0, 2.0])}


def torch_rows():
    for name, value, key, state in torch_states():
        yield row(name, "torch", saved(value), state, key=key)
    value = {"w": torch.tensor([1.5])}
    yield row("protocol 4", "torch", saved(value, pickle_protocol=4), value, key=None)


def refused_rows():
    """Files that are not read, by what they hold."""
    yield {"name": "module", "base64": encoded(saved(nn.Linear(1, 1)))}
    yield {"name": "code", "base64": encoded(saved({"a": os.system}))}
    yield {"name": "numpy", "base64": encoded(saved({"a": np.float64(1.0)}))}
    yield {"name": "sparse", "base64": encoded(saved({"a": torch.eye(2).to_sparse()}))}
    yield {"name": "complex", "base64": encoded(saved({"a": torch.ones(1, dtype=torch.complex64)}))}
    yield {"name": "set", "base64": encoded(saved({"a": {1}}))}
    yield {"name": "expanded", "base64": encoded(saved({"a": torch.ones(1).expand(3)}))}
    yield {"name": "number", "base64": encoded(saved({"a": torch.ones(1), "lr": 0.1}))}
    # Its beginning only: what follows names addresses of memory.
    yield {"name": "legacy", "base64": encoded(saved({"a": torch.ones(1)}, _use_new_zipfile_serialization=False)[:64])}
    program = io.BytesIO()
    torch.jit.save(torch.jit.script(nn.ReLU()), program)
    yield {"name": "script", "base64": encoded(program.getvalue())}


def arrays():
    """Arrays of every type and order, by name."""
    cube = np.arange(24, dtype="<f4").reshape(2, 3, 4)
    yield "rows", cube
    yield "columns", np.asfortranarray(cube)
    yield "columns of f8", np.asfortranarray(cube[0].astype("<f8"))
    yield "scalar", np.array(-0.0, dtype="<f8")
    yield "empty", np.zeros((2, 0), dtype="<i4")
    for code in ["f2", "f4", "f8"]:
        values = np.array([0.0, -0.0, 0.1, np.inf, -np.inf, 6e-8], dtype=f"<{code}")
        yield f"<{code}", values
        yield f">{code}", values.astype(f">{code}")
    for code in ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]:
        info = np.iinfo(code)
        for values in [[0, 1, max(info.min, -(2**31)), min(info.max, 2**31 - 1)], [info.min, info.max]]:
            yield f"<{code} to {values[-1]}", np.array(values, dtype=f"<{code}")
        yield f">{code}", np.array([1, 77], dtype=f">{code}")
    yield "b1", np.array([[True, False]])


def npy(array, version=None):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version)
    return buffer.getvalue()


def as_lanewise(array):
    plain = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("=")).reshape(array.shape)
    return encode(widened(torch.from_numpy(plain)))


def npy_rows():
    for name, array in arrays():
        yield {"name": name, "tensors": {"": as_lanewise(array)}, "base64": encoded(npy(array))}
    for version in [(2, 0), (3, 0)]:
        array = np.arange(3, dtype="<f4")
        yield {"name": f"version {version[0]}", "tensors": {"": as_lanewise(array)}, "base64": encoded(npy(array, version))}


def npz_rows():
    some = {"x": np.arange(6, dtype="<f4").reshape(2, 3), "größe": np.array([1, 2]), "__proto__": np.array([True]), "zeros": np.zeros(500, dtype="<f4")}
    for name, save in [("stored", np.savez), ("deflated", np.savez_compressed)]:
        buffer = io.BytesIO()
        save(buffer, **some)
        yield {"name": name, "tensors": {key: as_lanewise(value) for key, value in some.items()}, "base64": encoded(buffer.getvalue())}


def refused_arrays():
    yield {"name": "complex", "base64": encoded(npy(np.ones(1, dtype=complex)))}
    yield {"name": "text", "base64": encoded(npy(np.array(["a"])))}
    yield {"name": "dates", "base64": encoded(npy(np.array(["2026-01-01"], dtype="M8[D]")))}
    yield {"name": "records", "base64": encoded(npy(np.zeros(1, dtype=[("a", "f4"), ("b", "i4")])))}
    buffer = io.BytesIO()
    np.save(buffer, np.array([None], dtype=object), allow_pickle=True)
    yield {"name": "objects", "base64": encoded(buffer.getvalue())}


def encoded(content):
    return base64.b64encode(content).decode()


def files():
    return {
        "safetensors": list(safetensors_rows()),
        "torch": list(torch_rows()),
        "refused": list(refused_rows()),
        "npy": list(npy_rows()),
        "npz": list(npz_rows()),
        "refusedArrays": list(refused_arrays()),
    }
