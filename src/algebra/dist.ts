/**
 * Distributions: laws over events of one shape. Everything is for ONE event; batches are made by `vmap`, once, when a law is run.
 *
 * The evidence E in `Dist<S, E>` says what `logDensity` is (see `evidence.ts`).
 */
import { pipe } from 'fp-ts/lib/function.js';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { array, type Given } from '../core/ops/array.ts';
import { add, sub } from '../core/ops/elementwise.ts';
import { type Declaration, declare } from '../core/reading.ts';
import type { Scoped } from '../core/scope.ts';
import * as Sc from '../core/scope.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';
import { type Approximation, approximationOf, refinedOf } from './approximation.ts';
import { type Carrier, type Kept, kept } from './capability.ts';
import type { Approximate, Evidence, Grade, Granting, OfEvidence, Samples, Through } from './evidence.ts';
import { through } from './evidence.ts';
import { type AllFacts, knownFacts } from './facts.ts';
import type { LawFamily } from './family.ts';
import { countedBy } from './levels.ts';
import type { Spec } from './spec.ts';
import type { Endo, Layer, Step, Transport } from './transport.ts';

/** A sample with the number that `logDensity` gives it, in nats. */
export interface Scored {
  readonly value: Expr;
  readonly logDensity: Expr;
}

declare const Phantom: unique symbol;

/** What every law is at run time. */
export interface Law extends Carrier {
  readonly shape: Shape;
  readonly spec: Spec;
  readonly evidence: Evidence;
  /** log p(x) in nats (or the estimate or bound that the evidence says), a scalar. An event may be an expression, a number or nested arrays. */
  readonly logDensity: (x: Given) => D.Draw<Expr>;
  readonly sample: D.Draw<Expr>;
  /** A sample with its own log-density, neither computed by inverting the other. */
  readonly sampleAndLogDensity: D.Draw<Scored>;
  /** That it has no sampler: `sample` throws and says what to do instead. */
  readonly unsampled?: true | undefined;
  /** Why its numbers are approximate, and the same law computed more finely. */
  readonly approximation?: Approximation<Law> | undefined;
  /** Its identity, which copies of it carry: whose its parameters are. */
  readonly declaration?: Declaration | undefined;
  /** What it says it is: closed forms are looked up by it. */
  readonly family?: LawFamily | undefined;
  /** The layer and base this law was pushed through, outermost first: for pictures and reports. */
  readonly pushed?: { readonly transport: Layer; readonly base: Law } | undefined;
  /** The law where it stands, for one that is known there only: p(· | c) of a conditional law. See `lawGiven`. */
  readonly resolved?: Scoped<Law> | undefined;
  /** The law this one is at a place of its own: see {@link named}. */
  readonly named?: { readonly place: string; readonly law: Law } | undefined;
}

/** Whether something is a law, where it may be another record (a denoiser, a model of a score): a density says so. */
export const isLaw = (of: object): of is Law => 'logDensity' in of;

/** A law over events of shape S with evidence E. */
export interface Dist<out S extends Shape, out E> extends Law {
  readonly [Phantom]: { readonly shape: S; readonly evidence: E };
}

/** What {@link dist} is made from. */
export interface LawOptions<S extends Shape> {
  readonly shape: S;
  readonly spec: Spec;
  readonly evidence: Evidence;
  readonly logDensity: (x: Expr) => D.Draw<Expr>;
  /** None for a law that cannot be sampled: asking it for samples then throws a sentence. */
  readonly sample?: D.Draw<Expr>;
  readonly sampleAndLogDensity?: D.Draw<Scored>;
  readonly approximation?: Approximation<Law> | undefined;
  readonly declaration?: Declaration | undefined;
  /** What the law says it is: closed forms are looked up by it. */
  readonly family?: LawFamily | undefined;
}

