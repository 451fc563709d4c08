import { pipe } from 'fp-ts/lib/function.js';
import { approximationOf, refinedOf } from '../algebra/approximation.ts';
import { type Dist, type Law, lawFrom, type Scored, samplerOf } from '../algebra/dist.ts';
import { type InCommon, together } from '../algebra/evidence.ts';
import { type AllFacts, type Facts, withFacts } from '../algebra/facts.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';

type Kept = 'mean' | 'variance' | 'mode' | 'entropy';
/** The facts that a product has because each of its laws has them. */
export type KeptFacts<L> = Pick<L & Facts<Kept>, Extract<keyof L, Kept>>;

/** A fact that every law has, as expressions; `undefined` where one lacks it. */
export const shared = (laws: readonly Law[], name: Kept): readonly Expr[] | undefined => {
  const all = laws.map((l) => (l as Law & Partial<AllFacts>)[name]);
  return all.every((e) => e !== undefined) ? (all as readonly Expr[]) : undefined;
};

const combined = (laws: readonly Law[], join: (parts: readonly Expr[]) => Expr): Partial<Facts<Kept>> =>
  Object.fromEntries(
    (['mean', 'variance', 'mode', 'entropy'] as const).flatMap((name) => {
      const parts = shared(laws, name);
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
 * Independent copies of one law, with one set of parameters: events `[…shape, …law.shape]`, log p(x) = Σᵢ log p(xᵢ) nats, each copy with noise
 * of its own. Facts are repeated, entropies multiplied. Throws `ShapeError` where the shape has no element.
 *
 * @example
 * const hundred = independent([100])(categorical({ logits: [0, 1, 2] }));
 */
export const independent =
  <const N extends Shape>(shape: N) =>
  <S extends Shape, E, L extends Dist<S, E>>(law: L & Dist<S, E>): Dist<readonly [...N, ...S], E> & KeptFacts<L> => {
    const n = sizeOf(shape);
    if (!(n >= 1))
      return raise('ShapeError', 'independent', 'no copies', { expected: 'sizes from 1', got: showShape(shape) });
    const full = [...shape, ...law.shape];
    const rowsOf = (x: Expr): Expr => o.reshape(x, [n, ...law.shape]);
    const index = o.cast(o.iota(n), 'real');
    const scored: D.Draw<Scored> = pipe(
      copies(n, () => D.map((s: Scored): readonly Expr[] => [s.value, s.logDensity])(law.sampleAndLogDensity))(index),
      D.map(([value, l]) => ({ value: o.reshape(value, full), logDensity: o.sum(l) })),
    );
    const made = lawFrom<readonly [...N, ...S], E>({
      shape: full as unknown as readonly [...N, ...S],
      spec: { type: 'independent', shape, law: law.spec },
      family: { name: 'independent', parameters: {}, parts: [law], copies: n },
      evidence: law.evidence,
      logDensity: (x) =>
        D.map(([l]: readonly Expr[]) => o.sum(l))(
          copies(n, (v) => D.map((l: Expr): readonly Expr[] => [l])(law.logDensity(v)))(rowsOf(x)),
        ),
      ...samplerOf(
        law,
        pipe(
          copies(n, () => D.map((v: Expr): readonly Expr[] => [v])(law.sample))(index),
          D.map(([value]) => o.reshape(value, full)),
        ),
      ),
      approximation: approximationOf([law], () => independent(shape)(refinedOf<Law>(law) as Dist<Shape, unknown>)),
      sampleAndLogDensity: scored,
    });
    const facts = combined([law], ([e]) => o.broadcastTo(e, full));
    const entropy = facts.entropy === undefined ? {} : { entropy: o.mul(n, facts.entropy) };
    return withFacts(made, { ...facts, ...entropy }) as typeof made & KeptFacts<L>;
  };

type EvidenceIn<L> = L extends Dist<Shape, infer E> ? E : never;

/**
 * Independent laws of vectors side by side: events `[D₁ + D₂ + …]`, log p(x) = Σₖ log pₖ(xₖ) nats. The evidence is what all of them have; facts that
 * all have are joined. Throws `ArgumentError` for no laws, `ShapeError` for one whose events are no vectors.
 *
 * @example
 * const mixed = product([normal([2]), bernoulli([3])]);   // events [5]
 */
export const product = <L extends Dist<readonly [number], unknown>>(
  laws: readonly L[],
): Dist<readonly [number], InCommon<EvidenceIn<L>>> & KeptFacts<L> => {
  if (laws.length === 0)
    return raise('ArgumentError', 'product', 'no laws', { expected: 'one law or more', got: 'none' });
  laws.forEach((l, i) => {
    if (l.shape.length !== 1)
      raise('ShapeError', `product/${i}`, 'events are joined as vectors', {
        expected: 'an event [D]',
        got: showShape(l.shape),
      });
  });
  const ends = [0];
  for (const l of laws) ends.push(ends[ends.length - 1] + l.shape[0]);
  const each = <A>(f: (law: L, i: number) => D.Draw<A>): D.Draw<readonly A[]> =>
    laws.reduce<D.Draw<readonly A[]>>(
      (all, law, i) =>
        pipe(
          all,
          D.chain((done) => D.map((a: A): readonly A[] => [...done, a])(D.at(`product/${i}`, f(law, i)))),
        ),
      D.of([]),
    );
  const made = lawFrom<readonly [number], InCommon<EvidenceIn<L>>>({
    shape: [ends[laws.length]],
    spec: { type: 'product', laws: laws.map((l) => l.spec) },
    family: { name: 'product', parameters: {}, parts: laws },
    evidence: together(laws.map((l) => l.evidence)),
    logDensity: (x) => D.map(o.addAll)(each((l, i) => l.logDensity(o.sliceAxis(x, 0, ends[i], ends[i + 1])))),
    ...(laws.every((l) => l.unsampled !== true)
      ? { sample: D.map((parts: readonly Expr[]) => o.concat(parts))(each((l) => l.sample)) }
      : {}),
    approximation: approximationOf(laws, () =>
      product(laws.map((l) => refinedOf<Law>(l) as Dist<readonly [number], unknown>)),
    ),
    sampleAndLogDensity: D.map((parts: readonly Scored[]) => ({
      value: o.concat(parts.map((s) => s.value)),
      logDensity: o.addAll(parts.map((s) => s.logDensity)),
    }))(each((l) => l.sampleAndLogDensity)),
  });
  return withFacts(
    made,
    combined(laws, (parts) => o.concat(parts)),
  ) as typeof made & KeptFacts<L>;
};
