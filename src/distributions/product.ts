import { pipe } from 'fp-ts/lib/function.js';
import { approximationOf, refinedOf } from '../algebra/approximation.ts';
import { type AnyDist, type Dist, distFrom, type Scored, samplerOf } from '../algebra/dist.ts';
import { type InCommon, together } from '../algebra/evidence.ts';
import { type AllFacts, type Facts, withFacts } from '../algebra/facts.ts';
import { distributionKind } from '../algebra/kinds.ts';
import { list, shapeCodec } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';
import { nested } from '../core/specification.ts';

type Kept = 'mean' | 'variance' | 'mode' | 'entropy';
/** The facts that a product has because each of its distributions has them. */
export type KeptFacts<L> = Pick<L & Facts<Kept>, Extract<keyof L, Kept>>;

/** A fact that every distribution has, as expressions; `undefined` where one lacks it. */
export const shared = (dists: readonly AnyDist[], name: Kept): readonly Expr[] | undefined => {
  const all = dists.map((l) => (l as AnyDist & Partial<AllFacts>)[name]);
  return all.every((e) => e !== undefined) ? (all as readonly Expr[]) : undefined;
};

const combined = (dists: readonly AnyDist[], join: (parts: readonly Expr[]) => Expr): Partial<Facts<Kept>> =>
  Object.fromEntries(
    (['mean', 'variance', 'mode', 'entropy'] as const).flatMap((name) => {
      const parts = shared(dists, name);
      return parts === undefined ? [] : [[name, name === 'entropy' ? o.addAll(parts) : join(parts)]];
    }),
  );

/** One draw a copy: parameters shared, noise of its own. */
const copies =
  (n: number, part: (x: Expr) => D.Draw<readonly Expr[]>) =>
  (x: Expr): D.Draw<readonly Expr[]> =>
  (scope) =>
    R.vmapRandom((v) => part(v)(scope), { size: n, axis: 'copies' })(x);

/**
 * Independent copies of one distribution, with one set of parameters: events `[…shape, …dist.shape]`, log p(x) = Σᵢ log p(xᵢ) nats, each copy with noise
 * of its own. Facts are repeated, entropies multiplied. Throws `ShapeError` where the shape has no element.
 *
 * @example
 * const hundred = independent([100])(categorical({ logits: [0, 1, 2] }));
 */
export const independent = define(
  distributionKind,
  {
    type: 'independent',
    about: 'Independent copies over more axes.',
    takes: ['shape'],
    required: { shape: shapeCodec, dist: nested(distributionKind) },
    build: ({ shape, dist }): AnyDist => independent(shape)(dist as Dist<Shape, unknown>),
    examples: [{ shape: [3], dist: { type: 'normal', shape: [2], loc: 1, scale: 2 } }],
  },
  <const N extends Shape>(shape: N) =>
    <S extends Shape, E, L extends Dist<S, E>>(dist: L & Dist<S, E>): Dist<readonly [...N, ...S], E> & KeptFacts<L> => {
      const n = sizeOf(shape);
      if (!(n >= 1))
        return raise('ShapeError', 'independent', 'no copies', { expected: 'sizes from 1', got: showShape(shape) });
      const full: Shape = [...shape, ...dist.shape];
      const rowsOf = (x: Expr): Expr => o.reshape(x, [n, ...dist.shape]);
      const index = o.cast(o.iota(n), 'real');
      const scored: D.Draw<Scored> = pipe(
        copies(n, () => D.map((s: Scored): readonly Expr[] => [s.value, s.logDensity])(dist.sampleAndLogDensity))(
          index,
        ),
        D.map(([value, l]) => ({ value: o.reshape(value, full), logDensity: o.sum(l) })),
      );
      const made = distFrom<readonly [...N, ...S], E>({
        shape: full as readonly [...N, ...S],
        spec: { type: 'independent', shape, dist: dist.spec },
        family: { name: 'independent', parameters: {}, parts: [dist], copies: n },
        evidence: dist.evidence,
        logDensity: (x) =>
          D.map(([l]: readonly Expr[]) => o.sum(l))(
            copies(n, (v) => D.map((l: Expr): readonly Expr[] => [l])(dist.logDensity(v)))(rowsOf(x)),
          ),
        ...samplerOf(
          dist,
          pipe(
            copies(n, () => D.map((v: Expr): readonly Expr[] => [v])(dist.sample))(index),
            D.map(([value]) => o.reshape(value, full)),
          ),
        ),
        approximation: approximationOf([dist], () =>
          independent(shape)(refinedOf<AnyDist>(dist) as Dist<Shape, unknown>),
        ),
        sampleAndLogDensity: scored,
      });
      const facts = combined([dist], ([e]) => o.broadcastTo(e, full));
      const entropy = facts.entropy === undefined ? {} : { entropy: o.mul(n, facts.entropy) };
      return withFacts(made, { ...facts, ...entropy }) as typeof made & KeptFacts<L>;
    },
);

