/** Lion. */
import { knownOptions } from '../../core/known-options.ts';
import * as o from '../../core/ops/index.ts';
import { type Schedule, toSchedule } from '../schedule.ts';
import { share } from './arguments.ts';
import type { Optimizer } from './optimizer.ts';

/** Options of {@link lion}. */
export interface LionOptions {
  readonly learningRate?: Schedule | number;
  /** β₁, the share of the average in the step's direction (default 0.9). */
  readonly beta1?: number;
  /** β₂, the share of the average that is kept (default 0.99). */
  readonly beta2?: number;
}

/**
 * Lion (Chen et al. 2023, arXiv:2302.06675, program 1): θ ← θ − lr sign(β₁ m + (1−β₁) g), then m ← β₂ m + (1−β₂) g. Every number moves by lr, 0 where
 * the sign is 0: a third to a tenth of Adam's rate suits. The paper's decay is {@link decayed}'s. Slot: `mean`. Throws `ArgumentError` where a β is
 * outside [0, 1).
 *
 * @example
 * const optimizer = pipe(lion({ learningRate: 1e-4 }), decayed({ rate: 0.1 }));
 */
export const lion = (options: LionOptions = {}): Optimizer => {
  const {
    learningRate = 1e-4,
    beta1 = 0.9,
    beta2 = 0.99,
  } = knownOptions('lion', options, { learningRate: true, beta1: true, beta2: true });
  const rate = toSchedule(learningRate);
  share('lion', 'beta1', beta1);
  share('lion', 'beta2', beta2);
  return {
    spec: { type: 'lion', learningRate: rate.spec, beta1, beta2 },
    slots: ['mean'],
    coefficients: ['rate'],
    at: (t, told) => [rate.at(t, told)],
    learningRate: rate,
    withRate: (r) => lion({ learningRate: r, beta1, beta2 }),
    update: (g, parameters, [m], [lr]) => {
      const direction = o.sign(o.add(o.mul(beta1, m), o.mul(1 - beta1, g)));
      return {
        parameters: o.sub(parameters, o.mul(lr, direction)),
        state: [o.add(o.mul(beta2, m), o.mul(1 - beta2, g))],
      };
    },
  };
};
