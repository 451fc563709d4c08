/** Adam, and Adam with decoupled decay. */

import { nonNegative } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import * as o from '../../core/ops/index.ts';
import { nested } from '../../core/specification.ts';
import { optimizerKind, selectorKind } from '../kinds.ts';
import { rateCodec } from '../rate-codec.ts';
import { type Schedule, toSchedule } from '../schedule.ts';
import { everything, type Selector } from '../selector.ts';
import { fromZero, share } from './arguments.ts';
import { decayed } from './decayed.ts';
import type { Optimizer } from './optimizer.ts';

/** Options of {@link adam} and {@link adamW}. */
export interface AdamOptions {
  readonly learningRate?: Schedule | number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/**
 * Adam (Kingma & Ba 2015, arXiv:1412.6980, algorithm 1), bias-corrected: m ← β₁ m + (1−β₁) g; v ← β₂ v + (1−β₂) g²; at move t (from 1)
 * θ ← θ − lr m̂ / (√v̂ + ε), m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ). Slots: `first moment`, `second moment`. Coefficients are computed in double
 * precision on the host. Throws `ArgumentError` where a β is outside [0, 1) or ε negative.
 *
 * @example
 * const optimizer = adam({ learningRate: cosine(1e-3, 5_000) });
 */
export const adam = define(
  optimizerKind,
  {
    type: 'adam',
    about: 'Adam.',
    optional: { learningRate: rateCodec, beta1: nonNegative, beta2: nonNegative, epsilon: nonNegative },
    examples: [
      { learningRate: { type: 'constant', value: 0.01 }, beta1: 0.8, beta2: 0.99, epsilon: 1e-8 },
      { learningRate: { type: 'cosine', from: 0.01, steps: 100 } },
    ],
  },
  ({ learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions = {}): Optimizer => {
    const rate = toSchedule(learningRate);
    share('adam', 'beta1', beta1);
    share('adam', 'beta2', beta2);
    fromZero('adam', 'epsilon', epsilon);
    return {
      spec: { type: 'adam', learningRate: rate.spec, beta1, beta2, epsilon },
      slots: ['first moment', 'second moment'],
      coefficients: ['step size', 'epsilon'],
      // The state carries M = m/(1−β₁) and V = v/(1−β₂), so that θ ← θ − a M/(√V + e) takes four passes fewer than the textbook form.
      at: (t, told) => {
        const c1 = (1 - beta1) / (1 - beta1 ** (t + 1));
        const c2 = Math.sqrt((1 - beta2) / (1 - beta2 ** (t + 1)));
        return [(rate.at(t, told) * c1) / c2, epsilon / c2];
      },
      learningRate: rate,
      withRate: (r) => adam({ learningRate: r, beta1, beta2, epsilon }),
      update: (g, parameters, [m, v], [a, e]) => {
        const first = o.add(o.mul(beta1, m), g);
        const second = o.add(o.mul(beta2, v), o.mul(g, g));
        const step = o.div(o.mul(a, first), o.add(o.sqrt(second), e));
        return { parameters: o.sub(parameters, step), state: [first, second] };
      },
    };
  },
);

/** Options of {@link adamW}. */
export interface AdamWOptions extends AdamOptions {
  /** λ (default 0.01). */
  readonly weightDecay?: number;
  /** The parameters that decay (default: all that are trained). */
  readonly on?: Selector;
}

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2): θ ← (1 − lr·λ) θ − Adam's step, the decay on the selected
 * parameters alone. The same numbers as `decayed({ rate, on })(adam(…))`. Throws `ArgumentError` where λ is negative.
 *
 * @example
 * const optimizer = adamW({ weightDecay: 0.1, on: kind('kernel') });
 */
export const adamW = define(
  optimizerKind,
  {
    type: 'adamW',
    about: 'Adam with decoupled weight decay.',
    optional: {
      learningRate: rateCodec,
      beta1: nonNegative,
      beta2: nonNegative,
      epsilon: nonNegative,
      weightDecay: nonNegative,
      on: nested(selectorKind),
    },
    examples: [
      {
        learningRate: { type: 'constant', value: 0.01 },
        beta1: 0.8,
        beta2: 0.99,
        epsilon: 1e-8,
        weightDecay: 0.01,
        on: { type: 'kind', kinds: ['kernel'] },
      },
    ],
  },
  ({ weightDecay = 1e-2, on = everything, ...options }: AdamWOptions = {}): Optimizer => {
    const inner = adam(options);
    return {
      ...decayed({ rate: weightDecay, on })(inner),
      spec: { ...inner.spec, type: 'adamW', weightDecay, ...(on === everything ? {} : { on: on.spec }) },
      withRate: (r) => adamW({ ...options, learningRate: r, weightDecay, on }),
    };
  },
);
