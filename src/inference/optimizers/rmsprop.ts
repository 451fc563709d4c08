/** RMSProp. */
import { knownOptions } from '../../core/known-options.ts';
import * as o from '../../core/ops/index.ts';
import { type Schedule, toSchedule } from '../schedule.ts';
import { above, share } from './arguments.ts';
import type { Optimizer } from './optimizer.ts';

/** Options of {@link rmsprop}. */
export interface RmspropOptions {
  readonly learningRate?: Schedule | number;
  /** ρ, the share of the averages that is kept (default 0.99). */
  readonly decay?: number;
  /** ε (default 1e-8). */
  readonly epsilon?: number;
  /** Divides by the gradient's standard deviation instead of its root mean square (default no). */
  readonly centred?: boolean;
}

/**
 * RMSProp (Tieleman & Hinton 2012, lecture 6.5): v ← ρ v + (1−ρ) g²; θ ← θ − lr g / (√v + ε). `centred` (Graves 2013, arXiv:1308.0850, eqs. 38–45):
 * m ← ρ m + (1−ρ) g and √(v − m²) in place of √v, not below 0 by rounding. The averages start at zero and are not corrected, so first steps are
 * 1/√(1−ρ) times larger. Slots: `mean square`, and `mean` where centred. Throws `ArgumentError` where ρ is outside [0, 1) or ε not positive.
 *
 * @example
 * const optimizer = rmsprop({ learningRate: 1e-3, centred: true });
 */
export const rmsprop = (options: RmspropOptions = {}): Optimizer => {
  const {
    learningRate = 1e-2,
    decay = 0.99,
    epsilon = 1e-8,
    centred = false,
  } = knownOptions('rmsprop', options, { learningRate: true, decay: true, epsilon: true, centred: true });
  const rate = toSchedule(learningRate);
  share('rmsprop', 'decay', decay);
  above('rmsprop', 'epsilon', epsilon);
  return {
    spec: { type: 'rmsprop', learningRate: rate.spec, decay, epsilon, centred },
    slots: ['mean square', ...(centred ? ['mean'] : [])],
    coefficients: ['rate'],
    at: (t, told) => [rate.at(t, told)],
    learningRate: rate,
    withRate: (r) => rmsprop({ learningRate: r, decay, epsilon, centred }),
    update: (g, parameters, [v, m], [lr]) => {
      const square = o.add(o.mul(decay, v), o.mul(1 - decay, o.mul(g, g)));
      const mean = m === undefined ? undefined : o.add(o.mul(decay, m), o.mul(1 - decay, g));
      const spread = mean === undefined ? square : o.max(o.sub(square, o.mul(mean, mean)), 0);
      return {
        parameters: o.sub(parameters, o.div(o.mul(lr, g), o.add(o.sqrt(spread), epsilon))),
        state: [square, ...(mean === undefined ? [] : [mean])],
      };
    },
  };
};
