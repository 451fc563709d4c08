/**
 * The mutation check: every log-determinant broken in every way we can think of, and some law must notice each. One list for the tests
 * (`mutation.test.ts`) and for `npm run mutate-laws`; a new layer is one line of `layers`, or of `still` where it keeps volume.
 */
import { pipe } from 'fp-ts/lib/function.js';
import { type AnyDist, type Dist, distribution } from '../../src/algebra/dist.ts';
import type { Exact, Samples } from '../../src/algebra/evidence.ts';
import { bijection, type Endo, endo, type Layer, type Step } from '../../src/algebra/transport.ts';
import { actNorm, additiveCoupling, affine, affineCoupling, affineMap, batchNorm, compose, elementwise, iaf, inverse, invertible1x1, logit, maf, mixtureCdfMap, multiScale, permute, planar, radial, repeat, reshape, reverse, scaleTril, shift, shiftScale, splineAutoregressive, splineCoupling, squeeze } from '../../src/bijectors/index.ts'; // biome-ignore format: one list
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { zeros } from '../../src/core/parameters.ts';
import { normal as normalNoise, uniform as uniformNoise } from '../../src/core/random.ts';
import * as Sc from '../../src/core/scope.ts';
import { type Shape, sizeOf } from '../../src/core/shape.ts';
import { normal, pushforward, standardNormal, uniform } from '../../src/distributions/index.ts';
import {
  compositionLaws,
  distLaws,
  distParameters,
  inverseLaws,
  levelBoundLaws,
  type TransportLawOptions,
  transportLaws,
  uniformLevelsDist,
  type Verdict,
  violations,
} from '../../src/laws/index.ts';
import { made, mlp, resMlp } from '../../src/nn/index.ts';
import { continuous, dequantise } from '../../src/transports/index.ts';
import { scalarFormulas, scalarLayers, scalarRight } from './scalar-mutants.ts';

/** The laws that notice something. */
export const killedBy = (verdicts: readonly Verdict[]): string[] => violations(verdicts).map((v) => v.law);

/** Something broken (or an original, which must pass), with the laws that look at it. */
export interface Mutant {
  readonly group: string;
  readonly name: string;
  readonly verdicts: () => readonly Verdict[];
  /** A law that must be among those that notice. */
  readonly by?: string;
}

type Bend = (contribution: Expr, event: Shape) => Expr;

/** A layer with bent contributions, in the directions named. */
const bent = <L extends Layer>(layer: L, bend: Bend, directions: readonly string[] = ['encode', 'decode']): L => {
  const change = (direction: 'encode' | 'decode') => (x: Expr) => {
    const run = layer[direction](x);
    return directions.includes(direction)
      ? D.map((s: Step) => ({ value: s.value, contribution: bend(s.contribution, x.shape) }))(run)
      : run;
  };
  // A finer version is bent as well: else it would tell the error of the bend.
  const { approximation } = layer;
  const finer = approximation && { ...approximation, refined: () => bent(approximation.refined(), bend, directions) };
  return { ...layer, approximation: finer, encode: change('encode'), decode: change('decode') };
};

/** Ways to get any log-determinant wrong. The first four are consistent in both directions: a round trip alone does not see them. */
const bends: readonly (readonly [string, Bend, (readonly string[])?])[] = [
  ['sign', (c) => o.neg(c)],
  ['dropped', () => o.scalar(0)],
  ['one dimension forgotten', (c, s) => o.mul((sizeOf(s) - 1) / sizeOf(s), c)],
  ['a small constant', (c) => o.add(c, 1e-6)],
  ['sign of encode', (c) => o.neg(c), ['encode']],
  ['sign of decode', (c) => o.neg(c), ['decode']],
  ['dropped in decode', () => o.scalar(0), ['decode']],
  ['counted twice', (c) => o.mul(2, c)],
];

const net = mlp([5], { activation: 'tanh' });
const masked = made([6], { activation: 'tanh' });
const unit = { shape: [3], region: 'unit' } as const;

