/** Laws of composition: layers form a category, bijections a groupoid, and contributions follow. */
import { compose, type Endo, identity, inverse, type Layer, repeat, type Step } from '../algebra/transport.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { tensor } from '../core/tensor.ts';
import { pointsIn, type RandomisedOptions, type Region, randomised, rowOf, valuesOf } from './region.ts';
import { agree, type Verdict, verdict } from './verdict.ts';

/** Options of the laws of composition. */
export interface CompositionLawOptions {
  /** The data side's shape. */
  readonly shape: Shape;
  readonly region?: Region;
  /** Number of random points; default 3. */
  readonly count?: number;
  readonly seed?: number;
  /** Default 1e-10. */
  readonly tolerance?: number;
}

type Key = NonNullable<RandomisedOptions['keyOf']>;

/** Two declarations of one map name their parameters by different places: they correspond by order of first use. */
const byOrder: Key = (_name, index) => `${index}`;

/** For f followed by f⁻¹: the same name after the first place. */
const byPlaceInside: Key = (name) => name.slice(name.indexOf('/') + 1);

/** (value…, contribution) of a direction at each point. */
const ran = (
  step: D.Draw<Step>,
  x: Expr,
  { shape, region = 'reals', count = 3, seed = 0 }: CompositionLawOptions,
  keyOf: Key = byOrder,
): { readonly values: number[]; readonly contributions: number[] } => {
  const { value, contribution } = D.runDraw(step);
  const points = pointsIn(region, shape, count, seed);
  const feeds = randomised([value, contribution], { seed, keyOf, examples: { input: x, points } });
  const runs = Array.from({ length: count }, (_, i) =>
    valuesOf([value, contribution], { ...feeds, x: rowOf(points, i) }, { seed: seed + i }),
  );
  return {
    values: runs.flatMap((r) => Array.from(r[0].data)),
    contributions: runs.map((r) => r[1].data[0]),
  };
};

/**
 * Verdicts that two layers are the same map with the same contributions, up to the names of parameters. For layers without noise only.
 *
 * @example
 * sameMap('identity', affine(), compose(affine()), { shape: [2] });
 */
export const sameMap = (law: string, f: Layer, g: Layer, options: CompositionLawOptions): Verdict[] => {
  const x = o.input('x', options.shape);
  const [a, b] = [ran(f.encode(x), x, options), ran(g.encode(x), x, options)];
  const tolerance = options.tolerance ?? 1e-10;
  return [
    agree(`${law}: values`, a.values, b.values, tolerance),
    agree(`${law}: contributions`, a.contributions, b.contributions, tolerance),
  ];
};

/** Composition written out by hand: f, then g, contributions added. */
const handMade = (f: Layer, g: Layer, x: Expr): D.Draw<Step> =>
  D.chain((a: Step) =>
    D.map((b: Step) => ({ value: b.value, contribution: o.add(a.contribution, b.contribution) }))(
      D.at('g', (s) => g.encode(a.value)(s)),
    ),
  )(D.at('f', (s) => f.encode(x)(s)));

/**
 * Laws of `compose` for three layers (data side first, without noise): contributions add, composition is associative, {@link identity} is its unit and contributes 0, and
 * the composition of one layer is that layer.
 *
 * @example
 * assertLaws('compose', compositionLaws(affine(), reverse(), affine(), { shape: [2] }));
 */
export const compositionLaws = (
  f: Endo<'bijective'>,
  g: Endo<'bijective'>,
  h: Endo<'bijective'>,
  options: CompositionLawOptions,
): Verdict[] => {
  const x = o.input('x', options.shape);
  const tolerance = options.tolerance ?? 1e-10;
  const [pair, byHand] = [ran(compose(f, g).encode(x), x, options), ran(handMade(f, g, x), x, options)];
  const nothing = ran(identity().encode(x), x, options);
  const { region = 'reals', count = 3, seed = 0 } = options;
  return [
    agree('values of compose(f, g) = g ∘ f', pair.values, byHand.values, tolerance),
    agree('contributions of compose add', pair.contributions, byHand.contributions, tolerance),
    ...sameMap('compose is associative', compose(compose(f, g), h), compose(f, compose(g, h)), options),
    ...sameMap('compose(f, g, h) = compose(compose(f, g), h)', compose(f, g, h), compose(compose(f, g), h), options),
    ...sameMap('compose(identity, f) = f', compose(identity(), f), f, options),
    ...sameMap('compose(f, identity) = f', compose(f, identity()), f, options),
    ...sameMap('compose(f) = f', compose(f), f, options),
    ...sameMap('repeat(1, f) = f', repeat(1, f), f, options),
    ...sameMap('compose(f, repeat(2, g)) = compose(f, g, g)', compose(f, repeat(2, g)), compose(f, g, g), options),
    agree('identity changes nothing', nothing.values, pointsIn(region, options.shape, count, seed).data, 0),
    verdict('identity contributes nothing', Math.max(...nothing.contributions.map(Math.abs)), 0),
  ];
};

/**
 * Laws of {@link inverse}: its contribution is the negative of the other direction's; inverting twice gives the layer back; f followed by f⁻¹ (with the same parameters)
 * is the identity with contribution 0; and inverse(compose(f, g)) = compose(inverse(g), inverse(f)). Latents are real.
 *
 * @example
 * assertLaws('inverse', inverseLaws(affine(), reverse(), { shape: [2] }));
 */
export const inverseLaws = (f: Endo<'bijective'>, g: Endo<'bijective'>, options: CompositionLawOptions): Verdict[] => {
  const { shape, region = 'reals', count = 3, seed = 0 } = options;
  const tolerance = options.tolerance ?? 1e-10;
  const x = o.input('x', shape);
  const points = pointsIn(region, shape, count, seed);
  const code = ran(f.encode(x), x, options, (name) => name);
  const z = o.input('z', shape);
  const [encoded, decoded] = [D.runDraw(inverse(f).encode(z)), D.runDraw(f.decode(z))];
  const outputs = [encoded.value, encoded.contribution, decoded.value, decoded.contribution];
  const feeds = randomised([...Object.values(D.runDraw(f.encode(x))), ...outputs], {
    seed,
    examples: { input: x, points },
  });
  const size = sizeOf(shape);
  const runs = Array.from({ length: count }, (_, i) =>
    valuesOf(outputs, { ...feeds, z: tensor(Float64Array.from(code.values.slice(i * size, (i + 1) * size)), shape) }),
  );
  const each = (k: number): number[] => runs.flatMap((r) => Array.from(r[k].data));
  const cycle = ran(compose(f, inverse(f)).encode(x), x, options, byPlaceInside);
  const zero = new Float64Array(count);
  return [
    agree('inverse(f).encode = f.decode', each(0), each(2), 0),
    agree('contribution of inverse = −contribution', each(1), each(3).map((c) => 0 - c), 0), // biome-ignore format: one idea
    agree('contribution of inverse at z = −contribution at x', each(1), code.contributions.map((c) => 0 - c), 1e2 * tolerance), // biome-ignore format: one idea
    ...sameMap('inverse(inverse(f)) = f', inverse(inverse(f)), f, options),
    agree('compose(f, inverse(f)) = id', cycle.values, points.data, 1e2 * tolerance),
    agree('compose(f, inverse(f)) contributes nothing', cycle.contributions, zero, 1e2 * tolerance),
    ...sameMap(
      'inverse(compose(f, g)) = compose(inverse(g), inverse(f))',
      inverse(compose(f, g)),
      compose(inverse(g), inverse(f)),
      { ...options, region: 'reals' },
    ),
  ];
};
