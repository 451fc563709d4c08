/**
 * Distributions over events of one shape. Everything is for ONE event; batches are made by `vmap`, once, when a distribution is run.
 *
 * The evidence E in `Dist<S, E>` says what `logDensity` is (see `evidence.ts`).
 */

import { pipe } from 'fp-ts/lib/function.js';
import { text } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { array, type Given } from '../core/ops/array.ts';
import { add, sub } from '../core/ops/elementwise.ts';
import { type Declaration, declare } from '../core/reading.ts';
import type { Scoped } from '../core/scope.ts';
import * as Sc from '../core/scope.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { type Approximation, approximationOf, refinedOf } from './approximation.ts';
import { type Carrier, type Kept, kept } from './capability.ts';
import type { Approximate, Evidence, Grade, Granting, OfEvidence, Samples, Through } from './evidence.ts';
import { through } from './evidence.ts';
import { type AllFacts, knownFacts } from './facts.ts';
import type { DistFamily } from './family.ts';
import { asEndo, distributionKind, layerKind } from './kinds.ts';
import { countedBy } from './levels.ts';
import { decodeOnce, encodeOnce, onBase } from './pushed.ts';
import type { Spec } from './spec.ts';
import type { Endo, Layer, Transport } from './transport.ts';

/** A sample with the number that `logDensity` gives it, in nats. */
export interface Scored {
  readonly value: Expr;
  readonly logDensity: Expr;
}

declare const Phantom: unique symbol;

/** What every distribution is at run time. */
export interface AnyDist extends Carrier {
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
  /** Why its numbers are approximate, and the same distribution computed more finely. */
  readonly approximation?: Approximation<AnyDist> | undefined;
  /** Its identity, which copies of it carry: whose its parameters are. */
  readonly declaration?: Declaration | undefined;
  /** What it says it is: closed forms are looked up by it. */
  readonly family?: DistFamily | undefined;
  /** The layer and base this distribution was pushed through, outermost first: for pictures and reports. */
  readonly pushed?: { readonly transport: Layer; readonly base: AnyDist } | undefined;
  /** The distribution where it stands, for one that is known there only: p(· | c) of a conditional distribution. See `distGiven`. */
  readonly resolved?: Scoped<AnyDist> | undefined;
  /** The distribution this one is at a place of its own: see {@link named}. */
  readonly named?: { readonly place: string; readonly dist: AnyDist } | undefined;
}

/**
 * Whether something is a distribution, where it may be another record (a denoiser, a model of a score): a density says so.
 *
 * @example
 * isDist(standardNormal([2]));   // true
 */
export const isDist = (of: object): of is AnyDist => 'logDensity' in of;

/** A distribution over events of shape S with evidence E. */
export interface Dist<out S extends Shape, out E> extends AnyDist {
  readonly [Phantom]: { readonly shape: S; readonly evidence: E };
}

/** What {@link distribution} is made from. */
export interface DistOptions<S extends Shape> {
  readonly shape: S;
  readonly spec: Spec;
  readonly evidence: Evidence;
  readonly logDensity: (x: Expr) => D.Draw<Expr>;
  /** None for a distribution that cannot be sampled: asking it for samples then throws a sentence. */
  readonly sample?: D.Draw<Expr>;
  readonly sampleAndLogDensity?: D.Draw<Scored>;
  readonly approximation?: Approximation<AnyDist> | undefined;
  readonly declaration?: Declaration | undefined;
  /** What the distribution says it is: closed forms are looked up by it. */
  readonly family?: DistFamily | undefined;
}

