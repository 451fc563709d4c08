import { pipe } from 'fp-ts/lib/function.js';
import { capability, capabilityOf, type Having, having } from '../algebra/capability.ts';
import type { Conditional } from '../algebra/conditional.ts';
import { type AnyDist, type Dist, distribution, type Scored } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { conditionalKind, distributionKind } from '../algebra/kinds.ts';
import { list } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Shape, sameShape, showShape, sizeOf } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { kl } from './kl.ts';

/** One group of a hierarchical distribution at a value: its distribution given the groups before it, its part of the value, and log p of that part in nats. */
export interface Level {
  readonly dist: AnyDist;
  readonly value: Expr;
  readonly logDensity: Expr;
}

/**
 * The groups at z that a distribution is made of, in order, each given the ones before it; their log-densities sum to log p(z).
 *
 * @example
 * has(grouping, hierarchical(standardNormal([2]), conditionalNormal([2], [3])));   // true
 */
export const grouping = capability<(z: Expr) => D.Draw<readonly Level[]>>()('levels', {
  named: (levels, place) => (z) => D.at(place, levels(z)),
});

/** A distribution of vectors made of groups. */
export type Hierarchical = Having<typeof grouping>;

const width = (owner: string, shape: Shape): number =>
  shape.length === 1
    ? shape[0]
    : raise('ShapeError', owner, 'groups are joined as vectors', { expected: '[D]', got: showShape(shape) });

/**
 * A distribution over one vector in groups, each given all the ones before it: log p(z) = log p(z₁) + Σ_g log p(z_g | z_<g) nats, where the context of group g
 * is the joined vector z_<g. The prior, and the posterior, of a top-down latent-variable model (Sønderby et al. 2016, arXiv:1602.02282; NVAE, Vahdat &
 * Kautz 2020, §3). Parameters of the first group stand at `0`, of the next at `1`, …; what several groups compute alike (a state carried down)
 * is computed once where it is the same expression. Cost: one network a group, one after the other, in both directions.
 * Throws `ShapeError` where a context is not the joined groups before it.
 *
 * @example
 * const prior = hierarchical(standardNormal([2]), conditionalNormal([2], [3]), conditionalNormal([5], [1]));   // events [6]
 */
export const hierarchical = define(
  distributionKind,
  {
    type: 'hierarchical',
    about: 'Groups of numbers, each given those before it.',
    required: { first: nested(distributionKind), rest: list(nested(conditionalKind)) },
    build: ({ first, rest }): AnyDist =>
      hierarchical(
        first as Dist<readonly [number], Exact & Samples>,
        ...(rest as readonly Conditional<readonly [number], readonly [number], Exact & Samples>[]),
      ),
    examples: [
      {
        first: { type: 'standardNormal', shape: [2] },
        rest: [{ type: 'parametrised', family: 'normal', context: [2], event: [1] }],
      },
    ],
  },
  (
    first: Dist<readonly [number], Exact & Samples>,
    ...rest: readonly Conditional<readonly [number], readonly [number]>[]
  ): Dist<readonly [number], Exact & Samples> & Hierarchical => {
    const ends = [width('hierarchical/0', first.shape)];
    rest.forEach((group, i) => {
      const before = ends[i];
      if (width(`hierarchical/${i + 1}`, group.context) !== before)
        raise('ShapeError', `hierarchical/${i + 1}`, 'the context is not the groups before it', {
          expected: `[${before}]`,
          got: showShape(group.context),
        });
      ends.push(before + width(`hierarchical/${i + 1}`, group.event));
    });
    /** Group i given the groups before it, at its place. */
    const group = <A>(i: number, before: Expr | undefined, f: (dist: AnyDist) => D.Draw<A>): D.Draw<A> =>
      D.at(`${i}`, (scope) => f(before === undefined ? first : rest[i - 1].given(before)(scope))(scope));
    const part = (z: Expr, i: number): Expr => o.sliceAxis(z, 0, i === 0 ? 0 : ends[i - 1], ends[i]);
    const before = (z: Expr, i: number): Expr | undefined => (i === 0 ? undefined : o.sliceAxis(z, 0, 0, ends[i - 1]));

    const levels = (z: Expr): D.Draw<readonly Level[]> =>
      ends.reduce<D.Draw<readonly Level[]>>(
        (sofar, _, i) =>
          pipe(
            sofar,
            D.chain((done) =>
              group(i, before(z, i), (dist) => {
                const value = part(z, i);
                return D.map((logDensity: Expr): readonly Level[] => [...done, { dist, value, logDensity }])(
                  dist.logDensity(value),
                );
              }),
            ),
          ),
        D.of([]),
      );

    const sampleAndLogDensity: D.Draw<Scored> = pipe(
      ends.reduce<D.Draw<readonly Scored[]>>(
        (sofar, _, i) =>
          pipe(
            sofar,
            D.chain((done) =>
              pipe(
                group(i, i === 0 ? undefined : o.concat(done.map((s) => s.value)), (dist) => dist.sampleAndLogDensity),
                D.map((s): readonly Scored[] => [...done, s]),
              ),
            ),
          ),
        D.of([]),
      ),
      D.map((all) => ({
        value: o.concat(all.map((s) => s.value)),
        logDensity: o.addAll(all.map((s) => s.logDensity)),
      })),
    );

    const dist = distribution<readonly [number], Exact & Samples>({
      shape: [ends[ends.length - 1]],
      spec: { type: 'hierarchical', first: first.spec, rest: rest.map((c) => c.spec) },
      evidence: 'exact',
      logDensity: (z) => D.map((all: readonly Level[]) => o.addAll(all.map((l) => l.logDensity)))(levels(z)),
      sample: D.map((s: Scored) => s.value)(sampleAndLogDensity),
      sampleAndLogDensity,
    });
    return having(grouping, levels)(dist);
  },
);

