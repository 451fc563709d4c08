/** Distributions of the directions along which sliced score matching looks; their second moment is part of the type. */
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import * as R from '../../core/random.ts';
import type { Shape } from '../../core/shape.ts';

/** What E[v vᵀ] is: the identity, or the identity over the dimension D. */
export type SecondMoment = 'E[v vᵀ] = I' | 'E[v vᵀ] = I/D';

/** A distribution of random directions of an event's shape. */
export interface Projection<out M extends SecondMoment = SecondMoment> {
  readonly name: 'rademacher' | 'gaussian' | 'sphere';
  readonly secondMoment: M;
  readonly draw: (shape: Shape) => R.Random<Expr>;
}

/**
 * Directions of independent signs ±1, each with probability ½. Of all projections with E[v vᵀ] = I the one whose quadratic forms vᵀAv vary least; the variance is zero
 * for a diagonal A (Hutchinson 1990).
 *
 * @example
 * const objective = slicedScoreMatching({ projection: rademacher });
 */
export const rademacher: Projection<'E[v vᵀ] = I'> = {
  name: 'rademacher',
  secondMoment: 'E[v vᵀ] = I',
  draw: R.rademacher,
};

/**
 * Directions of independent standard normal numbers: E[v vᵀ] = I.
 *
 * @example
 * const objective = slicedScoreMatching({ projection: gaussian });
 */
export const gaussian: Projection<'E[v vᵀ] = I'> = { name: 'gaussian', secondMoment: 'E[v vᵀ] = I', draw: R.normal };

/**
 * Directions of length 1, uniform on the sphere: E[v vᵀ] = I/D, so a sliced loss is 1/D of that with the other projections.
 *
 * @example
 * sphere.secondMoment;   // 'E[v vᵀ] = I/D'
 */
export const sphere: Projection<'E[v vᵀ] = I/D'> = {
  name: 'sphere',
  secondMoment: 'E[v vᵀ] = I/D',
  draw: (shape) => R.map((v: Expr) => o.div(v, o.sqrt(o.dot(v, v))))(R.normal(shape)),
};