/**
 * A distribution of your own. Its type follows from what is given: the evidence that is said, samples where there is a sampler, the mark of an approximation where
 * there is one; or say shape and evidence as types, which what is given must grant. Give `sampleAndLogDensity` where a sample's density comes with it;
 * else it is derived. Each run of a method is one reading of the distribution, in which it names a parameter once; another distribution of the same names in one
 * objective is an error. A `declaration` that is given says whose parameters it reads, where several distributions are one model.
 *
 * @example
 * const wedge = distribution({
 *   shape: [],
 *   spec: opaque('wedge', 'an example'),   // density 2x on (0, 1)
 *   evidence: 'exact',
 *   logDensity: (x) => draw.of(ops.log(ops.mul(2, x))),
 *   sample: draw.map(ops.sqrt)(draw.fromRandom(random.uniform([]))),
 * });   // Dist<readonly [], Exact & Samples>
 */
export function distribution<const S extends Shape, const V extends Evidence>(
  options: DistOptions<S> & {
    readonly evidence: V;
    readonly sample: D.Draw<Expr>;
    readonly approximation: Approximation<AnyDist>;
  },
): Dist<S, OfEvidence<V> & Samples & Approximate>;
export function distribution<const S extends Shape, const V extends Evidence>(
  options: DistOptions<S> & { readonly evidence: V; readonly sample: D.Draw<Expr> },
): Dist<S, OfEvidence<V> & Samples>;
export function distribution<const S extends Shape, const V extends Evidence>(
  options: DistOptions<S> & { readonly evidence: V },
): Dist<S, OfEvidence<V>>;
export function distribution<const S extends Shape, E>(options: DistOptions<S> & { readonly evidence: Granting<E> } & ([E] extends [Samples] ? { readonly sample: D.Draw<Expr> } : unknown)): Dist<S, E>; // biome-ignore format: one condition
export function distribution(options: DistOptions<Shape>): Dist<Shape, unknown> {
  return distFrom(options);
}

/** {@link distribution} of an evidence that a type parameter says: what is given is not checked against it. */
export const distFrom = <S extends Shape, E>(options: DistOptions<S>): Dist<S, E> => {
  const { declaration = declare('dist', options.spec.type) } = options;
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
  const unsampled = options.sample === undefined ? ({ unsampled: true } as const) : {};
  const dist: AnyDist = { ...options, ...unsampled, declaration, logDensity, sample, sampleAndLogDensity };
  return dist as Dist<S, E>;
};

/** The sampler of a distribution that has none: it says what to do instead. */
const noSampler =
  (type: string): D.Draw<Expr> =>
  () =>
    raise(
      'ArgumentError',
      type,
      'a distribution known up to a constant has no sampler: run a Markov kernel on it (sampledBy)',
    );

/** A distribution's sampler, where it has one: for distributions made of other distributions. */
export const samplerOf = (dist: AnyDist, sample: D.Draw<Expr> = dist.sample): { readonly sample?: D.Draw<Expr> } =>
  dist.unsampled === true ? {} : { sample };

