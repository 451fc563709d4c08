/** What each elementwise primitive computes on numbers, in float64: used by `reference` and by constant folding. Special functions come from @stdlib. */
import stdErf from '@stdlib/math-base-special-erf';
import stdGammaln from '@stdlib/math-base-special-gammaln';
import stdPolygamma from '@stdlib/math-base-special-polygamma';
import type { Tensor, TensorData } from './tensor.ts';

// The packages are CommonJS: under NodeNext the default import is the function itself.
const erf: (x: number) => number = stdErf;
const gammaln: (x: number) => number = stdGammaln;
const polygammaOf: (n: number, x: number) => number = stdPolygamma;

const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** One-operand functions by tag. */
export const unaryFunctions = {
  neg: (x: number) => -x,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  sigmoid,
  softplus,
  relu: (x: number) => (x > 0 ? x : Number.isNaN(x) ? x : 0),
  erf,
  lgamma: gammaln,
  not: (x: number) => 1 - x,
} as const;

/** ψ⁽ⁿ⁾(x). */
export const polygamma =
  (order: number) =>
  (x: number): number =>
    polygammaOf(order, x);

/** Two-operand functions by tag; comparisons give 0 or 1. */
export const binaryFunctions = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  pow: (a: number, b: number) => a ** b,
  max: (a: number, b: number) => Math.max(a, b),
  min: (a: number, b: number) => Math.min(a, b),
  less: (a: number, b: number) => (a < b ? 1 : 0),
  lessEqual: (a: number, b: number) => (a <= b ? 1 : 0),
  equal: (a: number, b: number) => (a === b ? 1 : 0),
  and: (a: number, b: number) => a & b,
  or: (a: number, b: number) => a | b,
} as const;

/** Maps one array. */
export const mapUnary = (f: (x: number) => number, x: Tensor, out: TensorData): TensorData => {
  const a = x.data;
  for (let i = 0; i < out.length; i++) out[i] = f(a[i]);
  return out;
};

/** Maps two arrays of one shape. */
export const mapBinary = (f: (a: number, b: number) => number, x: Tensor, y: Tensor, out: TensorData): TensorData => {
  const [a, b] = [x.data, y.data];
  for (let i = 0; i < out.length; i++) out[i] = f(a[i], b[i]);
  return out;
};