const layers: readonly (readonly [string, Layer, TransportLawOptions])[] = [
  ['affine', affine(), { shape: [3] }],
  ['logit', logit({ alpha: 0.05 }), unit],
  ['logit, α = 1e-6', logit(), unit],
  ['inverse logit', inverse(logit({ alpha: 0 })), { shape: [3] }],
  ['coupling, bounded', affineCoupling({ conditioner: net }), { shape: [4] }],
  ['coupling, learned', affineCoupling({ conditioner: net, logScale: 'learned' }), { shape: [2, 3] }],
  ['inverse coupling', inverse(affineCoupling({ conditioner: net })), { shape: [4] }],
  ['fixed affine', shiftScale({ shift: [1, 2, 3], scale: [2, -0.5, 3] }), { shape: [3] }],
  ['elementwise affine', elementwise(affineMap({ logScale: 'learned' })), { shape: [2, 2] }],
  ['checkerboard coupling', affineCoupling({ conditioner: net, split: 'checkerboard' }), { shape: [2, 2, 1] }],
  ['MAF', maf({ conditioner: masked }), { shape: [3] }],
  ['IAF', iaf({ conditioner: masked }), { shape: [3] }],
  ['spline coupling', splineCoupling({ conditioner: net, bins: 4 }), { shape: [4] }],
  ['autoregressive spline', splineAutoregressive({ conditioner: masked, bins: 3 }), { shape: [3] }],
  ['mixture CDF', elementwise(mixtureCdfMap({ components: 2 })), { shape: [2] }],
  ['planar', planar(), { shape: [3] }],
  ['radial', radial(), { shape: [3] }],
  ...scalarLayers,
  ['ActNorm', actNorm(), { shape: [2, 2, 2] }],
  ['linear by LU', invertible1x1(), { shape: [2, 2, 3] }],
  ['linear, plain', invertible1x1({ parametrisation: 'plain' }), { shape: [3] }],
  ['linear by QR', invertible1x1({ parametrisation: 'qr' }), { shape: [2, 3] }],
  ['linear by the exponential', invertible1x1({ parametrisation: 'exponential' }), { shape: [2, 3] }],
  ['scaleTril', scaleTril(), { shape: [2, 3] }],
  ['batch-norm', batchNorm({ statistics: { mean: [1, 2], variance: [0.5, 3] } }), { shape: [2, 2] }],
  ['multi-scale', multiScale([2, 2, 1], [4], [compose(squeeze([2, 2, 1], [1, 1, 4]), affine()), scaleTril()]), { shape: [2, 2, 1] }], // biome-ignore format: one line a layer
  ['repeated couplings', repeat(2, compose(affineCoupling({ conditioner: net }), reverse())), { shape: [3] }],
  ['continuous flow', continuous(resMlp([5]), { times: 32 }), { shape: [2], tolerance: 3e-7 }],
  ['image preprocessing', compose(logit({ alpha: 0.01 }), reshape([2, 2], [4]), affine()), { shape: [2, 2], region: 'unit' }], // biome-ignore format: one line a layer
];

/** What volume-preserving layers can get wrong. */
const still: readonly (readonly [string, Layer, TransportLawOptions])[] = [
  ['shift', shift(2), { shape: [3] }],
  ['learned shift', shift(), { shape: [3] }],
  ['reverse', reverse(), { shape: [3] }],
  ['permute', permute({ seed: 1 }), { shape: [5] }],
  ['reshape', reshape([2, 2], [4]), { shape: [2, 2] }],
  ['squeeze', squeeze([2, 2, 2], [1, 1, 8]), { shape: [2, 2, 2] }],
  ['linear by Householder', invertible1x1({ parametrisation: 'householder' }), { shape: [3] }],
  ['additive coupling', additiveCoupling({ conditioner: net }), { shape: [4] }],
];

const ofLogDeterminants: readonly Mutant[] = [
  ...layers.flatMap(([name, layer, options]) =>
    bends.map(([how, bend, directions]) => ({
      group: 'log-determinants',
      name: `${name}: ${how}`,
      verdicts: () => transportLaws(bent(layer, bend, directions), options),
    })),
  ),
  ...still.map(([name, layer, options]) => ({
    group: 'log-determinants',
    name: `${name}: a constant`,
    verdicts: () =>
      transportLaws(
        bent(layer, (c) => o.add(c, 0.1)),
        options,
      ),
  })),
];

