"""Makes the ONNX files that test/onnx/import.test.ts reads, with Python's onnx: python test/onnx/make_files.py (onnx 1.23, ml_dtypes)."""

import json
import math
import pathlib

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

folder = pathlib.Path(__file__).parent / "files"

FLOATS = [0.0, -0.0, 1.0, -1.5, 0.375, 6.0, -448.0, 2.0**-9, 3.0e-5, math.inf, -math.inf, math.nan]
TYPES = {
    "FLOAT": np.float32,
    "DOUBLE": np.float64,
    "FLOAT16": np.float16,
    "BFLOAT16": ml_dtypes.bfloat16,
    "FLOAT8E4M3FN": ml_dtypes.float8_e4m3fn,
    "FLOAT8E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
    "FLOAT8E5M2": ml_dtypes.float8_e5m2,
    "FLOAT8E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
    "FLOAT4E2M1": ml_dtypes.float4_e2m1fn,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
    "BOOL": np.bool_,
    "INT4": ml_dtypes.int4,
    "UINT4": ml_dtypes.uint4,
}


def values_of(name, dtype):
    if "FLOAT" in name or name == "DOUBLE":
        values = FLOATS if name != "FLOAT4E2M1" else [0.0, -0.5, 1.0, 1.5, -6.0]
        return np.array(values, dtype=np.float64).astype(dtype)
    if name == "BOOL":
        return np.array([True, False, True])
    info = ml_dtypes.iinfo(dtype)
    low = max(int(info.min), -(2**31))
    high = min(int(info.max), 2**31 - 1)
    return np.array([0, 1, low, high, high - 1], dtype=np.int64).astype(dtype)


def typed(name, raw):
    """The same tensor with its elements in the typed field."""
    tensor = TensorProto()
    tensor.CopyFrom(raw)
    tensor.name = raw.name + ".typed"
    tensor.ClearField("raw_data")
    array = numpy_helper.to_array(raw)
    if name == "FLOAT":
        tensor.float_data.extend(array.tolist())
    elif name == "DOUBLE":
        tensor.double_data.extend(array.tolist())
    elif name == "INT64":
        tensor.int64_data.extend(array.tolist())
    elif name in ("UINT32", "UINT64"):
        tensor.uint64_data.extend(array.tolist())
    elif name in ("FLOAT16", "BFLOAT16"):
        tensor.int32_data.extend(array.view(np.uint16).tolist())
    elif name.startswith("FLOAT8"):
        tensor.int32_data.extend(array.view(np.uint8).tolist())
    elif name in ("INT4", "UINT4", "FLOAT4E2M1"):
        tensor.int32_data.extend(list(raw.raw_data))
    else:
        tensor.int32_data.extend(array.astype(np.int64).tolist())
    return tensor


def number(value):
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return "-0" if value == 0 and math.copysign(1, value) < 0 else value


def model(initializers):
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "weights", [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])], [output], initializer=initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


expected = {}
tensors = []
for name, dtype in TYPES.items():
    raw = numpy_helper.from_array(values_of(name, dtype), name.lower())
    assert raw.data_type == getattr(TensorProto, name), (name, raw.data_type)
    for tensor in (raw, typed(name, raw)):
        found = numpy_helper.to_array(tensor)
        expected[tensor.name] = [number(value) for value in found.reshape(-1)]
        tensors.append(tensor)
matrix = numpy_helper.from_array(np.arange(6, dtype=np.float32).reshape(2, 3), "layer.weight")
scalar = numpy_helper.from_array(np.array(7.5, dtype=np.float32), "scalar")
empty = numpy_helper.from_array(np.zeros((0, 3), dtype=np.float32), "empty")
tensors += [matrix, scalar, empty]
folder.mkdir(exist_ok=True)
onnx.save(model(tensors), folder / "all-types.onnx")
(folder / "expected.json").write_text(json.dumps(expected) + "\n")

external = model([
    numpy_helper.from_array(np.arange(600, dtype=np.float32).reshape(20, 30), "large"),
    numpy_helper.from_array(np.arange(300, dtype=np.int32), "second"),
    numpy_helper.from_array(np.arange(3, dtype=np.float32), "small"),
])
onnx.save_model(external, folder / "external.onnx", save_as_external_data=True, location="external.bin", size_threshold=1024)
