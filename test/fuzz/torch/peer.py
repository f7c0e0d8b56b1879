"""The other side of `npm run fuzz:torch`: builds in PyTorch what a line of JSON describes, trains it, and answers with its numbers."""

import base64
import json
import re
import sys
import warnings

import torch
from torch import nn
from torch.nn import functional as F

warnings.simplefilter("ignore")
torch.set_num_threads(1)

# How far rounding carries: runs from weights and inputs that are changed by this much, and so is what each layer gives, and its gradient.
# Those in between count too: where all that comes in cancels, only roundings are left, and a norm behind them divides by their size.
CHANGES = {torch.float64: (1e-15, 1e-14), torch.float32: (0.0, 1e-7, 5e-7)}


class Hardsigmoid(nn.Module):
    """In float64 PyTorch's gradient has 1/6 in float32."""

    def forward(self, x):
        return F.hardsigmoid(x) if x.dtype == torch.float32 else F.relu6(x + 3) / 6


OWN = {"Hardsigmoid": Hardsigmoid}


def snake(name):
    return re.sub(r"[A-Z]", lambda match: "_" + match.group(0).lower(), name)


def argument(value):
    if isinstance(value, dict) and "args" in value:
        return make_module(value)
    return tuple(value) if isinstance(value, list) else value


def make_module(spec):
    # Padding of one dimension is a number or a pair in both; other lists are tuples.
    args = [argument(value) for value in spec["args"]]
    options = {snake(key): argument(value) for key, value in spec["options"].items()}
    maker = OWN.get(spec["name"]) or getattr(nn, spec["name"])
    return maker(*args, **options)


def resolved(options, tensors):
    return {
        snake(key): tensors[value["tensor"]] if isinstance(value, dict) else value for key, value in options.items()
    }


def first_of(returned):
    return first_of(returned[0]) if isinstance(returned, tuple) else returned


class Network(nn.Module):
    def __init__(self, spec):
        super().__init__()
        self.layers = nn.ModuleList([make_module(each) for each in spec["modules"]])
        self.body = spec["body"]
        self.tensors = []
        # Changes a value by a rounding error; its gradient too.
        self.moved = lambda x: x

    def rounded(self, x):
        x = self.moved(x)
        if x.requires_grad:
            x.register_hook(self.moved)
        return x

    def step(self, step, x):
        kind = step["kind"]
        if kind == "module":
            call = resolved(step.get("call", {}), self.tensors)
            # Masks of dropout are drawn in the order of memory, and lanewise has no views.
            return self.rounded(first_of(self.layers[step["module"]](*[x] * step["inputs"], **call)).contiguous())
        if kind == "residual":
            return x + self.run(step["body"], x)
        if kind == "cat":
            return torch.cat([self.run(body, x) for body in step["bodies"]], step["dim"])
        if kind == "permute":
            return x.permute(step["numbers"]).contiguous()
        if kind == "reshape":
            return x.reshape(step["numbers"])
        return self.rounded(F.scaled_dot_product_attention(x, x, x, **resolved(step["options"], self.tensors)))

    def run(self, body, x):
        for step in body:
            x = self.step(step, x)
        return x

    def forward(self, x):
        return self.run(self.body, x)


def make_tensor(spec, dtype):
    kinds = {"float": dtype, "int": torch.int64, "bool": torch.bool}
    return torch.tensor(spec["values"], dtype=torch.float64).to(kinds[spec["dtype"]]).reshape(spec["shape"])


def make_optimizer(spec, parameters):
    options = {snake(key): argument(value) for key, value in spec["options"].items()}
    maker = getattr(torch.optim, spec["name"])
    if len(spec["groups"]) == 1 or len(parameters) < 2:
        return maker(parameters, **options)
    half = len(parameters) // 2
    rest, own = spec["groups"]
    return maker([{"params": parameters[:half], **rest}, {"params": parameters[half:], **own}], **options)


def train(spec, state, dtype, change):
    """Trains from a state; weights, the input and what layers give are changed by a share of themselves."""
    noise = torch.Generator().manual_seed(7)

    def moved(x):
        if change == 0 or not x.is_floating_point():
            return x
        return x * (1 + change * torch.randn(x.shape, generator=noise, dtype=torch.float64).to(x.dtype))

    tensors = [make_tensor(each, dtype) for each in spec["tensors"]]
    model = Network(spec).to(dtype)
    model.tensors = tensors
    model.moved = moved
    model.load_state_dict({name: moved(value) for name, value in state.items()})
    model.train(spec["training"])
    parameters = list(model.parameters())
    optimizer = make_optimizer(spec["optimizer"], parameters)
    loss = getattr(nn, spec["loss"]["name"])(**resolved(spec["loss"]["options"], tensors))
    targets = [tensors[each["tensor"]] for each in spec["loss"]["targets"]]
    given = moved(tensors[spec["input"]["tensor"]])
    torch.manual_seed(spec["seed"] + 1)
    first, losses = {}, []
    for i in range(spec["steps"]):
        optimizer.zero_grad()
        x = given.clone().requires_grad_() if given.is_floating_point() else given
        output = model(x)
        value = loss(output, *targets).mean()
        value.backward()
        clip = spec["clip"]
        if "norm" in clip:
            nn.utils.clip_grad_norm_(parameters, clip["norm"][0], norm_type=clip["norm"][1])
        if "value" in clip:
            nn.utils.clip_grad_value_(parameters, clip["value"])
        gradients = {name: each.grad.clone() for name, each in model.named_parameters()}
        optimizer.step()
        losses.append(value.detach())
        if i == 0:
            first = {"output": output.detach(), **({} if x.grad is None else {"input": x.grad}), **gradients}
    after = {"losses": torch.stack(losses), **{name: value.clone() for name, value in model.state_dict().items()}}
    return {"first": first, "after": after}


def encode(x):
    return base64.b64encode(x.detach().to(torch.float64).contiguous().numpy().tobytes()).decode()


def difference(a, b):
    if a.numel() == 0:
        return 0.0
    return float((a.to(torch.float64) - b.to(torch.float64)).abs().nan_to_num(nan=0.0, posinf=0.0).max())


def answer(spec):
    torch.manual_seed(spec["seed"])
    drawn = Network(spec).state_dict()

    def run(dtype, change):
        state = {name: value.to(dtype) if value.is_floating_point() else value for name, value in drawn.items()}
        return train(spec, state, dtype, change)

    exact = run(torch.float64, 0.0)
    result = {"initial": {name: encode(value) for name, value in drawn.items()}}
    runs = {dtype: [run(dtype, change) for change in changes] for dtype, changes in CHANGES.items()}
    for part, tensors in exact.items():
        result[part] = {
            name: {
                "values": encode(value),
                "noise": [max(difference(value, run[part][name]) for run in runs[dtype]) for dtype in CHANGES],
            }
            for name, value in tensors.items()
        }
    return result


def main():
    print(json.dumps({"torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        try:
            result = answer(json.loads(line))
        except Exception as error:  # A case that PyTorch refuses is shown, not a reason to end.
            result = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(result, allow_nan=True), flush=True)


if __name__ == "__main__":
    main()
