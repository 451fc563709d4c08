/** The distribution of event and context together. */
import { pipe } from 'fp-ts/lib/function.js';
import { approximationOf, refinedOf } from '../algebra/approximation.ts';
import { type Conditional, logDensityGiven, sampleGiven } from '../algebra/conditional.ts';
import { type AnyContext, type Context, contextOfVector, contextSize, contextVector } from '../algebra/context.ts';
import { granted } from '../algebra/demand.ts';
import { type AnyDist, type Dist, distFrom } from '../algebra/dist.ts';
import type { Approximate, Bound, Evidence, Exact, MeanBound, Samples, Unbiased } from '../algebra/evidence.ts';
import type { Spec } from '../algebra/spec.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Shape, sizeOf } from '../core/shape.ts';

/** The evidence of p(x, c) where that of p(x | c) is E and p(c) is known: a constant that is unknown for each c leaves no density. */
export type Joined<E> = (E extends Exact
  ? Exact
  : (E extends Bound ? Bound : unknown) &
      (E extends Unbiased ? Unbiased : unknown) &
      (E extends MeanBound ? MeanBound : unknown)) &
  (E extends Samples ? Samples : unknown) &
  (E extends Approximate ? Approximate : unknown);

const joined = (evidence: Evidence): Evidence => (granted(evidence, 'meanBound') ? evidence : 'none');

/** An event and a context as a row (x, c): what {@link jointly} is a distribution of, and what `conditionally` trains on. */
export const rowOf = (x: Expr, c: AnyContext): Expr => o.concat([o.reshape(x, [sizeOf(x.shape)]), contextVector(c)], 0);

/** The event and the context in a row (x, c). */
export const ofRow = (
  part: Pick<Conditional<Context, Shape>, 'context' | 'event'>,
  row: Expr,
): { readonly x: Expr; readonly c: Expr } => {
  const [size, all] = [sizeOf(part.event), sizeOf(part.event) + contextSize(part.context)];
  return { c: o.sliceAxis(row, 0, size, all), x: o.reshape(o.sliceAxis(row, 0, 0, size), part.event) };
};

/** Where the parameters of the conditional distribution stand in a joint distribution. */
export const GIVEN = 'given';

/** {@link jointly} with a specification of its own, and the prior's parameters where they are put. */
export const jointlyAs = <E>(
  spec: Spec,
  prior: Dist<Shape, Exact & Samples>,
  part: Conditional<Context, Shape, E>,
  atPrior: <A>(d: D.Draw<A>) => D.Draw<A>,
): Dist<readonly [number], Joined<E>> => {
  const { context, event } = part;
  const n = contextSize(context);
  const p: AnyDist = prior;
  if (sizeOf(p.shape) !== n)
    raise('ShapeError', spec.type, 'the prior is no distribution of contexts', { expected: `${n} numbers`, got: `${sizeOf(p.shape)}` }); // biome-ignore format: one sentence
  const value = (c: Expr): AnyContext => contextOfVector(context, o.reshape(c, [n])) as AnyContext;
  const sample = pipe(
    atPrior(p.sample),
    D.chain((c) => D.map((s: { readonly value: Expr }) => rowOf(s.value, value(c)))(D.at(GIVEN, sampleGiven(part, value(c))))),
  ); // biome-ignore format: one idea
  return distFrom<readonly [number], Joined<E>>({
    shape: [sizeOf(event) + n],
    spec,
    evidence: joined(part.evidence),
    approximation: approximationOf([part, p], () =>
      jointlyAs(spec, refinedOf<AnyDist>(prior) as Dist<Shape, Exact & Samples>, refinedOf(part), atPrior),
    ),
    logDensity: (row) => {
      const { x, c } = ofRow(part, row);
      return pipe(
        D.at(GIVEN, logDensityGiven(part, value(c), x)),
        D.chain((l) => D.map((prior: Expr) => o.add(l, prior))(atPrior(p.logDensity(o.reshape(c, p.shape))))),
      );
    },
    ...(part.unsampled === true || p.unsampled === true ? {} : { sample }),
  });
};

/**
 * The distribution of event and context together, p(x, c) = p(x | c) p(c) with a prior over contexts, over rows (x, c) of both, flattened: log p(x | c) + log p(c) nats. Its
 * evidence is that of p(x | c). Parameters stand at `given` and `prior`. A prior over a struct is one over the vector of its arrays. Throws
 * `ShapeError` where the prior is no distribution of contexts. Cost: that of both.
 *
 * @example
 * const both = jointly(standardNormal([2]), conditionalNormal([2], [1]));   // rows of 3 numbers
 */
export const jointly = <E>(
  prior: Dist<Shape, Exact & Samples>,
  part: Conditional<Context, Shape, E>,
): Dist<readonly [number], Joined<E>> =>
  jointlyAs({ type: 'jointly', prior: prior.spec, dist: part.spec }, prior, part, (d) => D.at('prior', d));
