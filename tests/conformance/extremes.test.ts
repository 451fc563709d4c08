import { expect, test } from 'vitest';
import type { Expr } from '../../src/core/expr.ts';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import { tfjs } from '../../src/core/interpreters/tfjs/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { type Backend, type Precision, program } from '../../src/core/program.ts';
import { castTensor, tensorOf, toNumbers } from '../../src/core/tensor.ts';

const inf = Number.POSITIVE_INFINITY;
const sizes = [
  1e-30,
  1e-20,
  1e-10,
  1e-7,
  1e-5,
  1e-3,
  0.1,
  0.5,
  0.9999,
  1,
  1.5,
  3,
  8,
  15,
  17,
  30,
  60,
  85,
  1e3,
  1e5,
  1e10,
  1e30,
  inf,
];
const reals = [0, ...sizes, ...sizes.map((x) => -x), Number.NaN]; // biome-ignore format: a table
const positive = [...sizes, Number.NaN];

const all: readonly (readonly [name: string, f: (x: Expr) => Expr, at: readonly number[]])[] = [
  ['neg', o.neg, reals], ['abs', o.abs, reals], ['sign', o.sign, reals], ['floor', o.floor, reals], ['relu', o.relu, reals],
  ['exp', o.exp, reals], ['expm1', o.expm1, reals], ['log', o.log, [0, ...positive, -1]],
  ['log1p', o.log1p, [...reals.filter((x) => x >= -1), Number.NaN]], ['sqrt', o.sqrt, [0, ...positive, -1]],
  ['sin', o.sin, reals.filter((x) => !(Math.abs(x) > 100))], ['cos', o.cos, reals.filter((x) => !(Math.abs(x) > 100))],
  ['tanh', o.tanh, reals], ['sigmoid', o.sigmoid, reals], ['softplus', o.softplus, reals], ['erf', o.erf, reals],
  ['lgamma', o.lgamma, positive], ...[0, 1, 2].map((k) => [`polygamma ${k}`, (x: Expr) => o.polygamma(k, x), positive] as const),
  ['max', (x) => o.max(x, 1), reals], ['min', (x) => o.min(x, 1), reals], ['square', o.square, reals],
  ['reciprocal', o.reciprocal, reals], ['less', (x) => o.less(x, 1), reals], ['equal', (x) => o.equal(x, 1), reals],
  ['equal to itself', (x) => o.equal(x, x), reals], ['pow 2.5', (x) => o.pow(x, 2.5), positive], ['pow 3', (x) => o.pow(x, 3), reals],
  ['select', (x) => o.where(o.less(x, 0), x, o.sqrt(o.abs(x))), reals], ['logSumExp', (x) => o.logSumExp(x), reals.filter((x) => x < 1e3)],
  ['logSumExp of −∞', (x) => o.logSumExp(x), [-inf, -inf]], ['softmax', (x) => o.softmax(x), reals.filter((x) => x < 1e3)],
  ['logSigmoid', o.logSigmoid, reals.filter((x) => Number.isFinite(x))], ['reduceMax', (x) => o.reduceMax(x), reals.filter((x) => x < inf)],
  ['softplusInverse', o.softplusInverse, positive.filter((x) => x > 1e-20)], ['log1mExp', o.log1mExp, sizes.map((x) => -x)],
]; // biome-ignore format: a table

const backends: readonly (readonly [string, Backend, Precision, number])[] = [
  ['onnx-cpu float64', onnx('cpu'), 'float64', 1e-12],
  ['onnx-cpu float32', onnx('cpu'), 'float32', 3e-6],
  ['tfjs-cpu', tfjs('cpu'), 'float32', 3e-6],
  ['tfjs-wasm', tfjs('wasm'), 'float32', 3e-6],
  ...(process.env.VK_ICD_FILENAMES === undefined ? [] : [['onnx-webgpu', onnx('webgpu'), 'float32', 3e-5] as const]),
];

const tiny = { float32: 2e-38, float64: 3e-308 } as const;

/** ∞ in single precision is what is ∞ after rounding; numbers below the normal range count as 0. */
const agree = (got: number, want: number, precision: Precision, tolerance: number, scale: number): boolean => {
  const w = precision === 'float32' ? Math.fround(want) : want;
  if (Number.isNaN(w)) return Number.isNaN(got);
  if (!Number.isFinite(w) || !Number.isFinite(got)) return got === w || Math.abs(want) > 3.3e38;
  return Math.abs(got - w) <= tolerance * Math.max(Math.abs(w), scale) + tiny[precision];
};

test.each(backends)(
  'special values and wide ranges on %s',
  { timeout: 60_000 },
  async (_, backend, precision, tolerance) => {
    const xs = all.map(([name, , at]) => o.input(name, [at.length]));
    const ys = all.map(([, f], i) => f(xs[i]));
    const feeds = Object.fromEntries(all.map(([name, , at]) => [name, castTensor(castTensor(tensorOf(at), precision), 'float64')])); // biome-ignore format: one idea
    const want = evaluateProgram(program(ys, 'float64'), feeds).map(toNumbers);
    const executable = await backend.compile(program(ys, precision));
    const got = (await executable.run(feeds)).map(toNumbers);
    await executable.dispose();
    // Shaders may assume that there is no NaN.
    const shader = backend.name === 'onnx-webgpu';
    const wrong = all.flatMap(([name, , at], i) => {
      // log Γ and ψ cross 0: their errors are relative to 1 there; so is WGSL's logarithm.
      const scale = ['lgamma', 'polygamma 0', ...(shader ? ['log'] : [])].includes(name) ? 1 : 0;
      return want[i].flatMap((w, k) =>
        (shader && Number.isNaN(w)) || agree(got[i][k], w, precision, tolerance, scale)
          ? []
          : [`${name}(${at[k]}) = ${got[i][k]}, not ${w}`],
      );
    });
    expect(wrong).toEqual([]);
  },
);
