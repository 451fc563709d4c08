/** Clipping: gradients made smaller before the update. */

import type { Spec } from '../../algebra/spec.ts';
import { positiveNumber } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { nested } from '../../core/specification.ts';
import { optimizerKind } from '../kinds.ts';
import { above } from './arguments.ts';
import { rateAgain } from './around.ts';
import type { Optimizer, OptimizerTransformation } from './optimizer.ts';

/** The inner optimiser, applied to the gradients after `change`. */
const before = (
  inner: Optimizer,
  again: OptimizerTransformation,
  spec: Spec,
  change: (gradients: readonly Expr[]) => readonly Expr[],
): Optimizer => ({
  ...inner,
  ...rateAgain(inner, again),
  spec,
  together: (gradients) => {
    const changed = change(gradients);
    return inner.together?.(changed) ?? changed;
  },
});

/**
 * Scales the gradient so that its Euclidean norm over all parameters that are moved is at most `norm`, then updates (Pascanu et al. 2013):
 * g ← g · c / max(‖g‖, c). Its direction is kept. Throws `ArgumentError` where the norm is not positive.
 *
 * @example
 * const optimizer = pipe(adam(), clipByGlobalNorm(1));
 */
export const clipByGlobalNorm = define(
  optimizerKind,
  {
    type: 'clipByGlobalNorm',
    about: 'Gradients scaled down to a norm.',
    required: { norm: positiveNumber, optimizer: nested(optimizerKind) },
    takes: ['norm'],
    build: ({ optimizer, ...rest }): Optimizer => clipByGlobalNorm(rest.norm)(optimizer),
    examples: [{ norm: 10, optimizer: { type: 'adam', learningRate: { type: 'constant', value: 0.01 } } }],
  },
  (norm: number): OptimizerTransformation =>
    (inner) =>
      before(
        inner,
        clipByGlobalNorm(above('clipByGlobalNorm', 'norm', norm)),
        { type: 'clipByGlobalNorm', norm, optimizer: inner.spec },
        (gradients) => {
          const length = o.sqrt(gradients.map((g) => o.sum(o.square(g))).reduce((a, b) => o.add(a, b)));
          return gradients.map((g) => o.mul(g, o.div(norm, o.max(length, norm))));
        },
      ),
);

/**
 * Each number of the gradient between −`limit` and `limit`, then the update: g ← min(max(g, −c), c). Its direction may change. Throws `ArgumentError` where
 * the limit is not positive.
 *
 * @example
 * const optimizer = pipe(sgd(), clipByValue(0.5));
 */
export const clipByValue = define(
  optimizerKind,
  {
    type: 'clipByValue',
    about: 'Gradients cut off number by number.',
    required: { limit: positiveNumber, optimizer: nested(optimizerKind) },
    takes: ['limit'],
    build: ({ optimizer, ...rest }): Optimizer => clipByValue(rest.limit)(optimizer),
    examples: [{ limit: 1, optimizer: { type: 'adam', learningRate: { type: 'constant', value: 0.01 } } }],
  },
  (limit: number): OptimizerTransformation =>
    (inner) =>
      before(
        inner,
        clipByValue(above('clipByValue', 'limit', limit)),
        { type: 'clipByValue', limit, optimizer: inner.spec },
        (gradients) => gradients.map((g) => o.min(o.max(g, -limit), limit)),
      ),
);