/**
 * A law of your own. Its type follows from what is given: the evidence that is said, samples where there is a sampler, the mark of an approximation where
 * there is one; or say shape and evidence as types, which what is given must grant. Give `sampleAndLogDensity` where a sample's density comes with it;
 * else it is derived. Each run of a method is one reading of the law, in which it names a parameter once; another law of the same names in one
 * objective is an error. A `declaration` that is given says whose parameters it reads, where several laws are one model.
 *
 * @example
 * const wedge = dist({
 *   shape: [],
 *   spec: opaque('wedge', 'an example'),   // density 2x on (0, 1)
 *   evidence: 'exact',
 *   logDensity: (x) => draw.of(ops.log(ops.mul(2, x))),
 *   sample: draw.map(ops.sqrt)(draw.fromRandom(random.uniform([]))),
 * });   // Dist<readonly [], Exact & Samples>
 */
export function dist<const S extends Shape, const V extends Evidence>(
  options: LawOptions<S> & {
    readonly evidence: V;
    readonly sample: D.Draw<Expr>;
    readonly approximation: Approximation<Law>;
  },
): Dist<S, OfEvidence<V> & Samples & Approximate>;
export function dist<const S extends Shape, const V extends Evidence>(
  options: LawOptions<S> & { readonly evidence: V; readonly sample: D.Draw<Expr> },
): Dist<S, OfEvidence<V> & Samples>;
export function dist<const S extends Shape, const V extends Evidence>(
  options: LawOptions<S> & { readonly evidence: V },
): Dist<S, OfEvidence<V>>;
export function dist<const S extends Shape, E>(options: LawOptions<S> & { readonly evidence: Granting<E> } & ([E] extends [Samples] ? { readonly sample: D.Draw<Expr> } : unknown)): Dist<S, E>; // biome-ignore format: one condition
export function dist(options: LawOptions<Shape>): Dist<Shape, unknown> {
  return lawFrom(options);
}

/** {@link dist} of an evidence that a type parameter says: what is given is not checked against it. */
export const lawFrom = <S extends Shape, E>(options: LawOptions<S>): Dist<S, E> => {
  const { declaration = declare('law', options.spec.type) } = options;
  const density = D.method(declaration, 'logDensity', options.logDensity);
  const logDensity = (given: Given): D.Draw<Expr> => {
    const x = array(given, options.spec.type);
    return sameShape(x.shape, options.shape)
      ? density(x)
      : raise('ShapeError', options.spec.type, 'the event has another shape', {
          expected: showShape(options.shape),
          got: showShape(x.shape),
        });
  };
  const sample = D.owned(declaration, options.sample ?? noSampler(options.spec.type), 'sample');
  const derived = pipe(
    sample,
    D.chain((value) =>
      pipe(
        logDensity(value),
        D.map((l) => ({ value, logDensity: l })),
      ),
    ),
  );
  const sampleAndLogDensity = D.owned(declaration, options.sampleAndLogDensity ?? derived, 'sampleAndLogDensity');
  const unsampled = options.sample === undefined ? { unsampled: true } : {};
  return { ...options, ...unsampled, declaration, logDensity, sample, sampleAndLogDensity } as unknown as Dist<S, E>;
};

/** The sampler of a law that has none: it says what to do instead. */
const noSampler =
  (type: string): D.Draw<Expr> =>
  () =>
    raise('ArgumentError', type, 'a law known up to a constant has no sampler: run a Markov kernel on it (sampledBy)');

/** A law's sampler, where it has one: for laws made of other laws. */
export const samplerOf = (law: Law, sample: D.Draw<Expr> = law.sample): { readonly sample?: D.Draw<Expr> } =>
  law.unsampled === true ? {} : { sample };

/**
 * The law of decode(z) for z from the base: log p(x) = log p_base(encode x) + contribution. Shape, evidence and capabilities follow.
 *
 * @example
 * const flow = pipe(standardNormal([2]), pushforward(repeat(8, compose(affineCoupling(), reverse()))));
 */
