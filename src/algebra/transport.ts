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
 * Nothing just produced is ever inverted to score it. This is the SurVAE ledger (Nielsen et al. 2020, arXiv:2007.02731).
 */
import { pipe } from 'fp-ts/lib/function.js';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { add, neg } from '../core/ops/elementwise.ts';
import { scalar } from '../core/ops/leaves.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';
import { addCost, type Cost, flipCost, free, parallel } from './cost.ts';
import { type Grade, type Weaker, weaker } from './evidence.ts';
import type { Spec } from './spec.ts';

/** A value and what producing it adds to log p(x), in nats (a scalar). */
export interface Step {
  readonly value: Expr;
  readonly contribution: Expr;
}

declare const Phantom: unique symbol;

/** What every layer is at run time. */
export interface Layer {
  readonly spec: Spec;
  readonly grade: Grade;
  readonly cost: Cost;
  /** The data shape for a latent shape. Throws `ShapeError` where the layer does not fit. */
  readonly dataShape: (latent: Shape) => Shape;
  readonly encode: (x: Expr) => D.Draw<Step>;
  readonly decode: (z: Expr) => D.Draw<Step>;
}

/** A layer between two named shapes. */
export interface Transport<in out X extends Shape, in out Z extends Shape, out G extends Grade> extends Layer {
  readonly [Phantom]: { readonly data: (x: X) => X; readonly latent: (z: Z) => Z; readonly grade: G };
}

/** A layer that fits any shape and keeps it: the size is named once, at the base. */
export interface Endo<out G extends Grade> extends Layer {
  readonly endo: true;
  readonly [Phantom]: { readonly grade: G };
}

/** Any layer. */
export type AnyTransport = Layer;

/** What {@link endo} and {@link transport} are made from. */
export interface LayerOptions {
  readonly spec: Spec;
  readonly cost?: Cost;
  readonly encode: (x: Expr) => D.Draw<Step>;
  readonly decode: (z: Expr) => D.Draw<Step>;
}

/** A layer of your own that keeps any event shape. `contribution` is a scalar: sum over the event. */
export const endo = <G extends Grade>(grade: G, options: LayerOptions): Endo<G> =>
  ({ cost: parallel, grade, dataShape: (z: Shape) => z, endo: true, ...options }) as unknown as Endo<G>;

/** A layer of your own between two shapes. */
export const transport = <const X extends Shape, const Z extends Shape, G extends Grade>(
  grade: G,
  shapes: { readonly data: X; readonly latent: Z },
  options: LayerOptions,
): Transport<X, Z, G> =>
  ({
    cost: parallel,
    grade,
    ...options,
    dataShape: (z: Shape) =>
      sameShape(z, shapes.latent)
        ? shapes.data
        : raise('ShapeError', options.spec.type, 'the latent side does not fit', {
            expected: showShape(shapes.latent),
            got: showShape(z),
          }),
    encode: (x: Expr) =>
      sameShape(x.shape, shapes.data)
        ? options.encode(x)
        : raise('ShapeError', options.spec.type, 'the data side does not fit', {
            expected: showShape(shapes.data),
            got: showShape(x.shape),
          }),
  }) as unknown as Transport<X, Z, G>;

/** A bijection of any shape from two functions without noise; each returns log |det ∂z/∂x| with its value. */
export const bijection = (options: {
  readonly spec: Spec;
  readonly cost?: Cost;
  readonly encode: (x: Expr) => (scope: { readonly path: string }) => Step;
  readonly decode: (z: Expr) => (scope: { readonly path: string }) => Step;
}): Endo<'bijective'> =>
  endo('bijective', {
    ...options,
    encode: (x) => D.fromScoped(options.encode(x)),
    decode: (z) => D.fromScoped(options.decode(z)),
  });

/** Nothing changes: the unit of {@link compose}. */
export const identity = (): Endo<'bijective'> =>
  bijection({
    spec: { type: 'identity' },
    cost: free,
    encode: (value) => () => ({ value, contribution: scalar(0) }),
    decode: (value) => () => ({ value, contribution: scalar(0) }),
  });

const inOrder = (first: D.Draw<Step>, second: (value: Expr) => D.Draw<Step>): D.Draw<Step> =>
  pipe(
    first,
    D.chain((a) =>
      pipe(
        second(a.value),
        D.map((b) => ({ value: b.value, contribution: add(a.contribution, b.contribution) })),
      ),
    ),
  );

