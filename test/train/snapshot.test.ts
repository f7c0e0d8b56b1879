// A state that is taken while a model is being trained is that of one step, all its tensors together.
import { expect, it } from 'vitest';
import { compile, fit, nn, ones, optim, type Tensor, tensor } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';

/** Every weight goes down by 1 in each step: tensors of one step have equal numbers. */
class Falling extends nn.Module {
  readonly parts = new nn.ModuleList(Array.from({ length: 24 }, () => new Weights()));

  override forward(x: Tensor): Tensor {
    let sum = x.sum().mul(0);
    for (const part of this.parts) sum = sum.add(part.forward(x));
    return sum;
  }
}

class Weights extends nn.Module {
  weight = new nn.Parameter(ones([2000]));

  override forward(_x: Tensor): Tensor {
    return this.weight.sum();
  }
}

class Sum extends nn.Module<readonly [Tensor, Tensor]> {
  override forward(output: Tensor, _target: Tensor): Tensor {
    return output;
  }
}

const distinct = (tensors: Iterable<Tensor>) => new Set([...tensors].flatMap((each) => [...each.toTypedArray()]));

describeEachBackend('while fit runs', () => {
  it('states and clones are of one step, and stay as they are', async () => {
    const model = new Falling();
    const optimizer = new optim.SGD(model.parameters(), { lr: 1, momentum: 0.5 });
    const states: Record<string, Tensor>[] = [];
    const momenta: Tensor[][] = [];
    const json: string[] = [];
    const clones: Falling[] = [];
    const controller = new AbortController();
    const training = fit(model, {
      ...{ train: [ones([400, 1]), ones([400, 1])], batchSize: 1, epochs: 1e6, optimizer, loss: new Sum() },
      signal: controller.signal,
    });
    const aborted = expect(training).rejects.toThrow('enough');
    // A busy machine may not make a step between two timers.
    const steps = new Set<number>();
    while (states.length < 12 || steps.size < 2) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      states.push(model.stateDict());
      steps.add(states.at(-1)!['parts.0.weight']!.toTypedArray()[0]!);
      momenta.push(Object.values(optimizer.stateDict().state).map((own) => own.momentum_buffer!));
      json.push(JSON.stringify(model));
      clones.push(model.clone());
    }
    controller.abort(new Error('enough'));
    await aborted;
    const seen = states.map((state) => [...distinct(Object.values(state))]);
    expect(seen.filter((numbers) => numbers.length !== 1)).toEqual([]);
    expect(momenta.filter((tensors) => distinct(tensors).size > 1)).toEqual([]);
    for (const text of json)
      expect(new Set(text.match(/-?\d[\d.e+]*(?=[,\]])/g)?.filter((n) => n !== '2000')).size).toBe(1);
    for (const clone of clones) {
      const [weight, ...others] = distinct(clone.parameters());
      expect(others).toEqual([]);
      // Bit for bit: both models sum the same numbers in the same order.
      const same = new Falling();
      for (const parameter of same.parameters()) nn.init.constant_(parameter, weight!);
      expect(clone.forward(ones([1])).item()).toBe(same.forward(ones([1])).item());
    }
    const shared = model.stateDict()['parts.0.weight']!;
    shared.copy_(tensor(7));
    expect(model.parameters()[0]?.toTypedArray()[0]).toBe(7);
  });

  it('states of a compiled step on its way are copies, those of a model at rest share memory', async () => {
    const model = new nn.Linear(1, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 1 });
    const step = compile((x: Tensor) => {
      optimizer.zeroGrad();
      const loss = model.forward(x).sum();
      loss.backward();
      optimizer.step();
      return loss;
    });
    const before = model.weight.item();
    const running = step.async(ones([1, 1]));
    const state = model.stateDict();
    const taken = state.weight!.item();
    await running;
    expect([before, before - 1]).toContain(taken);
    expect(state.weight?.item()).toBe(taken);
    step(ones([1, 1]));
    expect(state.weight?.item()).toBe(taken);
    const shared = model.stateDict();
    step(ones([1, 1]));
    expect(shared.weight?.item()).toBe(model.weight.item());
    step.dispose();
  });
});