export function pushforward<G extends Grade>(
  t: Endo<G>,
): <S extends Shape, E>(base: Dist<S, E>) => Dist<S, Through<G, E>>;
export function pushforward<X extends Shape, Z extends Shape, G extends Grade>(
  t: Transport<X, Z, G>,
): <E>(base: Dist<Z, E>) => Dist<X, Through<G, E>>;
export function pushforward(t: Layer): (base: Dist<Shape, unknown>) => Dist<never, never> {
  return (base) => {
    const pushed = { transport: t, base };
    const refined = (): Law =>
      pushforward(refinedOf(t) as Endo<Grade>)(refinedOf<Law>(base) as Dist<Shape, unknown>) as Law;
    const law = lawFrom<never, never>({
      shape: t.dataShape(base.shape) as never,
      spec: { type: 'pushforward', transport: t.spec, base: base.spec },
      family: { name: 'pushforward', parameters: {}, parts: [base] },
      evidence: through(t.grade, base.evidence),
      approximation: approximationOf([t, base], refined),
      logDensity: (x) =>
        pipe(
          encodeOnce(pushed, x),
          D.chain((step) =>
            pipe(
              onBase(base, base.logDensity(step.value)),
              D.map((l) => add(l, step.contribution)),
            ),
          ),
        ),
      ...samplerOf(
        base,
        pipe(
          onBase(base, base.sample),
          D.chain((z) => decodeOnce(pushed, z)),
          D.map((step) => step.value),
        ),
      ),
      sampleAndLogDensity: pipe(
        onBase(base, base.sampleAndLogDensity),
        D.chain((z) =>
          pipe(
            decodeOnce(pushed, z.value),
            D.map((step) => ({ value: step.value, logDensity: add(z.logDensity, step.contribution) })),
          ),
        ),
      ),
    });
    const { resolved } = base;
    if (resolved === undefined) return countedBy(t)({ ...law, pushed });
    return countedBy(t)({ ...law, pushed, resolved: Sc.map((b: Law) => pushforward(t as Endo<Grade>)(b as Dist<Shape, unknown>) as Law)(Sc.at('base', resolved)) }); // biome-ignore format: one idea
  };
}

type Pushed = NonNullable<Law['pushed']>;

/** How often a law was pushed forward. */
const pushes = (law: Law): number => (law.pushed === undefined ? 0 : 1 + pushes(law.pushed.base));

/** The place of a law's outermost transport: counted from the base, so that pushing forward once more renames nothing. */
export const placeOf = ({ transport, base }: Pushed): string => `${pushes(base)}.${transport.spec.type}`;

const encodeOnce = (p: Pushed, x: Expr): D.Draw<Step> => D.at(placeOf(p), (s) => p.transport.encode(x)(s));
const decodeOnce = (p: Pushed, z: Expr): D.Draw<Step> => D.at(placeOf(p), (s) => p.transport.decode(z)(s));
/** A part of the base law, at its place and with noise of its own. */
export const onBase = <A>(base: Law, part: D.Draw<A>): D.Draw<A> =>
  base.pushed === undefined ? D.at('base', part) : D.forked(part);

/** A walk through the parts of a law as one reading of it, at its place where it has one of its own. */
export const withinLaw = <A>(law: Law, walk: (law: Law) => D.Draw<A>): D.Draw<A> =>
  law.named === undefined ? D.owned(law.declaration, walk(law)) : D.at(law.named.place, withinLaw(law.named.law, walk));

/** What `f` makes of the innermost base law and of an event on its side, encoded by every transport; `f` stands where the base stands. */
export const onInnermost = <A>(law: Law, x: Expr, f: (base: Law, z: Expr) => D.Draw<A>): D.Draw<A> => {
  const { pushed } = law;
  return withinLaw(law, (inner) =>
    pushed === undefined
      ? f(inner, x)
      : pipe(
          encodeOnce(pushed, x),
          D.chain((step) => onBase(pushed.base, onInnermost(pushed.base, step.value, f))),
        ),
  );
};