/** logit with a formula of one's own for the log-determinant. */
const logitWith = (alpha: number, contribution: (z: Expr) => Expr): Layer => {
  const f = logit({ alpha });
  const relabel = (pick: (s: Step, given: Expr) => Expr) => (run: D.Draw<Step>, given: Expr) =>
    D.map((s: Step) => ({ value: s.value, contribution: contribution(pick(s, given)) }))(run);
  const [onValue, onGiven] = [relabel((s) => s.value), relabel((_, given) => given)];
  return { ...f, encode: (x) => onValue(f.encode(x), x), decode: (z) => onGiven(f.decode(z), z) };
};

/** An affine layer whose contribution is what `wrong` makes of the log-scales. */
const affineWith = (
  wrong: (s: Expr) => Expr,
  undo = (z: Expr, s: Expr, t: Expr) => o.mul(o.sub(z, t), o.exp(o.neg(s))),
): Layer => {
  const maps = (shape: Shape) =>
    pipe(
      Sc.parameter('s', shape, { init: zeros }),
      Sc.chain((s) => pipe(Sc.parameter('t', shape, { init: zeros }), Sc.map((t) => ({ s, t })))), // biome-ignore format: one idea
    );
  return bijection({
    spec: { type: 'affine' },
    encode: (x) => pipe(maps(x.shape), Sc.map(({ s, t }) => ({ value: o.add(o.mul(x, o.exp(s)), t), contribution: wrong(s) }))), // biome-ignore format: one idea
    decode: (z) => pipe(maps(z.shape), Sc.map(({ s, t }) => ({ value: undo(z, s, t), contribution: wrong(s) }))), // biome-ignore format: one idea
  });
};

const both = (z: Expr): Expr => o.add(o.sum(o.softplus(z)), o.sum(o.softplus(o.neg(z))));

const width = Math.log(1 - 2 * 0.05);
const formulas: readonly (readonly [string, Layer, TransportLawOptions])[] = [
  ...scalarFormulas,
  ['logit: log(1 − 2α) forgotten', logitWith(0.05, both), unit],
  ['logit: log(1 − 2α) once, not for each dimension', logitWith(0.05, (z) => o.add(both(z), width)), unit],
  ['logit: log(1 − α)', logitWith(0.05, (z) => o.add(both(z), 3 * Math.log(0.95))), unit],
  ['logit: log(1 − 2α) with the wrong sign', logitWith(0.05, (z) => o.sub(both(z), 3 * width)), unit],
  ['logit, α = 1e-6: log(1 − 2α) forgotten', logitWith(1e-6, both), unit],
  ['logit: one softplus forgotten', logitWith(0.05, (z) => o.add(o.sum(o.softplus(z)), 3 * width)), unit],
  ['logit: log p instead of −log p(1 − p)', logitWith(0.05, (z) => o.add(o.sum(o.softplus(o.neg(z))), 3 * width)), unit], // biome-ignore format: one line a mutant
  ['affine: a coordinate forgotten', affineWith((s) => o.sum(o.sliceAxis(s, 0, 1, s.shape[0]))), { shape: [3] }],
  ['affine: mean instead of sum', affineWith((s) => o.mean(s)), { shape: [3] }],
  ['affine: e^s instead of s', affineWith((s) => o.sum(o.exp(s))), { shape: [3] }],
  ['affine: |s|', affineWith((s) => o.sum(o.abs(s))), { shape: [3] }],
  ['affine: decode forgets the shift', affineWith((s) => o.sum(s), (z, s) => o.mul(z, o.exp(o.neg(s)))), { shape: [3] }], // biome-ignore format: one line a mutant
  ['affine: decode scales the wrong way', affineWith((s) => o.sum(s), (z, s, t) => o.mul(o.sub(z, t), o.exp(s))), { shape: [3] }], // biome-ignore format: one line a mutant
  ['permute: decode in the same order', { ...permute({ order: [1, 2, 0] }), decode: permute({ order: [1, 2, 0] }).encode }, { shape: [3] }], // biome-ignore format: one line a mutant
];
const ofFormulas: readonly Mutant[] = formulas.map(([name, layer, options]) => ({
  group: 'formulas',
  name,
  verdicts: () => transportLaws(layer, options),
}));

