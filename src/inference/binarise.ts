import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import { cast, less, mul } from '../core/ops/elementwise.ts';
import { uniform } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { type AnyObjective, type BatchObjective, isBatchObjective, type Objective } from './objective.ts';

/** Grey levels 0 … levels−1 as coin flips with chance k/(levels−1) of a one. */
export const binarise =
  (levels: number) =>
  (k: Expr): D.Draw<Expr> =>
    D.map((u: Expr) => cast(less(u, mul(1 / (levels - 1), k)), 'real'))(D.fromRandom(uniform(k.shape)));

/**
 * An objective of binary data on grey levels, binarised anew at every step (dynamic binarisation, Salakhutdinov & Murray 2008): each pixel is 1 with
 * its grey value as probability.
 *
 * @example
 * dynamicallyBinarised(256)(elbo(dist))
 */
export const dynamicallyBinarised = (levels: number): Binarised =>
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
  }) as Binarised;

/** From objectives of binary events to objectives of grey ones; a loss of batches stays one. */
interface Binarised {
  <S extends Shape>(objective: Objective<S>): Objective<S>;
  <S extends Shape>(objective: BatchObjective<S>): BatchObjective<S>;
  <S extends Shape>(objective: AnyObjective<S>): AnyObjective<S>;
}