/** An event on the side of the innermost base law: through every transport it was pushed by. */
export const encodeToBase = (law: Law, x: Expr): D.Draw<Expr> => onInnermost(law, x, (_, z) => D.of(z));

/** The event that a point on the side of the innermost base law is decoded to: through every transport it was pushed by. */
export const decodeFromBase = (law: Law, z: Expr): D.Draw<Expr> =>
  law.pushed === undefined
    ? D.of(z)
    : withinLaw(law, ({ pushed }) =>
        pipe(
          onBase(pushed!.base, decodeFromBase(pushed!.base, z)),
          D.chain((base) => decodeOnce(pushed!, base)),
          D.map((step) => step.value),
        ),
      );

/** The law under everything a law was pushed through; the law itself where it was not. */
export const innermost = (law: Law): Law =>
  law.named !== undefined ? innermost(law.named.law) : law.pushed === undefined ? law : innermost(law.pushed.base);

/** The same transports over another innermost law; parameters of the transports keep their places. */
export const rebased = (law: Law, change: (innermost: Law) => Law): Law =>
  law.named !== undefined
    ? (named(law.named.place)(rebased(law.named.law, change) as Dist<Shape, unknown>) as unknown as Law)
    : law.pushed === undefined
      ? change(law)
      : (pushforward(law.pushed.transport as Endo<Grade>)(
          rebased(law.pushed.base, change) as Dist<Shape, unknown>,
        ) as unknown as Law);

/** What a law keeps at a place of its own beside its density and samples: known facts, and capabilities by their rules. */
export type Named<L> = Pick<L, keyof L & keyof AllFacts> & Kept<L, 'named'>;

/**
 * The law at a place of its own: its parameters and noise are named `<name>/…`, so that one objective can hold two laws of a kind. Shape, density, samples
 * and known facts are the law's; what else it can do (blocks, chains, a denoiser) it keeps by the rule of each capability.
 *
 * @example
 * const [teacher, student] = [named('teacher')(pipe(standardNormal([2]), pushforward(affine()))), named('student')(pipe(standardNormal([2]), pushforward(affine())))];
 */
export const named =
  (name: string) =>
  <S extends Shape, E, L extends Dist<S, E>>(law: L & Dist<S, E>): Dist<S, E> & Named<L> => {
    if (name === '' || name.startsWith('/') || name.endsWith('/'))
      return raise('ArgumentError', 'named', 'a place has a name', { got: `'${name}'` });
    const plain: Law = law as unknown as Law;
    return {
      ...knownFacts(law as Partial<AllFacts>),
      ...kept('named', law, name),
      // Parameters are expressions, which have their places in them; parts stand at places under the law's.
      ...(plain.family === undefined || plain.family.parts !== undefined ? {} : { family: plain.family }),
      shape: plain.shape,
      spec: { type: 'named', name, law: plain.spec },
      evidence: plain.evidence,
      declaration: plain.declaration,
      ...(plain.unsampled === true ? { unsampled: true } : {}),
      approximation: approximationOf([plain], () => named(name)(refinedOf(plain) as Dist<Shape, unknown>) as Law),
      logDensity: (x: Given) => D.at(name, plain.logDensity(x)),
      sample: D.at(name, plain.sample),
      sampleAndLogDensity: D.at(name, plain.sampleAndLogDensity),
      ...(plain.pushed === undefined ? {} : { pushed: plain.pushed }),
      named: { place: name, law: plain },
    } as unknown as Dist<S, E> & Named<L>;
  };

/** log p(x) − log q(x): for importance weights and divergences. */
export const logRatio =
  (p: Law, q: Law) =>
  (x: Expr): D.Draw<Expr> =>
    pipe(
      p.logDensity(x),
      D.chain((a) => D.map((b: Expr) => sub(a, b))(q.logDensity(x))),
    );
