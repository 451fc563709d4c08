/** Conditional distributions as distributions of rows (x, c): what tables, checkpoints and evaluations are made of. */

import { approximationOf, refinedOf } from '../algebra/approximation.ts';
import { capability, type Having, having } from '../algebra/capability.ts';
import { type Conditional, distGiven, logDensityGiven } from '../algebra/conditional.ts';
import { type AnyContext, type Context, type ContextValue, contextOfVector, contextSize, isClasses, showContext } from '../algebra/context.ts'; // biome-ignore format: one import
import { type AnyDist, type Dist, distFrom } from '../algebra/dist.ts';
import { conditionalKind, distributionKind } from '../algebra/kinds.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { ofRow } from '../distributions/jointly.ts';

/**
 * The capability of a distribution of rows (x, context) that contains a conditional distribution, whose context can then be chosen.
 *
 * @example
 * has(conditioned, rowsGiven(conditionalNormal([3], [2])));   // true
 */
export const conditioned = capability<Conditional<Context, Shape>>()('conditioned');

/**
 * The conditional distribution as a distribution of rows (x, c) of events and contexts, flattened, as `pairs` makes them: its log-density is log p(x | c) nats, so that evaluating it measures the
 * conditional distribution. Nothing is said of c: it has no sampler; {@link atContext} has one. Parameters stand where those of the conditional distribution stand.
 *
 * @example
 * const rows = rowsGiven(conditionalNormal([3], [2]));   // rows of 5 numbers
 */
export const rowsGiven = define(
  distributionKind,
  {
    type: 'rowsGiven',
    about: 'A conditional distribution over rows of event and context.',
    takes: ['of'],
    required: { of: nested(conditionalKind) },
    build: ({ of }): AnyDist => rowsGiven(of),
    examples: [{ of: { type: 'parametrised', family: 'normal', context: [2], event: [1] } }],
  },
  <E>(part: Conditional<Context, Shape, E>): Dist<readonly [number], Omit<E, 'samples'>> & Having<typeof conditioned> =>
    having(
      conditioned,
      part,
    )(
      distFrom<readonly [number], Omit<E, 'samples'>>({
        shape: [sizeOf(part.event) + contextSize(part.context)],
        spec: { type: 'rowsGiven', of: part.spec },
        evidence: part.evidence,
        approximation: approximationOf([part], () => rowsGiven(refinedOf(part))),
        logDensity: (row) => {
          const { x, c } = ofRow(part, row);
          return logDensityGiven(part, contextOfVector(part.context, c) as AnyContext, x);
        },
      }),
    ),
);

/**
 * A conditional distribution at a context, given as numbers or as the number of a class. Throws `ShapeError` where the numbers do not fill the context, `ArgumentError` where there is
 * no such class.
 *
 * @example
 * atContext(conditionalNormal([3], [2]), [0, 1, 0]).shape;   // [2]
 */
export const atContext = (
  part: Conditional<Context, Shape>,
  given: readonly number[] | { readonly class: number },
): AnyDist => {
  const { context } = part;
  const size = contextSize(context);
  const vector = (): Expr => {
    if (!('class' in given))
      return given.length === size
        ? o.constant([...given])
        : raise('ShapeError', 'given', `what is given is ${showContext(context)}`, {
            expected: `${size} ${size === 1 ? 'number' : 'numbers'}`,
            got: `${given.length}`,
          });
    const k = given.class;
    return isClasses(context) && Number.isInteger(k) && k >= 0 && k < context.classes
      ? o.constant(Array.from({ length: context.classes }, (_, i) => (i === k ? 1 : 0)))
      : raise('ArgumentError', 'class', isClasses(context) ? 'there is no such class' : 'the context is not a class', {
          expected: isClasses(context) ? `0 … ${context.classes - 1}` : showContext(context),
          got: `${k}`,
        });
  };
  return distGiven(part, contextOfVector(context, vector()) as ContextValue<Context>);
};