const levels = 4;
const rebuilt = (changes: {
  readonly contribution?: (d: number) => number;
  readonly noise?: (u: Expr) => Expr;
  readonly round?: (y: Expr) => Expr;
}): Endo<'bound'> => {
  const { contribution = (d: number) => -d * Math.log(levels), noise = (u: Expr) => u, round = o.floor } = changes;
  return endo('bound', {
    spec: { type: 'dequantise', levels },
    encode: (k) =>
      D.map((u: Expr) => ({
        value: o.mul(1 / levels, o.add(k, noise(u))),
        contribution: o.scalar(contribution(sizeOf(k.shape))),
      }))(D.fromRandom(uniformNoise(k.shape))),
    decode: (y) =>
      D.of({
        value: o.max(0, o.min(levels - 1, round(o.mul(levels, y)))),
        contribution: o.scalar(contribution(sizeOf(y.shape))),
      }),
  });
};
const dequantisationDists = (layer: Endo<'bound'>): Verdict[] => {
  const dist = pushforward(layer)(pushforward(compose(logit({ alpha: 0 }), affine()))(standardNormal([1])));
  return [
    uniformLevelsDist(layer, { levels, shape: [2, 2] }),
    ...transportLaws(layer, { shape: [3], region: { levels }, undoes: 'data', tolerance: 0 }),
    ...levelBoundLaws(dist, levels, distParameters(dist, { levels }, 0, 0.5)),
  ];
};
const dequantisations: readonly (readonly [string, Endo<'bound'>])[] = [
  ['D log L forgotten', rebuilt({ contribution: () => 0 })],
  ['log L once, not for each dimension', rebuilt({ contribution: () => -Math.log(levels) })],
  ['sign', rebuilt({ contribution: (d) => d * Math.log(levels) })],
  ['L − 1 for L', rebuilt({ contribution: (d) => -d * Math.log(levels - 1) })],
  ['log₂', rebuilt({ contribution: (d) => -d * Math.log2(levels) })],
  ['the middle of the bin for noise', rebuilt({ noise: () => o.scalar(0.5) })],
  ['half the bin', rebuilt({ noise: (u) => o.mul(0.5, u) })],
  ['rounding to the nearest', rebuilt({ round: (y) => o.floor(o.add(y, 0.5)) })],
  ['noise of two bins', rebuilt({ noise: (u) => o.mul(2, u) })],
  ['decode alone drops it', bent(dequantise({ levels }), () => o.scalar(0), ['decode'])],
];
const ofDequantisation: readonly Mutant[] = dequantisations.map(([name, layer]) => ({
  group: 'dequantisation',
  name,
  verdicts: () => dequantisationDists(layer),
}));

const distWith = (dist: AnyDist, bend: Bend, sample = dist.sample): Dist<Shape, Exact & Samples> =>
  distribution<Shape, Exact & Samples>({
    shape: dist.shape,
    spec: dist.spec,
    evidence: 'exact',
    logDensity: (x) => D.map((l: Expr) => bend(l, x.shape))(dist.logDensity(x)),
    sample,
  });
