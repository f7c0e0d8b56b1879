"""initial.json: nn.init from seeds, and where the generator stands afterwards."""

import torch
from torch.nn import init

from .encode import encode


def initial():
    cases = []

    def add(name, python, shape, args=(), dtype=torch.float32, **options):
        seed = 40 + len(cases)
        torch.manual_seed(seed)
        tensor = torch.full(shape, 7.0, dtype=dtype)
        positional = [a for a in args if not isinstance(a, dict)]
        assert getattr(init, python)(tensor, *positional, **options) is tensor
        row = {"function": name, "args": [*args], "seed": seed, "result": encode(tensor)}
        cases.append(row | {"after": encode(torch.rand(2))})

    def kaiming(name, python, shape, **options):
        add(name, python, shape, [options] if options else [], **options)

    for shape in ((3,), (4, 5), (2, 3, 4)):
        add("uniform_", "uniform_", shape, [-1, 2])
        add("normal_", "normal_", shape, [0.5, 2])
    add("uniform_", "uniform_", (5,))
    add("normal_", "normal_", (17,))
    add("constant_", "constant_", (2, 2), [0.3])
    add("ones_", "ones_", (3,))
    add("zeros_", "zeros_", (3,))
    for shape in ((3, 3), (2, 4), (4, 2)):
        add("eye_", "eye_", shape)
    for shape, groups in (((3, 3, 3), 1), ((4, 2, 3, 2), 2), ((2, 3, 2, 3, 3), 1), ((4, 1, 5), 4)):
        add("dirac_", "dirac_", shape, [groups])
    for shape, gain in (((4, 5), 1), ((3, 2, 3), 2.5)):
        add("xavierUniform_", "xavier_uniform_", shape, [gain])
        add("xavierNormal_", "xavier_normal_", shape, [gain])
    for name, python in (("kaimingUniform_", "kaiming_uniform_"), ("kaimingNormal_", "kaiming_normal_")):
        kaiming(name, python, (4, 5))
        kaiming(name, python, (3, 2, 3), a=0.5, mode="fan_out")
        kaiming(name, python, (4, 5), nonlinearity="relu")
        kaiming(name, python, (0, 3))
    for shape, gain in (((3, 3), 1), ((3, 5), 2), ((5, 3), 1), ((4, 2, 3), 1), ((1, 6), 1), ((0, 3), 1)):
        add("orthogonal_", "orthogonal_", shape, [gain])
    for shape, args in (((30,), ()), ((4, 5), (0.5, 2, -1, 3)), ((20,), (0, 1, 0.3, 0.5)), ((17,), (5, 1, -1, 1)), ((3,), (0, 0.02, -2, 2))):
        add("truncNormal_", "trunc_normal_", shape, list(args))
    for shape, sparsity in (((5, 3), 0.3), ((4, 6), 0.5)):
        add("sparse_", "sparse_", shape, [sparsity])
    add("sparse_", "sparse_", (4, 5), [0.25, 0.5])
    add("truncNormal_", "trunc_normal_", (20,), dtype=torch.float64)
    add("xavierUniform_", "xavier_uniform_", (3, 4), dtype=torch.float64)
    names = ["linear", "conv2d", "conv_transpose3d", "sigmoid", "tanh", "relu", "selu", "leaky_relu"]
    gains = [[name, None, init.calculate_gain(name)] for name in names]
    return {"cases": cases, "gains": [*gains, ["leaky_relu", 0.2, init.calculate_gain("leaky_relu", 0.2)]]}
