/**
 * Transports: the one kind of layer. A transport joins a data side X and a latent side Z:
 *
 *     encode : X → Z      decode : Z → X
 *
 * and both return the pair (value, contribution), where `contribution` is what the layer adds to log p(x):
 *
 *     log p(x) = log p(z) + contribution          (exact, or a bound: see `Grade`)
 *
 * | layer | contribution | grade |
 * |---|---|---|
 * | bijection | log |det ∂z/∂x| | bijective |
 * | inference surjection (slice, abs, sort) | log p(x∣z) | exact |
 * | stochastic (VAE), generative surjection (rounding) | log p(x∣z) − log q(z∣x) | bound |
 *
 * Nothing just produced is inverted to score it: the SurVAE ledger (Nielsen et al. 2020, arXiv:2007.02731). */
import { list } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { neg } from '../core/ops/elementwise.ts';
import { scalar } from '../core/ops/leaves.ts';
import type { Declaration } from '../core/reading.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { type Approximation, approximationOf, refinedOf } from './approximation.ts';
import { type Carrier, changed } from './capability.ts';
import { chainOf } from './chain.ts';
import type { Composed, Fitting } from './composed.ts';
import { type Cost, flipCost, free, parallel } from './cost.ts';
import { declared } from './declared.ts';
import type { Grade, Weaker } from './evidence.ts';
import type { Inference } from './inferring.ts';
import { asEndo, bijective, layerKind } from './kinds.ts';
import { inverseMap, type ScalarMap } from './scalar-map.ts';
import type { Spec } from './spec.ts';

export { type RepeatOptions, repeat, repeating } from './repeat.ts';

/** A value and what producing it adds to log p(x), in nats (a scalar). */
export interface Step {
  readonly value: Expr;
  readonly contribution: Expr;
}

declare const Phantom: unique symbol;

/** What every layer is at run time. */
export interface Layer extends Carrier {
  readonly spec: Spec;
  readonly grade: Grade;
  readonly cost: Cost;
  /** The data shape for a latent shape. Throws `ShapeError` where the layer does not fit. */
  readonly dataShape: (latent: Shape) => Shape;
  readonly encode: (x: Expr) => D.Draw<Step>;
  readonly decode: (z: Expr) => D.Draw<Step>;
  /** Why its numbers are approximate (grades with ≈ in front), and the same layer computed more finely. */
  readonly approximation?: Approximation<Layer> | undefined;
  /** Its identity, which copies of it carry: whose its parameters are. */
  readonly declaration?: Declaration | undefined;
  /** The layers this one is made of, one after the other from the data side; none where it is not a chain. For pictures and reports. */
  readonly parts: readonly Part[];
  /** Whether it fits any shape and keeps it. */
  readonly endo?: true | undefined;
  /** What encoding infers by a distribution with parameters, said apart for estimators: see `inferring`. */
  readonly inference?: Inference | undefined;
  /** The function of one number that it applies to every element, where it is such a layer: what couplings take. */
  readonly map?: ScalarMap | undefined;
}

/** A layer inside another, with the segment that it adds to the place of its parameters. */
export interface Part {
  readonly segment: string;
  readonly layer: Layer;
}

/** A layer between two named shapes. */
export interface Transport<in out X extends Shape, in out Z extends Shape, out G extends Grade> extends Layer {
  // The shapes themselves come first: a mismatch is then told in one line, `Type 'readonly [21]' is not assignable to type 'readonly [20]'`.
  readonly [Phantom]: { readonly data: X; readonly latent: Z; readonly grade: G; readonly only: (x: X, z: Z) => void };
}

/** A layer that fits any shape and keeps it: the size is named once, at the base. */
export interface Endo<out G extends Grade> extends Layer {
  readonly endo: true;
  readonly [Phantom]: { readonly grade: G };
}

/** A layer that applies a fixed function of one number to every element; it carries the function, and stands wherever a scalar map is wanted. */
export interface MapLayer extends Endo<'bijective'> {
  readonly map: ScalarMap;
}

