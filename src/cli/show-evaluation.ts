/** An evaluation for people: the number, what kind of number it is, and how far it is from the best possible. */
import { signOf } from '../algebra/evidence.ts';
import { type Evaluation, showApproximation } from '../inference/evaluate.ts';
import { count } from './style.ts';

const kinds = {
  exact: 'exact',
  bound: 'an upper bound',
  unbiased: 'an unbiased estimate',
  'mean bound': 'an upper bound',
  summed: 'exact',
  estimated: 'an estimate',
  unnormalised: 'up to a constant',
  none: 'unknown',
} as const;

/** Rows `label, value`: −log p, and where known entropy and gap; bits a dimension where data are levels. */
export const evaluationRows = (e: Evaluation, levels: number | undefined): [string, string][] => {
  const sign = signOf(e.evidence, { approximate: e.approximation !== undefined, negative: true });
  const kind = `${kinds[e.evidence]}, ${count(e.events)} events`;
  const bitsError = (e.standardError * e.bitsPerDim) / e.nats;
  const number =
    levels === undefined
      ? `−log p ${sign} ${e.nats.toFixed(4)} ± ${e.standardError.toFixed(4)} nats (${kind})`
      : `${sign} ${e.bitsPerDim.toFixed(4)} ± ${Math.abs(bitsError).toFixed(4)} bits/dim, −log P ${sign} ${e.nats.toFixed(1)} nats (${kind})`;
  return [
    ['test', number],
    ...(e.approximation === undefined
      ? []
      : ([['computed', showApproximation(e.approximation)]] as [string, string][])),
    ...(e.entropy === undefined
      ? []
      : ([['entropy', `${' '.repeat(sign.length + 7)}${e.entropy.toFixed(4)} nats, the least possible`]] as [
          string,
          string,
        ][])),
    ...(e.gap === undefined
      ? []
      : ([['gap', `${' '.repeat(sign.length + 6)}${e.gap < 0 ? '−' : '+'}${Math.abs(e.gap).toFixed(4)} nats`]] as [
          string,
          string,
        ][])),
  ];
};
