/** Normal numbers over the bits of a {@link Mt19937}, with PyTorch's recipes for the CPU. Arguments have been checked. */
import type { FloatArray } from '../ops/ops.js';
import { isFloat32Array } from '../realm.js';
import { fillUniform, fma32 } from './distributions.js';
import type { Mt19937 } from './mt19937.js';

/** Below this length normal numbers are drawn one by one; from it on, in blocks of this length. */
const normalBlock = 16;
const half = normalBlock / 2;

/** A source of single normal numbers that may hold one back: they are made in pairs. */
export interface NormalSource {
  /** The second of the last pair, if it has not been taken. */
  spare: number | null;
}

/**
 * array[i] = mean + std·z, z standard normal, by Box and Muller's transform ("A note on the generation of random
 * normal deviates", 1958): a pair r·cos θ, r·sin θ with r = √(-2 ln(1-u)), θ = 2πv. Up to 15 numbers are drawn one by
 * one in float64, with the spare of a pair kept for the next call; from 16 on blocks of 16 uniform numbers in the
 * array's own precision are transformed in place, and the last 16 are drawn afresh when they straddle two blocks. For float32
 * PyTorch takes logarithms, sines and cosines from polynomials there, in blocks of vectors; here they are the same, to the bit.
 */
export function fillNormal(bits: Mt19937, source: NormalSource, array: FloatArray, mean: number, std: number): void {
  const n = array.length;
  if (n < normalBlock) {
    for (let i = 0; i < n; i++) array[i] = nextNormal(bits, source) * std + mean;
    return;
  }
  fillUniform(bits, array, 0, 1);
  const transform = isFloat32Array(array) ? transformFloats : transformDoubles;
  for (let at = 0; at + normalBlock <= n; at += normalBlock) transform(array, at, mean, std);
  if (n % normalBlock === 0) return;
  fillUniform(bits, array.subarray(n - normalBlock), 0, 1);
  transform(array, n - normalBlock, mean, std);
}

function nextNormal(bits: Mt19937, source: NormalSource): number {
  if (source.spare !== null) {
    const spare = source.spare;
    source.spare = null;
    return spare;
  }
  const angle = 2 * Math.PI * bits.fraction53();
  const radius = Math.sqrt(-2 * Math.log1p(-bits.fraction53()));
  source.spare = radius * Math.sin(angle);
  return radius * Math.cos(angle);
}

/** Transforms 16 uniform doubles. */
function transformDoubles(array: FloatArray, at: number, mean: number, std: number): void {
  for (let i = at; i < at + half; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - array[i]!));
    const angle = 2 * Math.PI * array[i + half]!;
    array[i] = radius * Math.cos(angle) * std + mean;
    array[i + half] = radius * Math.sin(angle) * std + mean;
  }
}

const f = Math.fround;
const turn = f(2 * Math.PI);
/** Of one block: the stages pass numbers in arrays, since numbers returned by functions would each be an object. */
const radii = new Float32Array(half);
const cosines = new Float32Array(half);
const sines = new Float32Array(half);

/** Transforms 16 uniform floats, each step rounded to float32. */
function transformFloats(array: FloatArray, at: number, mean: number, std: number): void {
  fillRadii(array, at);
  fillAngles(array, at + half);
  const m = f(mean);
  const s = f(std);
  for (let i = 0; i < half; i++) {
    array[at + i] = fma32(f(radii[i]! * cosines[i]!), s, m);
    array[at + half + i] = fma32(f(radii[i]! * sines[i]!), s, m);
  }
}

/*
 * The single-precision polynomials of Cephes (Moshier, Methods and Programs for Mathematical Functions, 1989;
 * https://www.netlib.org/cephes/), in the order and with the fused multiply-adds of PyTorch's
 * aten/src/ATen/native/cpu/avx_mathfun.h.
 */
const rootHalf = f(Math.SQRT1_2);
const logTerms = Float32Array.of(
  7.0376836292e-2,
  -1.151461031e-1,
  1.167699874e-1,
  -1.2420140846e-1,
  1.4249322787e-1,
  -1.6668057665e-1,
  2.0000714765e-1,
  -2.4999993993e-1,
  3.3333331174e-1,
);
/** 2^-digits: Math.pow is slow. */
const scales = Float64Array.from({ length: 33 }, (_, digits) => 2 ** -digits);
const ln2Low = f(-2.1219444e-4);
const ln2High = 0.693359375;
const cosineTerms = Float32Array.of(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2);
const sineTerms = Float32Array.of(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1);
const fourByPi = f(1.27323954473516);
/** π/4 in three parts, so that products with small integers are exact. */
const piBy4 = Float32Array.of(0.78515625, 2.4187564849853516e-4, 3.774894977445941e-8);

/** The polynomial with these coefficients, the highest power first. */
function polynomial(terms: Float32Array, x: number): number {
  let y = terms[0]!;
  for (let k = 1; k < terms.length; k++) y = fma32(y, x, terms[k]!);
  return y;
}

/** radii = √(-2 ln(1 - u)) for eight u that are multiples of 2^-24. */
function fillRadii(array: FloatArray, at: number): void {
  for (let i = 0; i < half; i++) {
    // 1 - u = k·2^-24 = m·2^e, with m in [√½, √2).
    const k = 2 ** 24 - array[at + i]! * 2 ** 24;
    const digits = 32 - Math.clz32(k);
    const fraction = k * scales[digits]!;
    const isSmall = fraction < rootHalf;
    const e = isSmall ? digits - 25 : digits - 24;
    const m = isSmall ? 2 * fraction - 1 : fraction - 1;
    const z = f(m * m);
    const y = fma32(z, -0.5, fma32(f(polynomial(logTerms, m) * m), z, f(e * ln2Low)));
    radii[i] = Math.sqrt(f(-2 * f(f(m + y) + e * ln2High)));
  }
}

/** The cosines and sines of 2πv for eight v. */
function fillAngles(array: FloatArray, at: number): void {
  for (let i = 0; i < half; i++) {
    let x = f(turn * array[at + i]!);
    // The even multiple of π/4 that x lies next to.
    const j = (Math.trunc(f(x * fourByPi)) + 1) & ~1;
    for (let part = 0; part < piBy4.length; part++) x = fma32(-j, piBy4[part]!, x);
    const z = f(x * x);
    const cosine = f(fma32(f(polynomial(cosineTerms, z) * z), z, -0.5 * z) + 1);
    const sine = fma32(f(polynomial(sineTerms, z) * z), x, x);
    const isOdd = (j & 2) !== 0;
    const c = isOdd ? sine : cosine;
    const s = isOdd ? cosine : sine;
    cosines[i] = (~(j - 2) & 4) !== 0 ? -c : c;
    sines[i] = (j & 4) !== 0 ? -s : s;
  }
}
