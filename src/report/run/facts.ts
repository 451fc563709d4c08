import type { Evidence } from '../../algebra/evidence.ts';
import { sizeOf } from '../../core/shape.ts';
import type { Dataset } from '../../data/dataset.ts';
import { type Evaluation, showApproximation } from '../../inference/evaluate.ts';
import type { ReportRecord } from '../report-html.ts';

const signed = (x: number): string => `${x < 0 ? '−' : '+'}${Math.abs(x).toFixed(4)}`;

const kinds: { readonly [E in Evidence]: string } = {
  exact: 'exact',
  unbiased: 'an unbiased estimate',
  bound: 'an upper bound',
  'mean bound': 'an upper bound',
  summed: 'exact, with a normaliser that was summed',
  estimated: 'up to the error of an estimated normaliser',
  unnormalised: 'up to a constant: no likelihood',
  none: 'unknown',
};

/** The test result as facts, with what kind of number it is. */
export const evaluationFacts = (e: Evaluation, data: Dataset): ReportRecord['facts'] => {
  const kind = [kinds[e.evidence], ...(e.approximation === undefined ? [] : [showApproximation(e.approximation)])].join(
    '; ',
  );
  const events = `${e.events.toLocaleString('en-US')} events, ${kind}`;
  const nats = (x: number): string => `${x.toFixed(4)} nats`;
  const known = [
    ...(e.entropy === undefined
      ? []
      : [{ label: 'Entropy of the data', value: nats(e.entropy), hint: 'the least possible' }]),
    ...(e.gap === undefined
      ? []
      : [{ label: 'Gap to the entropy', value: nats(e.gap).replace(/^.*? /, `${signed(e.gap)} `) }]),
  ];
  const error = e.standardError.toFixed(4);
  return data.levels === undefined
    ? [{ label: 'Test −log p', value: nats(e.nats), hint: `± ${error}, ${events}` }, ...known]
    : [
        {
          label: 'Test bits/dim',
          value: e.bitsPerDim.toFixed(4),
          hint: `± ${(e.standardError / (sizeOf(data.shape) * Math.LN2)).toFixed(4)}, ${events}`,
        },
        { label: 'Test −log P', value: `${e.nats.toFixed(1)} nats`, hint: 'of an event' },
        ...known,
      ];
};
