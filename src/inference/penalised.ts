/** An objective with a price on its parameters. */
import { opaque } from '../algebra/spec.ts';
import { reach } from '../core/differentiate/reach.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { parametersOf } from '../core/program.ts';
import { type Shape, showShape } from '../core/shape.ts';
import type { Objective } from './objective.ts';

/**
 * What a parameter costs, in the loss's units: a scalar expression of its name and its free (unconstrained) value θ, or nothing for one that costs nothing.
 */
export type Penalty = (name: string, parameter: Expr) => Expr | undefined;

/**
 * An objective plus penalties: loss(x) + Σ penalty(name, θ) over the parameters that the loss can move (not over those it reads as constants, nor buffers), each
 * once whatever the number of times that it is read. For each event the same sum, so the mean over a batch has it once. −loss stays a bound on log p(x)
 * where it was one only if penalties are not negative, which nothing checks: the evidence is `none`. Its specification is opaque: a function has no JSON.
 * `spectralPenalty` is one that can be read back. Throws `ShapeError` where a penalty is no scalar. Cost: that of the penalties, once a step.
 *
 * @example
 * const ridge = penalised(maximumLikelihood(realNVP), (name, w) => (name.endsWith('kernel') ? ops.mul(1e-4, ops.sum(ops.square(w))) : undefined));
 */
export const penalised = <S extends Shape>(objective: Objective<S>, penalty: Penalty): Objective<S> => ({
  ...objective,
  spec: { ...opaque('penalised', 'a penalty is a function'), objective: objective.spec },
  evidence: 'none',
  loss: (x) =>
    D.map((loss: Expr) => {
      // A parameter may be read several times, as itself and as a constant.
      const moved = new Set([...reach([loss])].flatMap((e) => (e.op === 'parameter' ? [e.attributes.name] : [])));
      const prices = parametersOf([loss]).flatMap((p) => {
        if (!moved.has(p.attributes.name)) return [];
        const price = penalty(p.attributes.name, p);
        if (price !== undefined && price.shape.length > 0)
          raise('ShapeError', `penalised/${p.attributes.name}`, 'a penalty is one number: sum it', { expected: '[]', got: showShape(price.shape) }); // biome-ignore format: one sentence
        return price === undefined ? [] : [price];
      });
      return o.addAll([loss, ...prices]);
    })(objective.loss(x)),
});
