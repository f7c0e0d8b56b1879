"""hooks.json: when hooks of modules are called, with what, and what their results do, by the name of the scene."""

import copy

import torch
from torch import nn

from .encode import error_of


class Two(nn.Module):
    """Two outputs of two arguments."""

    def forward(self, a, b):
        return a * b, a + 1


class Scale(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([float(factor), float(factor)]))

    def forward(self, x):
        return x * self.weight


class Given(nn.Module):
    """Computes what it is told to."""

    def __init__(self, fn):
        super().__init__()
        self.fn = fn

    def forward(self, *args):
        return self.fn(*args)


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.tolist()
    return [plain(part) for part in value] if isinstance(value, (list, tuple)) else value


def note_all(module, log, name, **options):
    """Hooks of all kinds that note what they are called with."""
    module.register_forward_pre_hook(lambda m, args: log.append(["pre", name, plain(args)]), **options)
    module.register_forward_hook(lambda m, args, out: log.append(["forward", name, plain(args), plain(out)]), **options)
    module.register_full_backward_hook(lambda m, gi, go: log.append(["backward", name, plain(gi), plain(go)]), **options)


def leaf(*values):
    return torch.tensor([float(value) for value in values], requires_grad=True)


def order(log):
    module = Two()
    note_all(module, log, "A")
    note_all(module, log, "B")
    note_all(module, log, "first", prepend=True)
    a, b = leaf(1, 2), torch.tensor([3.0, 4.0])
    p, q = module(a, b)
    (p.sum() + q.sum() * 2).backward()
    log.append(plain(a.grad))


def one_output_used(log):
    module = Two()
    note_all(module, log, "A")
    module(leaf(1, 2), leaf(3, 4))[1].sum().backward()


def argument_that_is_no_tensor(log):
    module = Two()
    note_all(module, log, "A")
    p, q = module(leaf(1, 2), 3)
    (p.sum() + q.sum()).backward()


def no_argument_requires_a_gradient(log):
    module = Scale(3)
    note_all(module, log, "A")
    module(torch.tensor([1.0, 2.0])).sum().backward()
    log.append(plain(module.weight.grad))


def no_arguments(log):
    scale = Scale(3)
    module = Given(lambda: scale.weight * 2)
    note_all(module, log, "A")
    module().sum().backward()


def without_gradients(log):
    module = Scale(3)
    note_all(module, log, "A")
    with torch.no_grad():
        log.append(module(leaf(1, 2)).requires_grad)


def results_take_the_place(log):
    module = nn.Identity()
    module.register_forward_pre_hook(lambda m, args: args[0] + 1)
    module.register_forward_pre_hook(lambda m, args: (args[0] * 10,))
    module.register_forward_pre_hook(lambda m, args: log.append(plain(args)))
    module.register_forward_hook(lambda m, args, out: out * 2)
    module.register_forward_hook(lambda m, args, out: log.append([plain(args), plain(out)]))
    log.append(plain(module(torch.tensor([1.0, 2.0]))))


def gradients_take_the_place(log):
    module = Scale(3)
    module.register_full_backward_hook(lambda m, gi, go: (gi[0] * 10,))
    module.register_full_backward_hook(lambda m, gi, go: log.append([plain(gi), plain(go)]))
    module.register_full_backward_hook(lambda m, gi, go: (gi[0] + 1,))
    a = leaf(1, 2)
    module(a).sum().backward()
    log.append([plain(a.grad), plain(module.weight.grad)])


def gradient_dropped(log):
    module = Scale(3)
    module.register_full_backward_hook(lambda m, gi, go: (None,))
    a = leaf(1, 2)
    module(a).sum().backward()
    log.append([a.grad, plain(module.weight.grad)])


def gradient_where_there_is_no_tensor(log):
    module = Given(lambda a, k: a * k)
    module.register_full_backward_hook(lambda m, gi, go: (gi[0] * 2, gi[0]))
    a = leaf(1, 2)
    module(a, 3.0).sum().backward()
    log.append(plain(a.grad))


def nested(log):
    model = nn.Sequential(Scale(2), Scale(3))
    for name, module in (("model", model), ("0", model[0]), ("1", model[1])):
        note_all(module, log, name)
    model(leaf(1, 2)).sum().backward()
    log.append("input without gradient")
    model(torch.tensor([1.0, 2.0])).sum().backward()


def called_twice(log):
    module = Scale(3)
    note_all(module, log, "A")
    a = leaf(1, 2)
    (module(a).sum() + module(a).sum() * 2).backward()
    log.append(plain(a.grad))


def called_on_its_own_result(log):
    module = Scale(3)
    note_all(module, log, "A")
    a = leaf(1, 2)
    module(module(a)).sum().backward()
    log.append(plain(a.grad))


def removed(log):
    module = Scale(3)
    handles = [
        module.register_forward_pre_hook(lambda m, args: log.append("pre")),
        module.register_forward_hook(lambda m, args, out: log.append("forward")),
        module.register_full_backward_hook(lambda m, gi, go: log.append("backward")),
    ]
    for handle in handles:
        module(leaf(1, 2)).sum().backward()
        log.append("removes one")
        handle.remove()
        handle.remove()
    module(leaf(1, 2)).sum().backward()


