/** Compile-time tests: what must type-check (by assignment to the full type) and what must not (`@ts-expect-error`). Nothing here runs. */
import { pipe } from 'fp-ts/lib/function.js';
import type { Evidence, Grade, grants } from '../../src/algebra/evidence.ts';
import type {
  Approximate,
  Bound,
  Estimated,
  Exact,
  MeanBound,
  Samples,
  Unbiased,
  Unnormalised,
} from '../../src/algebra/index.ts';
import { type AnyDist, distribution } from '../../src/algebra/index.ts';
import {
  affine,
  affineCoupling,
  compose,
  type Endo,
  identity,
  inverse,
  logit,
  permute,
  repeat,
  reshape,
  reverse,
  type Transport,
} from '../../src/bijectors/index.ts';
import { draw, type Expr, ops } from '../../src/core/index.ts';
import { type Dist, normal, pushforward, standardNormal, uniform } from '../../src/distributions/index.ts';
import {
  elbo,
  importanceWeighted,
  maximumLikelihood,
  type Objective,
  fit as train,
  weighted,
} from '../../src/inference/index.ts';
import { glow, realNVPImages, realNVPMultiScale, vaeOverEvents } from '../../src/models/index.ts';
import { mlp } from '../../src/nn/index.ts';
import { dequantise } from '../../src/transports/index.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <A, B>(_holds: Equal<A, B>): void => undefined;

declare const stochastic: <const X extends readonly number[], const Z extends readonly number[]>(
  data: X,
  latent: Z,
) => Transport<X, Z, 'bound'>;
declare const slice: <const X extends readonly number[], const Z extends readonly number[]>(
  data: X,
  latent: Z,
) => Transport<X, Z, 'exact'>;
declare const ffjord: () => Endo<'unbiased'>;
declare const energy: <const S extends readonly number[]>(shape: S) => Dist<S, Unnormalised>;
declare const data: Parameters<typeof train>[0]['data'];

// ── heterogeneous compositions ────────────────────────────────────────────────────────────────────────────────────────
const preprocess = compose(dequantise(), logit(), affineCoupling(), reverse());
is<typeof preprocess, Endo<'bound'>>(true);

const image = compose(dequantise(), logit(), reshape([28, 28], [784]), repeat(4, compose(affineCoupling(), reverse())));
is<typeof image, Transport<readonly [28, 28], readonly [784], 'bound'>>(true);

const squeezed = compose(reshape([4, 4], [2, 8]), affine(), reshape([2, 8], [16]), permute({ seed: 1 }));
is<typeof squeezed, Transport<readonly [4, 4], readonly [16], 'bijective'>>(true);
is<ReturnType<typeof squeezedBack>, Transport<readonly [16], readonly [4, 4], 'bijective'>>(true);
const squeezedBack = () => inverse(squeezed);

const eight = compose(affine(), reverse(), affine(), reverse(), affine(), reverse(), logit(), ffjord());
is<typeof eight, Endo<'unbiased'>>(true);
is<ReturnType<typeof weakened>, Endo<'mean bound'>>(true);
const weakened = () => compose(ffjord(), dequantise(), affine());
const sliced = compose(affine(), slice([4], [2]), ffjord());
is<typeof sliced, Transport<readonly [4], readonly [2], 'unbiased'>>(true);

const none = compose();
is<typeof none, Endo<'bijective'>>(true);
const many = compose(...Array.from({ length: 3 }, () => affineCoupling({ conditioner: mlp([4]) })));
is<typeof many, Endo<'bijective'>>(true);
declare const squares: readonly Transport<readonly [4], readonly [4], 'bijective'>[];
is<ReturnType<typeof squared>, Transport<readonly [4], readonly [4], 'bijective'>>(true);
const squared = () => compose(...squares);
declare const halvings: readonly Transport<readonly [4], readonly [2], 'bijective'>[];
// @ts-expect-error any number of layers that change the shape do not fit each other
compose(...halvings);
// @ts-expect-error layers of one named shape are no layer of any shape
repeat(2, compose(...squares));
const around = () => compose(...Array.from({ length: 3 }, () => affine()), reshape([4, 4], [16]), ...[affine()]);
is<ReturnType<typeof around>, Transport<readonly [4, 4], readonly [16], 'bijective'>>(true);
export const generic = <G extends Grade>(f: Endo<G>) => compose(f, identity(), affine());
const specialised = generic(dequantise());
is<typeof specialised, Endo<'bound'>>(true);

