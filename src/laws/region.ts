/** Where a law is tried: regions of events, points in them, and parameters away from their special initial values. */

import { buffersOf } from '../core/buffer.ts';
import type { Region as DefinedRegion } from '../core/definition.ts';
import { type Expr, topological } from '../core/expr.ts';
import { evaluateProgram } from '../core/interpreters/reference/index.ts';
import * as o from '../core/ops/index.ts';
import { initialValues } from '../core/parameters.ts';
import { foldIn, generator, keyOf } from '../core/prng.ts';
import { noiseFeeds, noiseKey, noiseTensor, type Program, parametersOf, program } from '../core/program.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { type Tensor, tensor } from '../core/tensor.ts';

/** Regions that layers map between. */
export type PlainRegion = DefinedRegion;

/** Where events live: all reals, the open unit interval, the positive numbers, a box with the same bounds for every coordinate, or integer levels 0 … n−1. */
export type Region = PlainRegion | { readonly low: number; readonly high: number } | { readonly levels: number };

/** The bounds of a region's coordinates; infinite for the reals. */
export const boundsOf = (region: Region): readonly [number, number] => {
  if (region === 'reals') return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (region === 'unit') return [0, 1];
  if (region === 'positive') return [0, Number.POSITIVE_INFINITY];
  return 'levels' in region ? [0, region.levels - 1] : [region.low, region.high];
};

/**
 * `n` random points of a region, `[n, …shape]`: standard normal on the reals, log-normal on the positive numbers, uniform elsewhere. The same seed gives the same points.
 *
 * @example
 * pointsIn('reals', [2], 5).shape;   // [5, 2]
 */
export const pointsIn = (region: Region, shape: Shape, n: number, seed = 0): Tensor => {
  const g = generator(foldIn(keyOf(seed), 'laws:points'));
  const [low, high] = boundsOf(region);
  const one = (): number => {
    if (region === 'reals') return g.normal();
    if (region === 'positive') return Math.exp(g.normal());
    if (typeof region === 'object' && 'levels' in region) return g.integer(region.levels);
    return low + (high - low) * g.uniform();
  };
  return tensor(Float64Array.from({ length: n * sizeOf(shape) }, one), [n, ...shape]);
};

/** Row `i` of an array of events. */
export const rowOf = (points: Tensor, i: number): Tensor => {
  const shape = points.shape.slice(1);
  const size = sizeOf(shape);
  return tensor(Float64Array.from(points.data.subarray(i * size, (i + 1) * size)), shape);
};

/** How {@link randomised} chooses parameters. */
export interface RandomisedOptions {
  readonly seed?: number;
  /** Standard deviation of what is added to every parameter's initial value, for matrices over √inputs; default 0.3. */
  readonly spread?: number;
  /** What data-dependent definitions see: the event's placeholder and events `[n, …]`. */
  readonly examples?: { readonly input: Expr; readonly points: Tensor };
  /** Two parameters with the same key get the same noise; default: the name. */
  readonly keyOf?: (name: string, index: number) => string;
}

/**
 * Values of every parameter and buffer of some expressions, by name: initial value + normal noise (where it is real), a function of seed and name. Layers whose initial
 * value is the identity are then not the identity, so no law holds by accident.
 *
 * @example
 * const values = randomised([draw.runDraw(dist.logDensity(ops.input('x', [2])))]);
 */
export const randomised = (
  outputs: readonly Expr[],
  { seed = 0, spread = 0.3, examples, keyOf: key = (name) => name }: RandomisedOptions = {},
): Record<string, Tensor> => {
  const parameters = [...parametersOf(outputs), ...buffersOf(outputs)];
  const names = parameters.map((e) => e.attributes.name);
  const closed = initialValues(parameters);
  const dependent = examples !== undefined && topological(closed).includes(examples.input);
  const values =
    examples !== undefined && dependent
      ? initialValues(parameters, [{ input: examples.input, batch: o.input('laws:examples', examples.points.shape) }])
      : closed;
  const p = program(values, 'float64');
  const feeds = {
    ...initialNoise(p, names, seed, key),
    ...(examples === undefined ? {} : { 'laws:examples': examples.points }),
  };
  return Object.fromEntries(
    evaluateProgram(p, feeds).map((t, i) => {
      const name = names[i];
      if (parameters[i].type !== 'real') return [name, t];
      const g = generator(foldIn(foldIn(keyOf(seed), 'laws:parameters'), key(name, i)));
      return [
        name,
        tensor(
          Float64Array.from(t.data, (v) => v + spread * g.normal()),
          t.shape,
        ),
      ];
    }),
  );
};

/** The noise of initialisers, under the parameters' keys instead of their names. */
const initialNoise = (
  p: Program,
  names: readonly string[],
  seed: number,
  key: (name: string, index: number) => string,
): Record<string, Tensor> => {
  const renamed = (path: string): string => {
    const i = names.findIndex((n) => path.startsWith(`init:${n}#`) || path.startsWith(`init:${n}/`));
    return i < 0 ? path : `init:${key(names[i], i)}${path.slice(5 + names[i].length)}`;
  };
  const feeds = p.slots.flatMap(({ name, shape, noise }) =>
    noise === undefined
      ? []
      : [
          [
            name,
            noiseTensor(shape, noise.dist, noise.batch, noiseKey(seed, 0, renamed(noise.path)), 'float64'),
          ] as const,
        ],
  );
  return Object.fromEntries(feeds);
};

/** Values of expressions on `reference`, as plain numbers; noise by `seed`. */
export const valuesOf = (
  outputs: readonly Expr[],
  feeds: Readonly<Record<string, Tensor>>,
  noise: { readonly seed: number; readonly firstExample?: number } = { seed: 0 },
): Tensor[] => {
  const p = program(outputs, 'float64');
  return evaluateProgram(p, { ...noiseFeeds(p, noise), ...feeds });
};