/** What {@link endo} and {@link transport} are made from. */
export interface LayerOptions {
  readonly spec: Spec;
  readonly cost?: Cost;
  readonly encode: (x: Expr) => D.Draw<Step>;
  readonly decode: (z: Expr) => D.Draw<Step>;
  readonly inference?: Inference;
  readonly approximation?: Approximation<Layer>;
  /** Whose its parameters are, where several layers are one (a layer and the same on a finer grid); its own by default. */
  readonly declaration?: Declaration;
  readonly map?: ScalarMap;
}

/**
 * A layer of your own that keeps any event shape. `contribution` is a scalar: sum over the event. Each run of a direction names a parameter once (see
 * `scope.again` for a network that it runs several times); another layer at the same place is an error.
 *
 * @example
 * const turned = (x: Expr) => draw.of({ value: ops.neg(x), contribution: ops.scalar(0) });
 * const negate = endo('bijective', { spec: { type: 'negate' }, encode: turned, decode: turned });
 */
export const endo = <G extends Grade>(grade: G, options: LayerOptions): Endo<G> => {
  const layer: Layer = { cost: parallel, parts: [], grade, dataShape: (z) => z, endo: true, ...declared(options) };
  return layer as Endo<G>;
};

/**
 * A layer of your own between two shapes.
 *
 * @example
 * const shaped = (shape: readonly number[]) => (x: Expr) => draw.of({ value: ops.reshape(x, shape), contribution: ops.scalar(0) });
 * const flat = transport('bijective', { data: [2, 2], latent: [4] }, { spec: { type: 'flat' }, encode: shaped([4]), decode: shaped([2, 2]) });
 */
export const transport = <const X extends Shape, const Z extends Shape, G extends Grade>(
  grade: G,
  shapes: { readonly data: X; readonly latent: Z },
  options: LayerOptions,
): Transport<X, Z, G> => {
  const layer = declared(options);
  const between: Layer = {
    cost: parallel,
    parts: [],
    grade,
    ...layer,
    dataShape: (z: Shape) =>
      sameShape(z, shapes.latent)
        ? shapes.data
        : raise('ShapeError', options.spec.type, 'the latent side does not fit', {
            expected: showShape(shapes.latent),
            got: showShape(z),
          }),
    encode: (x: Expr) =>
      sameShape(x.shape, shapes.data)
        ? layer.encode(x)
        : raise('ShapeError', options.spec.type, 'the data side does not fit', {
            expected: showShape(shapes.data),
            got: showShape(x.shape),
          }),
  };
  return between as Transport<X, Z, G>;
};

/**
 * A bijection of any shape from two functions without noise; each returns log |det ∂z/∂x| with its value.
 *
 * @example
 * const double = bijection({
 *   spec: { type: 'double' },
 *   encode: (x) => () => ({ value: ops.mul(2, x), contribution: ops.scalar(sizeOf(x.shape) * Math.LN2) }),
 *   decode: (z) => () => ({ value: ops.mul(0.5, z), contribution: ops.scalar(sizeOf(z.shape) * Math.LN2) }),
 * });
 */
export const bijection = (options: {
  readonly spec: Spec;
  readonly cost?: Cost;
  readonly map?: ScalarMap;
  readonly encode: (x: Expr) => (scope: { readonly path: string }) => Step;
  readonly decode: (z: Expr) => (scope: { readonly path: string }) => Step;
}): Endo<'bijective'> =>
  endo('bijective', {
    ...options,
    encode: (x) => D.fromScoped(options.encode(x)),
    decode: (z) => D.fromScoped(options.decode(z)),
  });

/**
 * Nothing changes: the unit of {@link compose}.
 *
 * @example
 * compose(identity(), affine());   // affine, by another name
 */
export const identity = define(
  layerKind,
  { type: 'identity', about: 'Nothing changes.', regions: 'any', examples: [{}] },
  (): Endo<'bijective'> =>
    bijection({
      spec: { type: 'identity' },
      cost: free,
      encode: (value) => () => ({ value, contribution: scalar(0) }),
      decode: (value) => () => ({ value, contribution: scalar(0) }),
    }),
);

/** A layer whose type says its grade: an {@link Endo} or a {@link Transport}. */
export interface Graded extends Layer {
  readonly [Phantom]: { readonly grade: Grade };
}

