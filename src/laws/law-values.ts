/** A law's numbers at random parameters on `reference`: what the laws of distributions are checked on. */
import type { Law } from '../algebra/dist.ts';
import * as D from '../core/draw.ts';
import { evaluateProgram, reference } from '../core/interpreters/reference/index.ts';
import * as o from '../core/ops/index.ts';
import { noiseFeeds, type Program } from '../core/program.ts';
import { sizeOf } from '../core/shape.ts';
import { type Tensor, tensor } from '../core/tensor.ts';
import { lawPrograms } from '../inference/run.ts';
import { pointsIn, type Region, randomised } from './region.ts';

/** A law's parameters by name. */
export type Parameters = Readonly<Record<string, Tensor>>;

/** Random parameters of a law; data-dependent ones see random points of the region. */
export const lawParameters = (law: Law, region: Region = 'reals', seed = 0, spread = 0.3): Parameters => {
  const x = o.input('x', law.shape);
  const drawn = D.runDraw(law.sampleAndLogDensity);
  const outputs = [D.runDraw(law.logDensity(x)), drawn.value, drawn.logDensity];
  return randomised(outputs, { seed, spread, examples: { input: x, points: pointsIn(region, law.shape, 64, seed) } });
};

/** Rows in one run. */
const CHUNK = 4096;

const runChunked = (
  build: (size: number) => Program,
  n: number,
  parameters: Parameters,
  seed: number,
  points?: Tensor,
): Float64Array[] => {
  const size = Math.min(CHUNK, n);
  const width = points === undefined ? 0 : sizeOf(points.shape.slice(1));
  const parts: Tensor[][] = [];
  for (let at = 0; at < n; at += size) {
    const rows = Math.min(size, n - at);
    const p = build(rows);
    const x = points && { x: tensor(Float64Array.from(points.data.subarray(at * width, (at + rows) * width)), [rows, ...points.shape.slice(1)]) }; // biome-ignore format: one idea
    parts.push(evaluateProgram(p, { ...parameters, ...noiseFeeds(p, { seed, firstExample: at }), ...x }));
  }
  return parts[0].map((_, k) => Float64Array.from(parts.flatMap((part) => Array.from(part[k].data))));
};

/** log p (or what the evidence says) of each row of `points`, in nats. */
export const logDensities = (law: Law, points: Tensor, parameters: Parameters, seed = 0): Float64Array =>
  runChunked((size) => lawPrograms(law, size, reference).logDensity(), points.shape[0], parameters, seed, points)[0];

/** ∇ₓ log p of each row of `points`, `[n, …]` flat. */
export const scores = (law: Law, points: Tensor, parameters: Parameters, seed = 0): Float64Array =>
  runChunked((size) => lawPrograms(law, size, reference).score(), points.shape[0], parameters, seed, points)[0];

/** `n` samples with their log-densities. */
export const scoredSamples = (
  law: Law,
  n: number,
  parameters: Parameters,
  seed = 0,
): { readonly values: Tensor; readonly logDensity: Float64Array } => {
  const [values, logDensity] = runChunked(
    (size) => lawPrograms(law, size, reference).sampleAndLogDensity(),
    n,
    parameters,
    seed,
  );
  return { values: tensor(values, [n, ...law.shape]), logDensity };
};

/** `n` samples. */
export const samples = (law: Law, n: number, parameters: Parameters, seed = 0): Tensor =>
  tensor(runChunked((size) => lawPrograms(law, size, reference).sample(), n, parameters, seed)[0], [n, ...law.shape]);
