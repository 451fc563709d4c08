/** Distributions on numbers, for tests: log-densities and samples on `reference`, scalar expressions, fixtures by SciPy. */
import * as E from 'fp-ts/lib/Either.js';
import type { AnyDist } from '../../src/algebra/dist.ts';
import * as D from '../../src/core/draw.ts';
import { PushforwardError, sentence } from '../../src/core/errors.ts';
import type { Expr } from '../../src/core/expr.ts';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { type Feeds, noiseFeeds, program } from '../../src/core/program.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { tensor, tensorOf } from '../../src/core/tensor.ts';
import { distPrograms } from '../../src/inference/run.ts';
import { logDensities, samples } from '../../src/laws/dist-values.ts';
import { readDist } from '../../src/models/index.ts';

/** A distribution from its specification. */
export const distOf = (spec: unknown): AnyDist => {
  const r = readDist(spec);
  if (E.isLeft(r)) throw new Error(sentence(r.left));
  return r.right;
};

/** log p of rows, in float64. */
export const logP = (dist: AnyDist, rows: readonly (readonly number[])[]): number[] =>
  Array.from(logDensities(dist, tensorOf(rows.flat(), [rows.length, ...dist.shape]), {}));

/** The numbers of an expression without inputs. */
export const numbers = (e: Expr, seed = 0, parameters: Feeds = {}): number[] => {
  const p = program([e], 'float64');
  return Array.from(evaluateProgram(p, { ...noiseFeeds(p, { seed }), ...parameters })[0].data);
};

/** The numbers of a drawn expression. */
export const drawn = (d: D.Draw<Expr>, seed = 0, parameters: Feeds = {}): number[] =>
  numbers(D.runDraw(d), seed, parameters);

/** n samples as rows. */
export const rowsOf = (dist: AnyDist, n: number, seed = 0): number[][] => {
  const { data } = samples(dist, n, {}, seed);
  const size = sizeOf(dist.shape);
  return Array.from({ length: n }, (_, i) => Array.from(data.subarray(i * size, (i + 1) * size)));
};

/** n samples as rows, in float32 on onnx-cpu: the samplers that people run, and the quicker ones. */
export const onnxRows = async (dist: AnyDist, n: number, seed = 0): Promise<number[][]> => {
  const backend = onnx('cpu');
  const chunk = Math.min(n, 10_000);
  const p = distPrograms(dist, chunk, backend).sample();
  const compiled = await backend.compile(p);
  const size = sizeOf(dist.shape);
  const out: number[][] = [];
  for (let at = 0; at < n; at += chunk) {
    const [{ data }] = await compiled.run(noiseFeeds(p, { seed, firstExample: at }));
    for (let i = 0; i < chunk && at + i < n; i++) out.push(Array.from(data.subarray(i * size, (i + 1) * size)));
  }
  await compiled.dispose();
  return out;
};

/** |got − wanted| relative to max(|wanted|, floor); equal infinities are 0 apart. */
export const relative = (got: number, wanted: number, floor = 0): number =>
  got === wanted ? 0 : Math.abs(got - wanted) / Math.max(Math.abs(wanted), floor);

/** Chance that a χ² variable of `df` degrees exceeds x, by Wilson and Hilferty's cube root. */
export const chiSquareTail = (x: number, df: number): number => {
  const z = (Math.cbrt(x / df) - (1 - 2 / (9 * df))) / Math.sqrt(2 / (9 * df));
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const upper = (Math.exp(-z * z * 0.5) / Math.sqrt(2 * Math.PI)) * poly;
  return z > 0 ? upper : 1 - upper;
};

/** p-value of counts against chances; cells expecting fewer than ten are pooled. */
export const chiSquare = (observed: readonly number[], chances: readonly number[]): number => {
  const n = observed.reduce((a, b) => a + b, 0);
  let [pooledO, pooledE, statistic, cells] = [0, 0, 0, 0];
  observed.forEach((count, i) => {
    const expected = n * chances[i];
    if (expected < 10) {
      pooledO += count;
      pooledE += expected;
    } else {
      statistic += (count - expected) ** 2 / expected;
      cells++;
    }
  });
  const rest = n * (1 - chances.reduce((a, b) => a + b, 0));
  pooledE += rest;
  if (pooledE > 1) {
    statistic += (pooledO - pooledE) ** 2 / pooledE;
    cells++;
  } else if (pooledO > 20) return 0;
  return cells < 2 ? 1 : chiSquareTail(statistic, cells - 1);
};

/** The sentence that building something throws, with its tag. */
export const refusal = (build: () => unknown): string => {
  try {
    build();
  } catch (e) {
    if (e instanceof PushforwardError) return `${e.name} ${e.message}`;
    throw e;
  }
  return 'nothing was refused';
};

/** What one row of inputs gives. */
export interface Both {
  readonly float32: number[][];
  readonly float64: number[][];
}

/** Expressions of inputs at rows of values, in float32 on onnx-cpu (parameters are not folded in float64) and in float64 on `reference`. */
export const inBothRows = async (
  rows: readonly (readonly number[])[],
  build: (...inputs: readonly Expr[]) => readonly Expr[],
): Promise<Both[]> => {
  const es = build(...rows[0].map((_, i) => o.input(`v${i}`, [])));
  const [p, q] = [program(es, 'float32'), program(es, 'float64')];
  const noise = [noiseFeeds(p, { seed: 1 }), noiseFeeds(q, { seed: 1 })];
  const plain = (ts: readonly { readonly data: ArrayLike<number> }[]) => ts.map((t) => Array.from(t.data));
  const compiled = await onnx('cpu').compile(p);
  const out: Both[] = [];
  for (const row of rows) {
    const feeds = (real: (v: number) => Float32Array | Float64Array) => Object.fromEntries(row.map((v, i) => [`v${i}`, tensor(real(v), [])])); // biome-ignore format: one idea
    const float32 = plain(await compiled.run({ ...feeds((v) => Float32Array.of(v)), ...noise[0] }));
    // The same inputs: float64 starts from what float32 was given.
    out.push({ float32, float64: plain(evaluateProgram(q, { ...feeds((v) => Float64Array.of(Math.fround(v))), ...noise[1] })) }); // biome-ignore format: one idea
  }
  await compiled.dispose();
  return out;
};

/** {@link inBothRows} of one row. */
export const inBoth = async (values: readonly number[], build: (...inputs: readonly Expr[]) => readonly Expr[]): Promise<Both> =>
  (await inBothRows([values], build))[0]; // biome-ignore format: one idea