/** The grade of a layer's type. */
export type GradeOf<L> = L extends { readonly [Phantom]: { readonly grade: infer G extends Grade } } ? G : never;

/** The weakest grade of a list of layers. */
export type GradeOfAll<L extends readonly Graded[]> = L extends readonly [infer F, ...infer R extends readonly Graded[]]
  ? Weaker<GradeOf<F>, GradeOfAll<R>>
  : L extends readonly []
    ? 'bijective'
    : GradeOf<L[number]>;

function composeLayers<const L extends readonly Graded[]>(
  ...layers: Fitting<L> extends L ? L : Fitting<L>
): Composed<L>;
function composeLayers(...layers: readonly Layer[]): Layer {
  return chainOf(layers, { type: 'compose', layers: layers.map((l) => l.spec) });
}

/**
 * Layers from the data side to the latent side: `compose(f, g)` encodes by f, then g, and decodes by g, then f. Associative, with
 * {@link identity} as unit; contributions add; the grade is the weakest. A shape that does not fit its neighbour is a compile error.
 *
 * @example
 * compose(dequantise(), logit(), reshape([28, 28], [784]), affineCoupling(), reverse());   // Transport<[28, 28], [784], 'bound'>
 */
export const compose = define(
  layerKind,
  {
    type: 'compose',
    about: 'Layers one after the other, from the data side.',
    required: { layers: list(nested(layerKind), 'a list of layers') },
    build: ({ layers }): Layer => composeLayers(...layers.map(asEndo)),
    examples: [{ layers: [{ type: 'reverse' }, { type: 'affine' }] }],
  },
  composeLayers,
);

const negated = (d: D.Draw<Step>): D.Draw<Step> =>
  D.map((s: Step) => ({ value: s.value, contribution: neg(s.contribution) }))(d);

/** A layer with two exact directions. */
export interface Invertible extends Layer {
  readonly [Phantom]: { readonly grade: 'bijective' | '≈bijective' };
}

/** The type of a layer's inverse: the shapes exchanged. */
export type Inverted<L extends Invertible> =
  L extends Transport<infer X, infer Z, infer G>
    ? Transport<Z, X, G>
    : L extends MapLayer
      ? MapLayer
      : Endo<GradeOf<L>>;

function invert<L extends Invertible>(layer: L): Inverted<L>;
function invert(layer: Layer): Layer {
  return {
    ...changed('inverted', layer, undefined),
    map: layer.map === undefined ? undefined : inverseMap(layer.map),
    parts: layer.parts.map((p) => ({ ...p, layer: inverted(p.layer) })).reverse(),
    spec: { type: 'inverse', of: layer.spec },
    cost: flipCost(layer.cost),
    approximation: approximationOf([layer], () => inverted(refinedOf(layer))),
    encode: (x) => negated(layer.decode(x)),
    decode: (z) => negated(layer.encode(z)),
    dataShape: (latent) => (layer.endo === true ? latent : inverseShape(layer, latent)),
  };
}

/**
 * The layer with its sides exchanged; only for bijections. `inverse(inverse(f))` is f, and contributions change sign.
 *
 * @example
 * pipe(standardNormal([2]), pushforward(inverse(affineCoupling())));
 */
export const inverse = define(
  layerKind,
  {
    type: 'inverse',
    about: 'A bijection with its sides exchanged.',
    required: { of: nested(layerKind) },
    build: ({ of }): Layer => invert(bijective('inverse', of)),
    examples: [
      { of: { type: 'affine' } },
      { of: { type: 'splineCoupling', bins: 4, conditioner: { type: 'mlp', hidden: [4], activation: 'tanh' } } },
    ],
  },
  invert,
);

const inverted = (layer: Layer): Layer => invert(layer as Endo<'bijective'>);

/** The latent shape that a layer with fixed shapes maps data of `data` to: by encoding a placeholder. */
const inverseShape = (layer: Layer, data: Shape): Shape => {
  const probe = D.runDraw(
    layer.encode({ op: 'input', inputs: [], attributes: { name: 'probe' }, shape: data, type: 'real' } as Expr),
  );
  return probe.value.shape;
};
