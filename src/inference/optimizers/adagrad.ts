/** Adagrad. */
import { knownOptions } from '../../core/known-options.ts';
import * as o from '../../core/ops/index.ts';
import { type Schedule, toSchedule } from '../schedule.ts';
import { above } from './arguments.ts';
import type { Optimizer } from './optimizer.ts';

/** Options of {@link adagrad}. */
export interface AdagradOptions {
  readonly learningRate?: Schedule | number;
  /** ε (default 1e-10). */
  readonly epsilon?: number;
}

/**
 * Adagrad (Duchi, Hazan & Singer 2011, with a diagonal matrix): G ← G + g²; θ ← θ − lr g / (√G + ε). The first step is lr · sign g; later ones
 * shrink like 1/√t under a steady gradient. Slot: `sum of squares`. Throws `ArgumentError` where ε is not positive.
 *
 * @example
 * const optimizer = adagrad({ learningRate: 0.1 });
 */
export const adagrad = (options: AdagradOptions = {}): Optimizer => {
  const { learningRate = 1e-2, epsilon = 1e-10 } = knownOptions('adagrad', options, {
    learningRate: true,
    epsilon: true,
  });
  const rate = toSchedule(learningRate);
  above('adagrad', 'epsilon', epsilon);
  return {
    spec: { type: 'adagrad', learningRate: rate.spec, epsilon },
    slots: ['sum of squares'],
    coefficients: ['rate'],
    at: (t, told) => [rate.at(t, told)],
    learningRate: rate,
    withRate: (r) => adagrad({ learningRate: r, epsilon }),
    update: (g, parameters, [sum], [lr]) => {
      const total = o.add(sum, o.mul(g, g));
      return {
        parameters: o.sub(parameters, o.div(o.mul(lr, g), o.add(o.sqrt(total), epsilon))),
        state: [total],
      };
    },
  };
};