/** One layer's direction at its place: its parameters, noise, errors and non-finite numbers are found by it. */
const placed = (segment: string, step: () => D.Draw<Step>): D.Draw<Step> =>
  D.at(
    segment,
    (scope) => (cursor) =>
      pipe(
        step(),
        D.chain((s) => D.map((value: Expr) => ({ value, contribution: s.contribution }))(D.labelled(s.value))),
      )(scope)(cursor),
  );

const chainOf = (layers: readonly Layer[], spec: Spec): Layer => ({
  spec,
  grade: layers.reduce<Grade>((g, l) => weaker(g, l.grade), 'bijective'),
  cost: layers.reduce((c, l) => addCost(c, l.cost), free),
  dataShape: (z) => layers.reduceRight((s, l) => l.dataShape(s), z),
  encode: (x) =>
    layers.reduce<D.Draw<Step>>(
      (sofar, l, i) => inOrder(sofar, (v) => placed(`${i}.${l.spec.type}`, () => l.encode(v))),
      D.of({ value: x, contribution: scalar(0) }),
    ),
  decode: (z) =>
    layers.reduceRight<D.Draw<Step>>(
      (sofar, l, i) => inOrder(sofar, (v) => placed(`${i}.${l.spec.type}`, () => l.decode(v))),
      D.of({ value: z, contribution: scalar(0) }),
    ),
});

/**
 * Layers from the data side to the latent side: `compose(f, g)` encodes by f, then g, and decodes by g, then f. Associative, with
 * {@link identity} as unit; contributions add. A shape that does not fit its neighbour is a compile error.
 */
export function compose<A extends Grade>(...layers: readonly Endo<A>[]): Endo<A>;
export function compose<A extends Grade, B extends Grade>(f: Endo<A>, g: Endo<B>): Endo<Weaker<A, B>>;
export function compose<X extends Shape, Z extends Shape, A extends Grade, B extends Grade>(
  f: Endo<A>,
  g: Transport<X, Z, B>,
): Transport<X, Z, Weaker<A, B>>;
export function compose<X extends Shape, Z extends Shape, A extends Grade, B extends Grade>(
  f: Transport<X, Z, A>,
  ...rest: readonly Endo<B>[]
): Transport<X, Z, Weaker<A, B>>;
export function compose<X extends Shape, Y extends Shape, Z extends Shape, A extends Grade, B extends Grade>(
  f: Transport<X, Y, A>,
  g: Transport<NoInfer<Y>, Z, B>,
): Transport<X, Z, Weaker<A, B>>;
export function compose(...layers: readonly Layer[]): Layer {
  return chainOf(layers, { type: 'compose', layers: layers.map((l) => l.spec) });
}

/** The same layer `n` times, each with parameters of its own. */
export const repeat = <G extends Grade>(n: number, layer: Endo<G>): Endo<G> => {
  if (!Number.isInteger(n) || n < 1)
    return raise('ArgumentError', 'repeat', 'needs a positive number of layers', { expected: '1, 2, …', got: `${n}` });
  const copies = Array.from({ length: n }, () => layer);
  return { ...chainOf(copies, { type: 'repeat', times: n, layer: layer.spec }), endo: true } as unknown as Endo<G>;
};

const negated = (d: D.Draw<Step>): D.Draw<Step> =>
  D.map((s: Step) => ({ value: s.value, contribution: neg(s.contribution) }))(d);

/** The layer with its sides exchanged; only for bijections. `inverse(inverse(f))` is f, and contributions change sign. */
export function inverse(layer: Endo<'bijective'>): Endo<'bijective'>;
export function inverse<X extends Shape, Z extends Shape>(
  layer: Transport<X, Z, 'bijective'>,
): Transport<Z, X, 'bijective'>;
export function inverse(layer: Layer): Layer {
  return {
    ...layer,
    spec: { type: 'inverse', of: layer.spec },
    cost: flipCost(layer.cost),
    encode: (x) => negated(layer.decode(x)),
    decode: (z) => negated(layer.encode(z)),
    dataShape: (latent) => ('endo' in layer ? latent : inverseShape(layer, latent)),
  };
}

/** The latent shape that a layer with fixed shapes maps data of `data` to: by encoding a placeholder. */
const inverseShape = (layer: Layer, data: Shape): Shape => {
  const probe = D.runDraw(
    layer.encode({ op: 'input', inputs: [], attributes: { name: 'probe' }, shape: data, type: 'real' } as Expr),
  );
  return probe.value.shape;
};
