/** Evaluation of a law on data: a number with its evidence and its error. */
import { type Evidence, evidenceSign } from '../algebra/evidence.ts';
import { sizeOf } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { type Dataset, readRows } from '../data/dataset.ts';
import type { Running } from './run.ts';

/** The mean negative log-density of data under a law. */
export interface Evaluation {
  /** Mean of −log p in nats per event; an upper bound on it where the evidence is a bound. */
  readonly nats: number;
  /** Monte-Carlo standard error of that mean. */
  readonly standardError: number;
  /** −log₂ P per dimension; a probability (comparable with other models) where data are levels, else relative to the data's units. */
  readonly bitsPerDim: number;
  readonly events: number;
  readonly evidence: Evidence;
  /** Known entropy of the data's law in nats, and what the model loses against it. */
  readonly entropy?: number;
  readonly gap?: number;
}

/** Evaluates a law on every row of a data set. */
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
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return {
    nats: mean,
    standardError: Math.sqrt(variance / values.length),
    bitsPerDim: mean / (sizeOf(data.shape) * Math.LN2),
    events: values.length,
    evidence: running.law.evidence,
    ...(data.entropy === undefined ? {} : { entropy: data.entropy, gap: mean - data.entropy }),
  };
};

/** `−log p = 1.034 ± 0.010 nats`, or `≤` where the number is a bound. */
export const showEvaluation = (e: Evaluation): string => {
  const flipped = evidenceSign[e.evidence] === '≥' ? '≤' : evidenceSign[e.evidence];
  return `−log p ${flipped} ${e.nats.toFixed(4)} ± ${e.standardError.toFixed(4)} nats (${e.bitsPerDim.toFixed(4)} bits/dim)`;
};
