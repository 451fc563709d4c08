/** Walks over what a distribution was pushed through: places are counted from the base, so that pushing forward once more renames nothing. */
import { pipe } from 'fp-ts/lib/function.js';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import type { AnyDist } from './dist.ts';
import type { Step } from './transport.ts';

type Pushed = NonNullable<AnyDist['pushed']>;

/** How often a distribution was pushed forward. */
const pushes = (dist: AnyDist): number => (dist.pushed === undefined ? 0 : 1 + pushes(dist.pushed.base));

/** The place of a distribution's outermost transport: counted from the base, so that pushing forward once more renames nothing. */
export const placeOf = ({ transport, base }: Pushed): string => `${pushes(base)}.${transport.spec.type}`;

/** One transport's direction at its place. */
export const encodeOnce = (p: Pushed, x: Expr): D.Draw<Step> => D.at(placeOf(p), (s) => p.transport.encode(x)(s));
export const decodeOnce = (p: Pushed, z: Expr): D.Draw<Step> => D.at(placeOf(p), (s) => p.transport.decode(z)(s));

/** A part of the base distribution, at its place and with noise of its own. */
export const onBase = <A>(base: AnyDist, part: D.Draw<A>): D.Draw<A> =>
  base.pushed === undefined ? D.at('base', part) : D.forked(part);

/** A walk through the parts of a distribution as one reading of it, at its place where it has one of its own. */
export const withinDist = <A>(dist: AnyDist, walk: (dist: AnyDist) => D.Draw<A>): D.Draw<A> =>
  dist.named === undefined
    ? D.owned(dist.declaration, walk(dist))
    : D.at(dist.named.place, withinDist(dist.named.dist, walk));

/** What `f` makes of the innermost base distribution and of an event on its side, encoded by every transport; `f` stands where the base stands. */
export const onInnermost = <A>(dist: AnyDist, x: Expr, f: (base: AnyDist, z: Expr) => D.Draw<A>): D.Draw<A> => {
  const { pushed } = dist;
  return withinDist(dist, (inner) =>
    pushed === undefined
      ? f(inner, x)
      : pipe(
          encodeOnce(pushed, x),
          D.chain((step) => onBase(pushed.base, onInnermost(pushed.base, step.value, f))),
        ),
  );
};

/**
 * An event on the side of the innermost base distribution: through every transport it was pushed by.
 *
 * @example
 * encodeToBase(pipe(standardNormal([2]), pushforward(scale(3))), ops.constant([3, 6]));   // [1, 2]
 */
export const encodeToBase = (dist: AnyDist, x: Expr): D.Draw<Expr> => onInnermost(dist, x, (_, z) => D.of(z));

/**
 * The event that a point on the side of the innermost base distribution is decoded to: through every transport it was pushed by.
 *
 * @example
 * decodeFromBase(pipe(standardNormal([2]), pushforward(scale(3))), ops.constant([1, 2]));   // [3, 6]
 */
export const decodeFromBase = (dist: AnyDist, z: Expr): D.Draw<Expr> =>
  dist.pushed === undefined
    ? D.of(z)
    : withinDist(dist, ({ pushed }) =>
        pipe(
          onBase(pushed!.base, decodeFromBase(pushed!.base, z)),
          D.chain((base) => decodeOnce(pushed!, base)),
          D.map((step) => step.value),
        ),
      );

/**
 * The distribution under everything a distribution was pushed through; the distribution itself where it was not.
 *
 * @example
 * innermost(pipe(standardNormal([2]), pushforward(affine()), pushforward(reverse()))).spec;   // { type: 'standardNormal', … }
 */
export const innermost = (dist: AnyDist): AnyDist =>
  dist.named !== undefined
    ? innermost(dist.named.dist)
    : dist.pushed === undefined
      ? dist
      : innermost(dist.pushed.base);