def one_of_two_equal_hooks_removed(log):
    module = Scale(3)

    def hook(m, args):
        log.append("pre")

    first = module.register_forward_pre_hook(hook)
    module.register_forward_pre_hook(hook)
    module(leaf(1, 2))
    first.remove()
    log.append("removed")
    module(leaf(1, 2))


def removed_while_running(log):
    module = nn.Identity()
    handles = []

    def remover(m, args):
        log.append("remover")
        handles[1].remove()

    handles.append(module.register_forward_pre_hook(remover))
    handles.append(module.register_forward_pre_hook(lambda m, args: log.append("second")))
    for _ in range(2):
        module(leaf(1, 2))


def added_while_running(log):
    module = nn.Identity()

    def adder(m, args):
        log.append("adder")
        m.register_forward_pre_hook(lambda m, args: log.append("added before"))
        m.register_forward_hook(lambda m, args, out: log.append("added behind"))

    module.register_forward_pre_hook(adder)
    for _ in range(2):
        module(leaf(1, 2))


def unused_arguments(log):
    module = Given(lambda a, number, unused: a * 2)
    note_all(module, log, "A")
    unused = leaf(1, 1)
    result = leaf(1, 1)
    module(leaf(1, 2), torch.tensor([1, 2], dtype=torch.int32), unused).sum().backward()
    module(leaf(1, 2), 5, result * 2).sum().backward()
    log.append([plain(unused.grad), plain(result.grad)])


def outputs_that_are_no_results(log):
    module = Given(lambda a: (a * 2, a.argmax().to(torch.int32), 3))
    note_all(module, log, "A")
    module(leaf(1, 2))[0].sum().backward()


def hooks_of_tensors(log):
    module = Scale(3)
    note_all(module, log, "A")
    a = leaf(1, 2)
    y = module(a)
    y.register_hook(lambda grad: grad * 10)
    y.retain_grad()
    y.sum().backward()
    log.append([plain(y.grad), plain(a.grad)])


def backward_twice(log):
    module = Scale(3)
    note_all(module, log, "A")
    a = leaf(1, 2)
    loss = module(a).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    log.append(plain(a.grad))


def gradients_of_some(log):
    module = Scale(3)
    note_all(module, log, "A")
    a = leaf(1, 2)
    log.append(plain(torch.autograd.grad(module(a).sum(), [module.weight])))
    log.append(plain(torch.autograd.grad(module(a).sum(), [a])))


def gradient_beside_the_output(log):
    kept = []

    def keep(a):
        kept.append(a)
        return a * 2

    module = Given(keep)
    note_all(module, log, "A")
    a = leaf(1, 2)
    module(a)
    kept[0].sum().backward()
    log.append(plain(a.grad))


def copied(log):
    module = Scale(3)
    note_all(module, log, "A")
    copy.deepcopy(module)(leaf(1, 2)).sum().backward()


SCENES = {
    "order": order,
    "one output used": one_output_used,
    "an argument that is no tensor": argument_that_is_no_tensor,
    "no argument requires a gradient": no_argument_requires_a_gradient,
    "no arguments": no_arguments,
    "without gradients": without_gradients,
    "results take the place": results_take_the_place,
    "gradients take the place": gradients_take_the_place,
    "a gradient dropped": gradient_dropped,
    "a gradient where there is no tensor": gradient_where_there_is_no_tensor,
    "nested": nested,
    "called twice": called_twice,
    "called on its own result": called_on_its_own_result,
    "removed": removed,
    "one of two equal hooks removed": one_of_two_equal_hooks_removed,
    "removed while running": removed_while_running,
    "added while running": added_while_running,
    "unused arguments": unused_arguments,
    "outputs that are no results": outputs_that_are_no_results,
    "hooks of tensors": hooks_of_tensors,
    "backward twice": backward_twice,
    "gradients of some": gradients_of_some,
    "a gradient beside the output": gradient_beside_the_output,
    "copied": copied,
}

RETURNED = {
    "too many gradients": lambda gi: (gi[0], gi[0]),
    "no tensor": lambda gi: (1.0,),
    "another size": lambda gi: (torch.zeros(3),),
    "another dtype": lambda gi: (gi[0].double(),),
}


def returned_error(result):
    module = Scale(3)

    def hook(m, gi, go):
        return result(gi)

    module.register_full_backward_hook(hook)
    return error_of(lambda: module(leaf(1, 2)).sum().backward())


def first_layer_error():
    module = Scale(3)
    module.register_full_backward_hook(lambda m, gi, go: (torch.zeros(2),))
    return error_of(lambda: module(torch.ones(2)).sum().backward())


def logged(scene):
    log = []
    scene(log)
    return log


def hooks():
    errors = {name: returned_error(result) for name, result in RETURNED.items()}
    errors["a gradient of the first layer"] = first_layer_error()
    return {
        "scenes": [{"scene": name, "log": logged(scene)} for name, scene in SCENES.items()],
        "errors": [{"returned": name, **error} for name, error in errors.items()],
    }
