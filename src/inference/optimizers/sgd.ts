/** Stochastic gradient descent, plain and with momentum. */
import { knownOptions } from '../../core/known-options.ts';
import * as o from '../../core/ops/index.ts';
import { type Schedule, toSchedule } from '../schedule.ts';
import { share } from './arguments.ts';
import type { Optimizer } from './optimizer.ts';

/** Options of {@link sgd}. */
export interface SgdOptions {
  readonly learningRate?: Schedule | number;
  readonly momentum?: number;
}

/** u ← β u + g; θ ← θ − lr u, or θ ← θ − lr (g + β u) with Nesterov's look ahead; without β there is no u. */
const descent = (rate: Schedule, beta: number, nesterov: boolean): Omit<Optimizer, 'spec'> => ({
  slots: beta > 0 ? ['velocity'] : [],
  coefficients: ['rate'],
  at: (t, told) => [rate.at(t, told)],
  learningRate: rate,
  update: (g, parameters, [u], [lr]) => {
    const velocity = u === undefined ? g : o.add(o.mul(beta, u), g);
    const step = nesterov ? o.add(g, o.mul(beta, velocity)) : velocity;
    return { parameters: o.sub(parameters, o.mul(lr, step)), state: u === undefined ? [] : [velocity] };
  },
});

/**
 * Stochastic gradient descent (Robbins & Monro 1951), with heavy-ball momentum where `momentum` > 0: u ← μ u + g; θ ← θ − lr u. Slots: `velocity` where
 * there is momentum. Throws `ArgumentError` where μ is outside [0, 1).
 *
 * @example
 * const optimizer = sgd({ learningRate: 1e-2 });
 */
export const sgd = (options: SgdOptions = {}): Optimizer => {
  const { learningRate = 1e-2, momentum = 0 } = knownOptions('sgd', options, { learningRate: true, momentum: true });
  const rate = toSchedule(learningRate);
  return {
    ...descent(rate, share('sgd', 'momentum', momentum), false),
    spec: { type: 'sgd', learningRate: rate.spec, momentum },
    withRate: (r) => sgd({ learningRate: r, momentum }),
  };
};

/** Options of {@link momentum}. */
export interface MomentumOptions {
  readonly learningRate?: Schedule | number;
  /** β, the share of the velocity that is kept (default 0.9). */
  readonly beta?: number;
  /** Takes the gradient's step from where the velocity leads (default no). */
  readonly nesterov?: boolean;
}

/**
 * Descent with a heavy ball (Polyak 1964): u ← β u + g; θ ← θ − lr u. With `nesterov` θ ← θ − lr (g + β u), Nesterov's accelerated gradient in the variables
 * of Sutskever et al. 2013 (as PyTorch writes it). On a quadratic of curvature λ, θ(t+1) = (1 + β − lr λ) θ(t) − β θ(t−1). Slot: `velocity`. Throws
 * `ArgumentError` where β is outside [0, 1).
 *
 * @example
 * const optimizer = momentum({ learningRate: 1e-2, nesterov: true });
 */
export const momentum = (options: MomentumOptions = {}): Optimizer => {
  const {
    learningRate = 1e-2,
    beta = 0.9,
    nesterov = false,
  } = knownOptions('momentum', options, { learningRate: true, beta: true, nesterov: true });
  const rate = toSchedule(learningRate);
  return {
    ...descent(rate, share('momentum', 'beta', beta), nesterov),
    spec: { type: 'momentum', learningRate: rate.spec, beta, nesterov },
    withRate: (r) => momentum({ learningRate: r, beta, nesterov }),
  };
};
