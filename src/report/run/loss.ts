import { lossCurve } from '../loss-curve.ts';
import { lossUnit } from './events.ts';
import type { Finder } from './record.ts';

/** The history of training. */
export const training: Finder = async ({ history, test, evaluation }) => {
  const { name: unit, perNat } = lossUnit(test);
  const training = history.map((p) => ({ step: p.step, value: p.loss * perNat }));
  const validation = history.flatMap((p) =>
    p.validation === undefined ? [] : [{ step: p.step, value: p.validation * perNat }],
  );
  const bound = evaluation.evidence === 'exact' ? '−log p' : 'an upper bound on −log p';
  return {
    figures: [
      {
        name: 'loss',
        title: 'Training',
        caption: `The mean of ${bound} over the examples of each batch, in ${unit}.${
          evaluation.entropy === undefined ? '' : ' No model can stay below the entropy of the law the data come from.'
        }`,
        svg: lossCurve({
          unit,
          series: [
            { name: 'training', points: training },
            ...(validation.length === 0 ? [] : [{ name: 'validation', points: validation }]),
          ],
          ...(evaluation.entropy === undefined
            ? { reference: { value: evaluation.nats * perNat, label: 'test' } }
            : { reference: { value: evaluation.entropy * perNat, label: 'entropy' } }),
        }),
      },
    ],
  };
};
