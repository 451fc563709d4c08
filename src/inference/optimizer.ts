/**
 * Optimisers as values: what they carry, what the host computes for a step, and one update of the flat parameter vector.
 *
 * Small parameters are one vector and large ones a vector each, so an update is a dozen operations for most models. What an optimiser asks of all
 * gradients at once, such as their norm, it says apart from its update, which works number by number.
 */
import type { Spec } from '../algebra/spec.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Schedule, toSchedule } from './schedule.ts';

/** State vectors (of the parameters' size) and host-computed coefficients around one pure update. */
export interface Optimizer {
  readonly spec: Spec;
  /** Names of the state vectors; each starts at zero. */
  readonly slots: readonly string[];
  /** Names of the coefficients, for reading. */
  readonly coefficients: readonly string[];
  /** The coefficients at a step (0, 1, …). */
  readonly at: (step: number) => readonly number[];
  /** What is done to all gradients together before the update: vectors to vectors of the same sizes (default: nothing). */
  readonly together?: (gradients: readonly Expr[]) => readonly Expr[];
  /**
   * One step of one vector of parameters: from gradient, parameters, state and this step's coefficients to the new parameters and state. The new
   * value of a number depends on that number's gradient and state alone: how parameters are grouped into vectors must not matter.
   */
  readonly update: (
    gradient: Expr,
    parameters: Expr,
    state: readonly Expr[],
    coefficients: readonly Expr[],
  ) => { readonly parameters: Expr; readonly state: readonly Expr[] };
}

/** Options of {@link sgd}. */
export interface SgdOptions {
  readonly learningRate?: Schedule | number;
  readonly momentum?: number;
}

/** Stochastic gradient descent, with heavy-ball momentum where `momentum` > 0: u ← μ u + g; θ ← θ − lr u. */
export const sgd = ({ learningRate = 1e-2, momentum = 0 }: SgdOptions = {}): Optimizer => {
  const rate = toSchedule(learningRate);
  return {
    spec: { type: 'sgd', learningRate: rate.spec, momentum },
    slots: momentum > 0 ? ['velocity'] : [],
    coefficients: ['rate'],
    at: (t) => [rate.at(t)],
    update: (g, parameters, [u], [lr]) => {
      const velocity = u === undefined ? g : o.add(o.mul(momentum, u), g);
      return { parameters: o.sub(parameters, o.mul(lr, velocity)), state: u === undefined ? [] : [velocity] };
    },
  };
};

/** Options of {@link adam} and {@link adamW}. */
export interface AdamOptions {
  readonly learningRate?: Schedule | number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

const adamWith = (
  type: string,
  { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
  weightDecay: number,
): Optimizer => {
  const rate = toSchedule(learningRate);
  return {
    spec: { type, learningRate: rate.spec, beta1, beta2, epsilon, ...(type === 'adamW' ? { weightDecay } : {}) },
    slots: ['first moment', 'second moment'],
    coefficients: ['step size', 'epsilon', 'decay'],
    // The state carries M = m/(1−β₁) and V = v/(1−β₂), so that θ ← θ − a M/(√V + e) takes four passes fewer than the textbook form.
    at: (t) => {
      const c1 = (1 - beta1) / (1 - beta1 ** (t + 1));
      const c2 = Math.sqrt((1 - beta2) / (1 - beta2 ** (t + 1)));
      return [(rate.at(t) * c1) / c2, epsilon / c2, 1 - rate.at(t) * weightDecay];
    },
    update: (g, parameters, [m, v], [a, e, decay]) => {
      const first = o.add(o.mul(beta1, m), g);
      const second = o.add(o.mul(beta2, v), o.mul(g, g));
      const step = o.div(o.mul(a, first), o.add(o.sqrt(second), e));
      const shrunk = weightDecay > 0 ? o.mul(decay, parameters) : parameters;
      return { parameters: o.sub(shrunk, step), state: [first, second] };
    },
  };
};

/** Adam (Kingma & Ba 2015, arXiv:1412.6980, algorithm 1), bias-corrected; coefficients are computed in double precision on the host. */
export const adam = (options: AdamOptions = {}): Optimizer => adamWith('adam', options, 0);

/** Adam with decoupled weight decay (Loshchilov & Hutter 2019): θ ← (1 − lr·λ) θ − Adam's step. */
export const adamW = ({
  weightDecay = 1e-2,
  ...options
}: AdamOptions & { readonly weightDecay?: number } = {}): Optimizer => adamWith('adamW', options, weightDecay);

/** Scales the gradient so that its Euclidean norm over all parameters is at most `norm`, then updates (Pascanu et al. 2013). */
export const clipByGlobalNorm =
  (norm: number) =>
  (inner: Optimizer): Optimizer => ({
    ...inner,
    spec: { type: 'clipByGlobalNorm', norm, optimizer: inner.spec },
    together: (gradients) => {
      const length = o.sqrt(gradients.map((g) => o.sum(o.square(g))).reduce((a, b) => o.add(a, b)));
      const clipped = gradients.map((g) => o.mul(g, o.div(norm, o.max(length, norm))));
      return inner.together?.(clipped) ?? clipped;
    },
  });