type EvidenceIn<L> = L extends Dist<Shape, infer E> ? E : never;

/**
 * Independent distributions of vectors side by side: events `[D₁ + D₂ + …]`, log p(x) = Σₖ log pₖ(xₖ) nats. The evidence is what all of them have; facts that
 * all have are joined. Throws `ArgumentError` for no distributions, `ShapeError` for one whose events are no vectors.
 *
 * @example
 * const mixed = product([normal([2]), bernoulli([3])]);   // events [5]
 */
export const product = define(
  distributionKind,
  {
    type: 'product',
    about: 'Independent vectors side by side.',
    takes: ['dists'],
    required: { dists: list(nested(distributionKind)) },
    build: ({ dists }): AnyDist => product(dists as readonly Dist<readonly [number], unknown>[]),
    examples: [
      {
        dists: [
          { type: 'standardNormal', shape: [2] },
          { type: 'gamma', shape: [1], concentration: 2 },
        ],
      },
    ],
  },
  <L extends Dist<readonly [number], unknown>>(
    dists: readonly L[],
  ): Dist<readonly [number], InCommon<EvidenceIn<L>>> & KeptFacts<L> => {
    if (dists.length === 0)
      return raise('ArgumentError', 'product', 'no distributions', {
        expected: 'one distribution or more',
        got: 'none',
      });
    dists.forEach((l, i) => {
      if (l.shape.length !== 1)
        raise('ShapeError', `product/${i}`, 'events are joined as vectors', {
          expected: 'an event [D]',
          got: showShape(l.shape),
        });
    });
    const ends = [0];
    for (const l of dists) ends.push(ends[ends.length - 1] + l.shape[0]);
    const each = <A>(f: (dist: L, i: number) => D.Draw<A>): D.Draw<readonly A[]> =>
      dists.reduce<D.Draw<readonly A[]>>(
        (all, dist, i) =>
          pipe(
            all,
            D.chain((done) => D.map((a: A): readonly A[] => [...done, a])(D.at(`product/${i}`, f(dist, i)))),
          ),
        D.of([]),
      );
    const made = distFrom<readonly [number], InCommon<EvidenceIn<L>>>({
      shape: [ends[dists.length]],
      spec: { type: 'product', dists: dists.map((l) => l.spec) },
      family: { name: 'product', parameters: {}, parts: dists },
      evidence: together(dists.map((l) => l.evidence)),
      logDensity: (x) => D.map(o.addAll)(each((l, i) => l.logDensity(o.sliceAxis(x, 0, ends[i], ends[i + 1])))),
      ...(dists.every((l) => l.unsampled !== true)
        ? { sample: D.map((parts: readonly Expr[]) => o.concat(parts))(each((l) => l.sample)) }
        : {}),
      approximation: approximationOf(dists, () =>
        product(dists.map((l) => refinedOf<AnyDist>(l) as Dist<readonly [number], unknown>)),
      ),
      sampleAndLogDensity: D.map((parts: readonly Scored[]) => ({
        value: o.concat(parts.map((s) => s.value)),
        logDensity: o.addAll(parts.map((s) => s.logDensity)),
      }))(each((l) => l.sampleAndLogDensity)),
    });
    return withFacts(
      made,
      combined(dists, (parts) => o.concat(parts)),
    ) as typeof made & KeptFacts<L>;
  },
);