const n2 = standardNormal([2]);
const wide = normal([2], { loc: [1, 0], scale: [0.5, 2] });
const layered = compose(affineCoupling({ conditioner: net }), affine());
const flow = pushforward(layered)(n2);
const same: Bend = (l) => l;
const distributions: readonly (readonly [string, AnyDist])[] = [
  ['normal: log √2π once, not for each dimension', distWith(n2, (l) => o.add(l, 0.5 * Math.log(2 * Math.PI)))],
  ['normal: log 2π for ½ log 2π', distWith(n2, (l) => o.sub(l, Math.log(2 * Math.PI)))],
  ['normal: sign', distWith(n2, (l) => o.neg(l))],
  ['normal: log scale forgotten', distWith(wide, (l) => o.add(l, Math.log(2 * 0.25)))],
  ['normal: sampler ignores the scale', distWith(wide, same, D.fromRandom(normalNoise([2])))],
  ['normal: sampler with the variance for the deviation', distWith(wide, same, D.map((e: Expr) => o.add(o.constant([1, 0]), o.mul(e, o.constant([0.25, 4]))))(D.fromRandom(normalNoise([2]))))], // biome-ignore format: one line a mutant
  ['flow: contribution subtracted', pushforward(bent(layered, (c) => o.neg(c)))(n2)],
  ['flow: contribution dropped', pushforward(bent(affine(), () => o.scalar(0)))(n2)],
  ['flow: contribution twice', pushforward(bent(affine(), (c) => o.mul(2, c)))(n2)],
  ['flow: sampler draws from the base', distWith(flow, same, n2.sample)],
  ['an offset of a thousandth', distWith(flow, (l) => o.add(l, 1e-3), flow.sample)],
];
const stopped = bent(affine(), o.stopGradient);
const blocked: Layer = { ...stopped, encode: (x) => D.map((s: Step) => ({ ...s, value: o.stopGradient(s.value) }))(stopped.encode(x)) }; // biome-ignore format: one idea
const region = { low: 0, high: 2 };
const box = uniform([2], region);
const ofDistributions: readonly Mutant[] = [
  ...distributions.map(([name, dist]) => ({ group: 'distributions', name, verdicts: () => distLaws(dist) })),
  {
    group: 'distributions',
    name: 'uniform: log of the width forgotten',
    verdicts: () =>
      distLaws(
        distWith(box, (l) => o.add(l, 2 * Math.log(2))),
        { region },
      ),
  },
  {
    group: 'distributions',
    name: 'a parameter that no gradient reaches',
    verdicts: () => distLaws(pushforward(blocked as Endo<'bijective'>)(n2)),
    by: 'gradients reach every parameter',
  },
  {
    group: 'distributions',
    name: 'examples that see each other',
    verdicts: () => distLaws(distWith(n2, (l) => o.add(l, o.sub(l, o.batchMean(l))))),
    by: 'a batch of n = n batches of one',
  },
];

// The laws compare the library's combinators with definitions written out; a broken layer inside shows the same way.
const f = affineCoupling({ conditioner: net });
const about = { shape: [3] };
const ofCombinators: readonly Mutant[] = [
  {
    group: 'combinators',
    name: 'compose that forgets the first contribution',
    verdicts: () =>
      inverseLaws(
        bent(f, () => o.scalar(0), ['decode']),
        affine(),
        about,
      ),
  },
  {
    group: 'combinators',
    name: 'inverse that forgets to negate',
    verdicts: () =>
      inverseLaws(
        bent(f, (c) => o.neg(c), ['decode']),
        affine(),
        about,
      ),
  },
];

/** Everything that is broken; each must be noticed. */
export const mutants: readonly Mutant[] = [
  ...ofLogDeterminants,
  ...ofFormulas,
  ...ofDequantisation,
  ...ofDistributions,
  ...ofCombinators,
];

const right = (name: string, verdicts: () => readonly Verdict[]): Mutant => ({ group: 'originals', name, verdicts });

/** What the mutants were made from, and the formulas written right: each must pass. */
export const originals: readonly Mutant[] = [
  ...[...layers, ...still, ...scalarRight].map(([name, layer, options]) =>
    right(name, () => transportLaws(layer, options)),
  ),
  right('logit by its formula', () =>
    transportLaws(
      logitWith(0.05, (z) => o.add(both(z), 3 * width)),
      unit,
    ),
  ),
  right('affine by its formula', () =>
    transportLaws(
      affineWith((s) => o.sum(s)),
      { shape: [3] },
    ),
  ),
  right('dequantise', () => dequantisationDists(dequantise({ levels }))),
  right('dequantise by its formula', () => dequantisationDists(rebuilt({}))),
  right('standard normal', () => distLaws(n2)),
  right('normal', () => distLaws(wide)),
  right('flow', () => distLaws(flow)),
  right('uniform', () => distLaws(box, { region })),
  right('inverse', () => inverseLaws(f, affine(), about)),
  right('compose', () => compositionLaws(f, affine(), reverse(), about)),
];
