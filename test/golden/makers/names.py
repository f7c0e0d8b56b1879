"""The public names of PyTorch that a table of docs is made from."""

import inspect

import torch
import torch.distributed
import torch.nn.functional
import torch.nn.parallel
import torch.utils.data


def names():
    def functions(module):
        def belongs(name):
            value = getattr(module, name)
            home = getattr(value, "__module__", None) or ""
            return callable(value) and not inspect.isclass(value) and not home.startswith(("typing", "torch._jit", "importlib"))

        return sorted(name for name in dir(module) if not name.startswith("_") and belongs(name))

    return {
        "nn": sorted(set(torch.nn.modules.__all__) | {"Parameter"}),
        "nn.functional": functions(torch.nn.functional),
        "nn.init": [name for name in functions(torch.nn.init) if name.endswith("_") or name == "calculate_gain"],
        "nn.utils": functions(torch.nn.utils),
        "optim": sorted(name for name in dir(torch.optim) if inspect.isclass(getattr(torch.optim, name))),
        "optim.lr_scheduler": sorted(torch.optim.lr_scheduler.__all__),
        "optim.swa_utils": sorted(torch.optim.swa_utils.__all__),
        "utils.data": sorted(torch.utils.data.__all__),
        "distributed": sorted(set(functions(torch.distributed)) | {"ReduceOp", "ProcessGroup"}),
        "nn.parallel": sorted(torch.nn.parallel.__all__),
        "torch": sorted(name for name in dir(torch) if not name.startswith("_") and callable(getattr(torch, name))),
        "Tensor": sorted(name for name in dir(torch.Tensor) if not name.startswith("_")),
    }
