/**
 * Single matrix products: all of a training step of the MLP, and two cubes. Node contenders call the op contract
 * (`linear` without bias for nt, as the forward pass does, `matmul` for the others) with memory allocated beforehand;
 * PyTorch gets `torch.mm` with `out=`.
 */
import { numberOf, type TimedCase, workload } from '../case.js';
import { batchSizes, type Product, productFlops, stepProducts } from '../mlp.js';

const workloadOf = (product: Product, batch: number | null, quick: boolean) => {
  const shape = `${product.m}x${product.n}x${product.k} ${product.form}`;
  return workload({ shape, batch, flops: productFlops(product), threads: 'each', quick, params: { ...product } });
};

const cube = (size: number, quick: boolean) => workloadOf({ form: 'nn', m: size, n: size, k: size }, null, quick);

const gemm: TimedCase = {
  name: 'gemm',
  contenders: 'compute',
  workloads: [
    ...batchSizes.flatMap((batch) => stepProducts(batch).map((product) => workloadOf(product, batch, batch === 128))),
    cube(512, true),
    cube(1024, false),
  ],
  prepare(params, contender) {
    const { lanewise, ops } = contender.library();
    const [m, n, k] = [numberOf(params, 'm'), numberOf(params, 'n'), numberOf(params, 'k')];
    const a = lanewise.randn([m * k]).storage;
    const b = lanewise.randn([k * n]).storage;
    const out = lanewise.zeros([m * n]).storage;
    if (params.form === 'nt') {
      const sizes = { rows: m, inFeatures: k, outFeatures: n, packed: false };
      const noPostOp = { program: null, inputs: [], keys: [], scalars: [], outputs: [], rowOffset: 0 };
      const args = { x: a, weight: b, bias: null, out, ...sizes, ...noPostOp };
      return () => ops.linear(args);
    }
    const transA = params.form === 'tn';
    const args = { a, b, out, batch: 1, m, n, k, transA, transB: false, aStride: 0, bStride: 0 };
    return () => ops.matmul(args);
  },
};

export default gemm;
