import { positiveInteger } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import { cast, less, mul } from '../core/ops/elementwise.ts';
import { uniform } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { objectiveKind } from './kinds.ts';
import { type AnyObjective, type BatchObjective, isBatchObjective, type Objective } from './objective.ts';

/**
 * Binary pixels drawn from grey levels: given k in 0 … levels − 1 of any shape, each element of the result is 1 with probability k / (levels − 1) and 0
 * otherwise, independently (Salakhutdinov & Murray 2008). The result has the shape of k and the element type real.
 *
 * @example
 * value(binarise(256)(ops.array([0, 255])), { seed: 0 });   // [0, 1]
 */
export const binarise =
  (levels: number) =>
  (k: Expr): D.Draw<Expr> =>
    D.map((u: Expr) => cast(less(u, mul(1 / (levels - 1), k)), 'real'))(D.fromRandom(uniform(k.shape)));

/**
 * An objective of binary data applied to grey levels, which are binarised again at every step (dynamic binarisation, Salakhutdinov & Murray 2008): each pixel is 1 with
 * its grey value as probability.
 *
 * @example
 * dynamicallyBinarised(256)(elbo(dist))
 */
export const dynamicallyBinarised = define(
  objectiveKind,
  {
    type: 'dynamicallyBinarised',
    about: 'Grey levels become coin flips, anew at every step.',
    takes: ['levels'],
    required: { levels: positiveInteger, objective: nested(objectiveKind) },
    build: ({ levels, objective }): AnyObjective<Shape> => dynamicallyBinarised(levels)(objective),
    examples: [
      { levels: 4, objective: { type: 'maximumLikelihood', dist: { type: 'bernoulli', shape: [2], logits: 0.5 } } },
    ],
  },
  (levels: number): Binarised =>
    (<S extends Shape>(objective: AnyObjective<S>): AnyObjective<S> => {
      const spec = { type: 'dynamicallyBinarised', levels, objective: objective.spec };
      if (!isBatchObjective(objective))
        return { ...objective, spec, loss: (k) => D.chain((x: Expr) => objective.loss(x))(binarise(levels)(k)) };
      const flips = D.vmapDraw((k) => D.map((x: Expr): readonly Expr[] => [x])(binarise(levels)(k)));
      return {
        ...objective,
        spec,
        batchLoss: (batch) => D.chain(([x]: readonly Expr[]) => objective.batchLoss(x))(flips(batch)),
      };
    }) as Binarised,
);

/** From objectives of binary events to objectives of grey ones; a loss of batches stays one. */
interface Binarised {
  <S extends Shape>(objective: Objective<S>): Objective<S>;
  <S extends Shape>(objective: BatchObjective<S>): BatchObjective<S>;
  <S extends Shape>(objective: AnyObjective<S>): AnyObjective<S>;
}