/** What one group costs: KL(q_g ‖ p_g) in nats given the groups before it, and whether it is a closed form or one sample's log-ratio. */
export interface Divergence {
  readonly value: Expr;
  readonly evidence: 'exact' | 'unbiased';
  /** Numbers in the group. */
  readonly size: number;
}

const divergence = (q: Level, p: Level): D.Draw<Divergence> => {
  const estimate = kl(q.dist as Dist<Shape, Exact & Samples>, p.dist as Dist<Shape, Exact>);
  const size = sizeOf(q.value.shape);
  return estimate.evidence === 'exact'
    ? D.map((value: Expr): Divergence => ({ value, evidence: 'exact', size }))(estimate.value)
    : D.of({ value: o.sub(q.logDensity, p.logDensity), evidence: 'unbiased', size });
};

/**
 * A distribution's groups at z: one of everything where it has no groups. Run it where the distribution's parameters stand.
 *
 * @example
 * levelsOf(hierarchical(standardNormal([2]), conditionalNormal([2], [3])))(ops.constant([0, 0, 0, 0, 0]));
 */
export const levelsOf =
  (dist: AnyDist) =>
  (z: Expr): D.Draw<readonly Level[]> =>
    capabilityOf(grouping, dist)?.(z) ??
    D.map((logDensity: Expr): readonly Level[] => [{ dist, value: z, logDensity }])(dist.logDensity(z));

const joined = (levels: readonly Level[], dist: AnyDist, value: Expr): readonly Level[] => [
  { dist, value, logDensity: o.addAll(levels.map((l) => l.logDensity)) },
];

/**
 * KL(q ‖ p) by groups, at a draw z of q: for two {@link hierarchical} distributions of the same groups, Σ_g KL(q(z_g | z_<g) ‖ p(z_g | z_<g)) with the closed form of
 * each group given the drawn groups before it; for two plain distributions one group. A group without a closed form is log q − log p at z. The
 * sum is an unbiased estimate of KL(q ‖ p), with less variance than log q(z) − log p(z) (Rao–Blackwell). Both distributions' parameters stand at one
 * place here; groups from two places go to {@link klOfLevels}.
 *
 * @example
 * const prior = hierarchical(standardNormal([1]), conditionalNormal([1], [1]));
 * const posterior = hierarchical(normal([1], { loc: 1 }), conditionalNormal([1], [1]));
 * const groups = klByGroup(posterior, prior)(ops.constant([0.3, 0.1]));
 */
export const klByGroup =
  (q: AnyDist, p: AnyDist) =>
  (z: Expr): D.Draw<readonly Divergence[]> =>
    pipe(
      levelsOf(q)(z),
      D.chain((qs) =>
        D.chain((ps: readonly Level[]) => klOfLevels({ dist: q, levels: qs }, { dist: p, levels: ps }, z))(
          levelsOf(p)(z),
        ),
      ),
    );

/** {@link klByGroup} of groups that are at hand. */
export const klOfLevels = (
  q: { readonly dist: AnyDist; readonly levels: readonly Level[] },
  p: { readonly dist: AnyDist; readonly levels: readonly Level[] },
  z: Expr,
): D.Draw<readonly Divergence[]> => {
  const same =
    q.levels.length === p.levels.length && q.levels.every((l, i) => sameShape(l.dist.shape, p.levels[i].dist.shape));
  const [qs, ps] = same ? [q.levels, p.levels] : [joined(q.levels, q.dist, z), joined(p.levels, p.dist, z)];
  return qs.reduce<D.Draw<readonly Divergence[]>>(
    (sofar, l, i) =>
      pipe(
        sofar,
        D.chain((done) => D.map((d: Divergence): readonly Divergence[] => [...done, d])(divergence(l, ps[i]))),
      ),
    D.of([]),
  );
};