function pushedForward<G extends Grade>(t: Endo<G>): <S extends Shape, E>(base: Dist<S, E>) => Dist<S, Through<G, E>>;
function pushedForward<X extends Shape, Z extends Shape, G extends Grade>(
  t: Transport<X, Z, G>,
): <E>(base: Dist<Z, E>) => Dist<X, Through<G, E>>;
function pushedForward(t: Layer): (base: Dist<Shape, unknown>) => Dist<never, never> {
  return (base) => {
    const pushed = { transport: t, base };
    const refined = (): AnyDist =>
      pushedForward(refinedOf(t) as Endo<Grade>)(refinedOf<AnyDist>(base) as Dist<Shape, unknown>) as AnyDist;
    const dist = distFrom<never, never>({
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
    if (resolved === undefined) return countedBy(t)({ ...dist, pushed });
    return countedBy(t)({ ...dist, pushed, resolved: Sc.map((b: AnyDist) => pushedForward(t as Endo<Grade>)(b as Dist<Shape, unknown>) as AnyDist)(Sc.at('base', resolved)) }); // biome-ignore format: one idea
  };
}

/**
 * The distribution of decode(z) for z from the base: log p(x) = log p_base(encode x) + contribution. Shape, evidence and capabilities follow.
 *
 * @example
 * const flow = pipe(standardNormal([2]), pushforward(repeat(8, compose(affineCoupling(), reverse()))));
 */
export const pushforward = define(
  distributionKind,
  {
    type: 'pushforward',
    about: 'A distribution seen through a transport.',
    required: { transport: nested(layerKind), base: nested(distributionKind) },
    build: ({ transport, base }): AnyDist => pushedForward(asEndo(transport))(base as Dist<Shape, unknown>),
    examples: [{ transport: { type: 'affine' }, base: { type: 'standardNormal', shape: [2] } }],
  },
  pushedForward,
);

/** The same transports over another innermost distribution; parameters of the transports keep their places. */
export const rebased = (dist: AnyDist, change: (innermost: AnyDist) => AnyDist): AnyDist =>
  dist.named !== undefined
    ? named(dist.named.place)(rebased(dist.named.dist, change) as Dist<Shape, unknown>)
    : dist.pushed === undefined
      ? change(dist)
      : pushforward(dist.pushed.transport as Endo<Grade>)(rebased(dist.pushed.base, change) as Dist<Shape, unknown>);

/** What a distribution keeps at a place of its own beside its density and samples: known facts, and capabilities by their rules. */
export type Named<L> = Pick<L, keyof L & keyof AllFacts> & Kept<L, 'named'>;

/**
 * The distribution at a place of its own: its parameters and noise are named `<name>/…`, so that one objective can hold two distributions of a kind. Shape, density, samples
 * and known facts are the distribution's; what else it can do (blocks, chains, a denoiser) it keeps by the rule of each capability.
 *
 * @example
 * const [teacher, student] = [named('teacher')(pipe(standardNormal([2]), pushforward(affine()))), named('student')(pipe(standardNormal([2]), pushforward(affine())))];
 */
export const named = define(
  distributionKind,
  {
    type: 'named',
    about: 'A distribution at a place of its own.',
    takes: ['name'],
    required: { name: text, dist: nested(distributionKind) },
    build: ({ name, dist }): AnyDist => named(name)(dist as Dist<Shape, unknown>) as AnyDist,
    examples: [{ name: 'teacher', dist: { type: 'standardNormal', shape: [2] } }],
  },
  (name: string) =>
    <S extends Shape, E, L extends Dist<S, E>>(dist: L & Dist<S, E>): Dist<S, E> & Named<L> => {
      if (name === '' || name.startsWith('/') || name.endsWith('/'))
        return raise('ArgumentError', 'named', 'a place has a name', { got: `'${name}'` });
      const plain: AnyDist = dist;
      return {
        ...knownFacts(dist as Partial<AllFacts>),
        ...kept('named', dist, name),
        // Parameters are expressions, which have their places in them; parts stand at places under the distribution's.
        ...(plain.family === undefined || plain.family.parts !== undefined ? {} : { family: plain.family }),
        shape: plain.shape,
        spec: { type: 'named', name, dist: plain.spec },
        evidence: plain.evidence,
        declaration: plain.declaration,
        ...(plain.unsampled === true ? { unsampled: true } : {}),
        approximation: approximationOf([plain], () => named(name)(refinedOf(plain) as Dist<Shape, unknown>) as AnyDist),
        logDensity: (x: Given) => D.at(name, plain.logDensity(x)),
        sample: D.at(name, plain.sample),
        sampleAndLogDensity: D.at(name, plain.sampleAndLogDensity),
        ...(plain.pushed === undefined ? {} : { pushed: plain.pushed }),
        named: { place: name, dist: plain },
      } as Dist<S, E> & Named<L>;
    },
);

/** log p(x) − log q(x): for importance weights and divergences. */
export const logRatio =
  (p: AnyDist, q: AnyDist) =>
  (x: Expr): D.Draw<Expr> =>
    pipe(
      p.logDensity(x),
      D.chain((a) => D.map((b: Expr) => sub(a, b))(q.logDensity(x))),
    );
