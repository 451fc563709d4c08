import type { Evidence } from '../../algebra/evidence.ts';
import { lossCurve } from '../loss-curve.ts';
import { lossUnit } from './events.ts';
import type { Finder } from './record.ts';

/** The history of training. */
export const training: Finder = async ({ history, test, evaluation, objective }) => {
  const isDensity = objective.evidence !== 'none' && objective.evidence !== 'unnormalised';
  const { name: unit, perNat } = lossUnit(test, objective.evidence);
  const training = history.map((p) => ({ step: p.step, value: p.loss * perNat }));
  const validation = history.flatMap((p) =>
    p.validation === undefined ? [] : [{ step: p.step, value: p.validation * perNat }],
  );
  const meaning: { readonly [E in Evidence]: string } = {
    exact: '−log p',
    unbiased: 'an unbiased estimate of −log p',
    bound: 'an upper bound on −log p',
    'mean bound': 'an upper bound on −log p',
    summed: '−log p',
    estimated: 'an estimate of −log p',
    unnormalised: `the loss of ${objective.name}`,
    none: `the loss of ${objective.name}, which is no likelihood,`,
  };
  return {
    figures: [
      {
        name: 'loss',
        title: 'Training',
        caption: `The mean of ${meaning[objective.evidence]} over the examples of each batch${unit === '' ? '' : `, in ${unit}`}.${
          evaluation.entropy === undefined || !isDensity
            ? ''
            : ' No model can stay below the entropy of the distribution the data come from.'
        }`,
        svg: lossCurve({
          unit,
          series: [
            { name: 'training', points: training },
            ...(validation.length === 0 ? [] : [{ name: 'validation', points: validation }]),
          ],
          ...(!isDensity
            ? {}
            : evaluation.entropy === undefined
              ? { reference: { value: evaluation.nats * perNat, label: 'test' } }
              : { reference: { value: evaluation.entropy * perNat, label: 'entropy' } }),
        }),
      },
    ],
  };
};
