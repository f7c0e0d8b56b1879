"""Makes the golden files in this folder with PyTorch on the CPU. See README.md.

Usage: python test/golden/generate.py [name ...]      (all files without names)
"""

import json
import platform
import sys
import warnings
from pathlib import Path

import torch

from makers.activations import activations
from makers.attention import attention
from makers.conv import conv
from makers.conv_training import conv_training
from makers.distributing import distributed
from makers.dropping import dropout
from makers.errors import errors
from makers.filing import files
from makers.functions import functions
from makers.loading import loader
from makers.helping import helpers
from makers.hooks import hooks
from makers.initial import initial
from makers.losses import losses
from makers.names import names
from makers.nodes import nodes
from makers.objectives import objectives
from makers.lbfgs import lbfgs
from makers.muon import muon
from makers.optimizing import optimizers_rest
from makers.norms import norms
from makers.pooling import pooling
from makers.printing import printing
from makers.recurrent import recurrent
from makers.randomness import streams, weights
from makers.sampling import samplers
from makers.schedules import schedules
from makers.scheduling import schedules_rest
from makers.sparse import sparse
from makers.tables import tables
from makers.training import dropout_training, optimizers

FILES = {
    "random": streams,
    "weights": weights,
    "loader": loader,
    "samplers": samplers,
    "distributed": distributed,
    "optimizers": optimizers,
    "optimizers-rest": optimizers_rest,
    "lbfgs": lbfgs,
    "muon": muon,
    "schedules": schedules,
    "schedules-rest": schedules_rest,
    "dropout": dropout,
    "dropout-training": dropout_training,
    "conv": conv,
    "conv-training": conv_training,
    "losses": losses,
    "functions": functions,
    "nodes": nodes,
    "printing": printing,
    "pooling": pooling,
    "norms": norms,
    "errors": errors,
    "hooks": hooks,
    "helpers": helpers,
    "files": files,
    "recurrent": recurrent,
    "attention": attention,
    "names": names,
    "activations": activations,
    "objectives": objectives,
    "initial": initial,
    "sparse": sparse,
    "tables": tables,
}


def to_text(content):
    """JSON with one case a line, so that a difference shows where it is."""
    parts = []
    for key, value in content.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            text = "[\n" + ",\n".join(json.dumps(row, allow_nan=False) for row in value) + "\n]"
        else:
            text = json.dumps(value, allow_nan=False)
        parts.append(f"{json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main():
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    folder = Path(__file__).parent
    for name in sys.argv[1:] or FILES:
        (folder / f"{name}.json").write_text(to_text(FILES[name]()))
    made_by = {
        "torch": torch.__version__,
        "capability": torch.backends.cpu.get_cpu_capability(),
        "machine": platform.machine(),
    }
    (folder / "index.json").write_text(to_text(made_by))


if __name__ == "__main__":
    main()
