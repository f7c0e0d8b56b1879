"""Writes events.json: event records as Python's tensorboard makes them: python test/train/logs/make_events.py (tensorboard 2.21)."""

import json
import pathlib
import struct

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import crc32c, masked_crc32c


def record(event):
    data = event.SerializeToString(deterministic=True)
    length = struct.pack("<Q", len(data))
    return (length + struct.pack("<I", masked_crc32c(length)) + data + struct.pack("<I", masked_crc32c(data))).hex()


Value = summary_pb2.Summary.Value
histogram = summary_pb2.HistogramProto(
    min=-1.5, max=2.25, num=4, sum=1.5, sum_squares=9.5, bucket_limit=[-1.0, 0.0, 3.5], bucket=[1, 0, 3]
)
events = {
    "version": event_pb2.Event(wall_time=1700000000.25, step=0, file_version="brain.Event:2"),
    "scalars": event_pb2.Event(
        wall_time=1700000001.5,
        step=300,
        summary=summary_pb2.Summary(
            value=[Value(tag="loss/train", simple_value=0.1), Value(tag="größe", simple_value=float("nan"))]
        ),
    ),
    "histogram": event_pb2.Event(
        wall_time=1700000002.0, step=2**40, summary=summary_pb2.Summary(value=[Value(tag="weights/0.weight", histo=histogram)])
    ),
    "restart": event_pb2.Event(
        wall_time=1700000003.0, step=7, session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START)
    ),
}
golden = {
    "crc": {text: [crc32c(text.encode()), masked_crc32c(text.encode())] for text in ["", "123456789", "lanewise"]},
    "records": {name: record(event) for name, event in events.items()},
}
path = pathlib.Path(__file__).with_name("events.json")
path.write_text(json.dumps(golden, indent=1) + "\n")