// ── the types of evidence say what the table says ─────────────────────────────────────────────────────────────────────
type Uses<V extends Evidence> = (typeof grants)[V][number];
is<keyof Exact, Uses<'exact'>>(true);
is<keyof Unbiased, Uses<'unbiased'>>(true);
is<keyof Bound, Uses<'bound'>>(true);
is<keyof MeanBound, Uses<'mean bound'>>(true);
is<keyof Estimated, Uses<'estimated'>>(true);
is<keyof Estimated, Uses<'summed'>>(true);
is<keyof Unnormalised, Uses<'unnormalised'>>(true);

// ── distributions: shape and evidence follow ───────────────────────────────────────────────────────────────────────────────────
const flow = pipe(standardNormal([2]), pushforward(repeat(8, compose(affineCoupling(), reverse()))));
is<typeof flow, Dist<readonly [2], Exact & Samples>>(true);
const images = pipe(
  standardNormal([784]),
  pushforward(compose(reshape([28, 28], [784]), affineCoupling(), reverse(), affine())),
);
is<typeof images, Dist<readonly [28, 28], Exact & Samples>>(true);
const levels = pipe(uniform([2, 2]), pushforward(dequantise({ levels: 4 })));
is<typeof levels, Dist<readonly [2, 2], Bound & Samples>>(true);
const hvae = pipe(standardNormal([5]), pushforward(compose(stochastic([784], [20]), stochastic([20], [5]))));
is<typeof hvae, Dist<readonly [784], Bound & Samples>>(true);
const traced = pipe(standardNormal([3]), pushforward(ffjord()));
is<typeof traced, Dist<readonly [3], Unbiased & Samples>>(true);

// ── distributions of one's own: evidence, samples and marks follow from what is given ──────────────────────────────────────────
const parts = { shape: [2], spec: { type: 'mine' }, logDensity: (x: Expr) => draw.of(x) } as const;
const drawn = draw.of(ops.constant([0, 0]));
is<ReturnType<typeof mine>, Dist<readonly [2], Exact & Samples>>(true);
const mine = () => distribution({ ...parts, evidence: 'exact', sample: drawn });
is<ReturnType<typeof unsampled>, Dist<readonly [2], Unnormalised>>(true);
const unsampled = () => distribution({ ...parts, evidence: 'unnormalised' });
declare const approximation: NonNullable<AnyDist['approximation']>;
is<ReturnType<typeof rough>, Dist<readonly [2], Bound & Samples & Approximate>>(true);
const rough = () => distribution({ ...parts, evidence: 'bound', sample: drawn, approximation });
// @ts-expect-error what is said must be given: a bound is no density
distribution<readonly [2], Exact>({ ...parts, evidence: 'bound' });
// @ts-expect-error nor is a distribution without a sampler one with samples
distribution<readonly [2], Exact & Samples>({ ...parts, evidence: 'exact' });
// @ts-expect-error
maximumLikelihood(distribution({ ...parts, evidence: 'unnormalised', sample: drawn }));

// ── approximations are marked, and taken ──────────────────────────────────────────────────────────────────────────────
declare const solved: () => Endo<'≈bijective'>;
const solvedFlow = pipe(standardNormal([2]), pushforward(compose(affine(), solved())));
is<typeof solvedFlow, Dist<readonly [2], Exact & Samples & Approximate>>(true);
maximumLikelihood(solvedFlow);
inverse(solved());
is<ReturnType<typeof solvedLevels>, Dist<readonly [2], Bound & Samples & Approximate>>(true);
const solvedLevels = () => pipe(solvedFlow, pushforward(dequantise()));
// @ts-expect-error an approximate bijection is not an exact one
export const precise: Endo<'bijective'> = solved();

