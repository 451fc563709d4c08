/** Evaluation of a distribution on data: a number with its evidence and its error. */
import { errorFrom } from '../algebra/approximation.ts';
import { type Evidence, signOf } from '../algebra/evidence.ts';
import { sizeOf } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { type Dataset, readRows } from '../data/dataset.ts';
import { type Running, run } from './run.ts';

/** The method behind an approximate number, and its error. */
export interface ApproximationError {
  readonly because: string;
  /** Estimated error of the mean log-density in nats: from a computation with half the steps or a tighter tolerance, on the first rows. */
  readonly error: number;
}

/** The mean negative log-density of data under a distribution. */
export interface Evaluation {
  /** Mean of −log p in nats per event; an upper bound on it where the evidence is a bound. */
  readonly nats: number;
  /** Monte-Carlo standard error of that mean. */
  readonly standardError: number;
  /** −log₂ P per dimension; a probability (comparable with other models) where data are levels, else relative to the data's units. */
  readonly bitsPerDim: number;
  readonly events: number;
  readonly evidence: Evidence;
  /** Where the number is computed up to the error of a solver, a truncated series or a tail. */
  readonly approximation?: ApproximationError;
  /** Known entropy of the data's distribution in nats, and what the model loses against it. */
  readonly entropy?: number;
  readonly gap?: number;
}

/** Rows on which the error of an approximation is estimated. */
const FEW = 256;

/** The error of the log-densities of the first rows, estimated by a finer computation with the same noise. */
const approximationOf = async (running: Running, x: Tensor, seed: number): Promise<ApproximationError | undefined> => {
  const { dist, parameters, backend } = running;
  if (dist.approximation === undefined) return undefined;
  const { because, order, refined } = dist.approximation;
  const [coarse, fine] = [running, run(refined(), parameters, backend)];
  const [a, b] = [(await coarse.logDensity(x, seed)).data, (await fine.logDensity(x, seed)).data];
  const off = Array.from(a, (v, i) => errorFrom(v, b[i], order));
  return { because, error: off.reduce((sum, v) => sum + v, 0) / off.length };
};

/**
 * The mean of −log p(x) over every row of a data set, in nats, with its Monte Carlo standard error and as bits per dimension (mean / (D log 2)). Where the
 * distribution has only a bound, the number is an upper bound; where a solver computes the density, its error is estimated on the first 256 rows. `seed` fixes the
 * noise of bounds. Cost: one log-density a row.
 *
 * @example
 * const result = await evaluate(run(dist, fitted.parameters, onnx('cpu')), data);
 * showEvaluation(result);   // '−log p = … ± … nats (… bits/dim)'
 */
export const evaluate = async (running: Running, data: Dataset, seed = 0): Promise<Evaluation> => {
  const indices = Int32Array.from({ length: data.size }, (_, i) => i);
  const block = 4096;
  const values: number[] = [];
  for (let at = 0; at < data.size; at += block) {
    const rows = readRows(data, indices.subarray(at, at + block));
    const n = Math.min(block, data.size - at);
    const x: Tensor = { shape: [n, ...data.shape], type: 'float32', data: rows };
    for (const l of (await running.logDensity(x, seed + at)).data) values.push(-l);
  }
  const few = Math.min(FEW, data.size);
  const first: Tensor = {
    shape: [few, ...data.shape],
    type: 'float32',
    data: readRows(data, indices.subarray(0, few)),
  };
  const approximation = await approximationOf(running, first, seed);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return {
    nats: mean,
    standardError: Math.sqrt(variance / values.length),
    bitsPerDim: mean / (sizeOf(data.shape) * Math.LN2),
    events: values.length,
    evidence: running.dist.evidence,
    ...(approximation === undefined ? {} : { approximation }),
    ...(data.entropy === undefined ? {} : { entropy: data.entropy, gap: mean - data.entropy }),
  };
};

/**
 * The error of an approximate number in one line; the error is in nats.
 *
 * @example
 * showApproximation({ because: '40 steps of rk4', error: 2e-5 });   // '40 steps of rk4: off by about 2e-5 nats'
 */
export const showApproximation = ({ because, error }: ApproximationError): string =>
  `${because}: off by about ${error < 1e-3 ? error.toExponential(0) : error.toPrecision(2)} nats`;

/**
 * An evaluation in one line: `−log p = 1.0340 ± 0.0100 nats (0.7459 bits/dim)`. The sign is `≤` where the number is a bound and `≈` where it is approximate, followed
 * by the source of the approximation.
 *
 * @example
 * showEvaluation({ nats: 1.034, standardError: 0.01, bitsPerDim: 0.7459, events: 500, evidence: 'exact' });
 */
export const showEvaluation = (e: Evaluation): string => {
  const { approximation } = e;
  const sign = signOf(e.evidence, { approximate: approximation !== undefined, negative: true });
  const number = `−log p ${sign} ${e.nats.toFixed(4)} ± ${e.standardError.toFixed(4)} nats (${e.bitsPerDim.toFixed(4)} bits/dim)`;
  return approximation === undefined ? number : `${number}, ${showApproximation(approximation)}`;
};
