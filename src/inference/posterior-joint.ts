/** Joint distributions of named quantities, written in order: each site's distribution may depend on the sites before it. */
import type { AnyDist, Dist } from '../algebra/dist.ts';
import type { AllFacts } from '../algebra/facts.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Declaration, declare } from '../core/reading.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';

/** Names with the shapes of their values. */
export type Shapes = Readonly<Record<string, Shape>>;

/** A value for every name. */
export type Values<A> = { readonly [K in keyof A]: Expr };

/** A distribution of a named quantity; its support determines the map from real numbers. */
export type SiteDist = AnyDist & Partial<Pick<AllFacts, 'support'>>;

/** A name with its distribution, given the values of the sites before it. */
export interface Site {
  readonly name: string;
  readonly dist: (known: Readonly<Record<string, Expr>>) => SiteDist;
}

declare const Named: unique symbol;

/** A joint distribution of named quantities; A is the record of their shapes. */
export interface Joint<A extends Shapes> {
  readonly sites: readonly Site[];
  /** Its identity: the distributions of its sites are constructed again for each value, and read the same parameters. */
  readonly declaration?: Declaration | undefined;
  readonly [Named]?: A;
}

/**
 * The joint distribution of no quantities: the start of a declaration, to which {@link site} adds one quantity after another.
 *
 * @example
 * pipe(joint, site('mu', () => normal([]))).sites.length;   // 1
 */
// biome-ignore lint/complexity/noBannedTypes: a record without names
export const joint: Joint<{}> = { sites: [] };

/**
 * One more named quantity, whose distribution may depend on those before it: fp-ts's `bind` for distributions. Whether it is latent or observed is decided later, by
 * `posterior(joint, data)`. A distribution without a support is taken to live on the reals. Throws `ArgumentError` where the name is taken.
 *
 * @example
 * const coin = pipe(
 *   joint,
 *   site('bias', () => normal([], { scale: 2 })),
 *   site('heads', ({ bias }) => bernoulli([10], { logits: bias })),
 * );
 */
export const site =
  <const K extends string, A extends Shapes, const S extends Shape>(
    name: K,
    dist: (known: Values<A>) => Dist<S, unknown> & Partial<Pick<AllFacts, 'support'>>,
  ) =>
  (before: Joint<A>): Joint<A & { readonly [N in K]: S }> =>
    before.sites.some((s) => s.name === name)
      ? raise('ArgumentError', name, 'two quantities of a joint distribution have one name')
      : {
          sites: [...before.sites, { name, dist: dist as Site['dist'] }],
          declaration: declare('dist', 'joint'),
        };

/**
 * A draw of every quantity, in order: prior predictive simulation. Each draws noise and names parameters at its own place.
 *
 * @example
 * const fake = drawJoint(pipe(joint, site('mu', () => normal([])), site('y', ({ mu }) => normal([3], { loc: mu }))));
 */
export const drawJoint = <A extends Shapes>(of: Joint<A>): D.Draw<Values<A>> =>
  D.owned(of.declaration, (scope) => (cursor) => {
    const known: Record<string, Expr> = {};
    let at = cursor;
    for (const { name, dist } of of.sites) [known[name], at] = D.at(name, dist(known).sample)(scope)(at);
    return [known as Values<A>, at];
  });

/**
 * The joint log-density Σᵢ log p(xᵢ | x₁ … xᵢ₋₁) of all quantities, a scalar in nats. Throws `ShapeError` where a value has another shape than the events of
 * its distribution.
 *
 * @example
 * const model = pipe(joint, site('mu', () => normal([])), site('y', ({ mu }) => normal([3], { loc: mu })));
 * value(jointDensity(model)({ mu: ops.scalar(0), y: ops.array([0, 0, 0]) }));   // −2 log 2π = -3.676
 */
export const jointDensity =
  <A extends Shapes>(of: Joint<A>) =>
  (values: Values<A>): D.Draw<Expr> =>
    D.owned(of.declaration, (scope) => (cursor) => {
      const known: Record<string, Expr> = {};
      const terms: Expr[] = [];
      let at = cursor;
      for (const { name, dist } of of.sites) {
        const here = dist(known);
        const value = (values as Readonly<Record<string, Expr>>)[name];
        if (!sameShape(value.shape, here.shape))
          raise('ShapeError', name, 'a value has another shape than its distribution', {
            expected: showShape(here.shape),
            got: showShape(value.shape),
          });
        const [term, next] = D.at(name, here.logDensity(value))(scope)(at);
        known[name] = value;
        terms.push(term);
        at = next;
      }
      return [o.addAll([o.scalar(0), ...terms]), at];
    });