// ── published models keep their types ─────────────────────────────────────────────────────────────────────────────────
maximumLikelihood(glow({ shape: [2] }));
maximumLikelihood(realNVPMultiScale({ shape: [4, 4] }));
elbo(vaeOverEvents({ shape: [4], levels: 8 }));
// @ts-expect-error levels are dequantised, which bounds
maximumLikelihood(glow({ shape: [4, 4], levels: 8 }));
// @ts-expect-error
maximumLikelihood(realNVPImages([4, 4], 8));
declare const events: { readonly shape: readonly number[]; readonly levels?: number };
elbo(glow(events));
// @ts-expect-error events that may be levels
maximumLikelihood(glow(events));

// ── more evidence is a subtype ────────────────────────────────────────────────────────────────────────────────────────
export const bound: Dist<readonly [2], Bound> = flow;
export const unnormalised: Dist<readonly [2], Unnormalised> = flow;
export const unbiased: Dist<readonly [2], Unbiased> = flow;
export const sampler: Dist<readonly number[], Samples> = levels;
export const objectives: readonly Objective<readonly [2]>[] = [
  maximumLikelihood(flow),
  elbo(flow),
  weighted(2, elbo(flow)),
];
export const conditional = (loc: number): Dist<readonly [2], Exact> => normal([2], { loc });
export const task = () => train({ objective: elbo(levels), data, steps: 1 });

// ── misuses ───────────────────────────────────────────────────────────────────────────────────────────────────────────
// @ts-expect-error the base has 19 coordinates, the layer's latent side 20
pipe(standardNormal([19]), pushforward(stochastic([784], [20])));
// @ts-expect-error neighbours differ, with a shapeless layer in between
compose(stochastic([784], [20]), affine(), stochastic([21], [5]));
// @ts-expect-error neighbours differ in rank
compose(reshape([4, 4], [16]), reshape([4, 4], [16]));
// @ts-expect-error repeat needs a layer that keeps its shape
repeat(2, reshape([4, 4], [16]));
// @ts-expect-error a distribution is no layer
compose(affine(), standardNormal([2]));
// @ts-expect-error a bound is not an exact density
maximumLikelihood(levels);
// @ts-expect-error neither is an unbiased estimate
maximumLikelihood(traced);
// @ts-expect-error an unnormalised density has no bound
elbo(energy([2]));
elbo(pipe(levels, pushforward(ffjord()))); // a bound through a trace is a bound in the mean,
// @ts-expect-error whose samples do not average
importanceWeighted(5)(pipe(levels, pushforward(ffjord())));
// @ts-expect-error only bijections have inverses: rounding does not
inverse(dequantise());
// @ts-expect-error nor has slicing
inverse(slice([4], [2]));
// @ts-expect-error nor has a composition with one layer that is no bijection
inverse(preprocess);
// @ts-expect-error a bound is not exact
export const claimed: Dist<readonly [2, 2], Exact> = levels;
// @ts-expect-error another event shape
export const reshaped: Dist<readonly [3], Exact> = flow;
// @ts-expect-error a distribution is not an objective
train({ objective: flow, data, steps: 1 });
// @ts-expect-error an objective for events of another shape
export const other: Objective<readonly [3]> = maximumLikelihood(flow);
// @ts-expect-error an objective of a misused distribution
train({ objective: maximumLikelihood(hvae), data, steps: 1 });
// @ts-expect-error no such log-scale
affineCoupling({ logScale: 'clipped' });
// @ts-expect-error a permutation is given by an order or a seed
permute({});
// @ts-expect-error no such activation
mlp([4], { activation: 'swish' });
