import { pipe } from 'fp-ts/lib/function.js';
import { free, parallel } from '../algebra/cost.ts';
import { layerKind, mapKind } from '../algebra/kinds.ts';
import { bijection, type Endo, type Step } from '../algebra/transport.ts';
import { oneOf, positiveInteger, t } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as Sc from '../core/scope.ts';
import { showShape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { networkKind } from '../nn/kinds.ts';
import { mlp } from '../nn/mlp.ts';
import type { Network } from '../nn/network.ts';
import { smallMlp } from '../nn/small.ts';

import { additiveMap, affineMap, type LogScale, logScaleCodec } from './scalar/affine-map.ts';
import { type MapLike, type Mapped, mapOf, noRaw, type ScalarMap } from './scalar/scalar-map.ts';

/** Which coordinates pass through. */
export type Split =
  /** the first half of the last axis (channels, for images) */
  | 'half'
  /** pixels (i, j) of an image `[H, W, C]` with i + j even (RealNVP, §3.4) */
  | 'checkerboard'
  /** the other pixels */
  | 'checkerboardInverse'
  /** so many of the last axis */
  | number;

const splits = oneOf(['half', 'checkerboard', 'checkerboardInverse']);

/** A split as JSON. */
export const splitCodec = new t.Type<Split>(
  `${splits.name} or a positive integer`,
  (u): u is Split => splits.is(u) || positiveInteger.is(u),
  (u, c) => (typeof u === 'number' ? positiveInteger.validate(u, c) : splits.validate(u, c)),
  t.identity,
);

/** Options common to couplings. */
export interface CouplingOptions {
  /** From the part that passes through to the map's parameters; default `mlp([64, 64])`. */
  readonly conditioner?: Network;
  readonly split?: Split;
}

const parted = (x: Expr, passing?: number): readonly [Expr, Expr] => {
  const axis = x.shape.length - 1;
  const n = x.shape[axis] ?? 0;
  const k = passing ?? Math.floor(n / 2);
  if (!(Number.isInteger(k) && k >= 1 && k < n))
    return raise('ShapeError', '', 'coupling: nothing to split', {
      expected: `a last axis of ${passing === undefined ? 2 : passing + 1} or more`,
      got: showShape(x.shape),
    });
  return [o.sliceAxis(x, axis, 0, k), o.sliceAxis(x, axis, k, n)];
};

const checkerboard = (shape: readonly number[], inverted: boolean): Expr => {
  const [h, w, c] = shape;
  if (shape.length !== 3 || h * w < 2)
    return raise('ShapeError', '', 'coupling: a checkerboard needs an image', {
      expected: '[H, W, C]',
      got: showShape(shape),
    });
  const cells = Float64Array.from({ length: h * w }, (_, k) =>
    (Math.floor(k / w) + (k % w)) % 2 === (inverted ? 1 : 0) ? 1 : 0,
  );
  return o.broadcastTo(o.reshape(o.constant(cells), [h, w, 1]), [h, w, c]);
};

/**
 * Coupling by any scalar map (Dinh et al. 2017, arXiv:1605.08803). Part a of the event passes through, and conditions the map's parameters
 * for the rest b:
 *
 *     encode: (a, b) ↦ (a, f(b; net(a)))      log |det ∂z/∂x| = Σ log f′
 *
 * Both directions cost one pass of the conditioner. A fixed map, `coupling(tanh())`, asks for no network: it acts on part b alone, free both ways. Where
 * the map is onto part of the reals (tanh, exp, sigmoid …), so is part b of the latents, and `inverse` of the map takes data from there.
 * Throws `ShapeError` where there is nothing to split.
 *
 * @example
 * coupling(chainMaps(sinhArcsinhMap(), affineMap()), { conditioner: mlp([64, 64]) })
 */
export const coupling = define(
  layerKind,
  {
    type: 'coupling',
    about: 'A scalar map of one part, with parameters from the other.',
    takes: ['map'],
    required: { map: nested(mapKind) },
    optional: { conditioner: nested(networkKind), split: splitCodec },
    examples: [
      { map: { type: 'splineMap', bins: 4, bound: 3 }, conditioner: smallMlp },
      {
        map: { type: 'chainMaps', maps: [{ type: 'sinhArcsinhMap' }, { type: 'affineMap' }] },
        split: 1,
        conditioner: smallMlp,
      },
      { map: { type: 'powerMap' }, conditioner: smallMlp },
      { map: { type: 'leakyReluMap' }, conditioner: smallMlp },
    ],
  },
  (given: MapLike, { conditioner = mlp([64, 64]), split = 'half' }: CouplingOptions = {}): Endo<'bijective'> => {
    const map = mapOf(given);
    const spec = { type: 'coupling', map: map.spec, conditioner: conditioner.spec, split };
    return couplingNamed(spec, map, conditioner, split);
  },
);

const couplingNamed = (
  spec: Endo<'bijective'>['spec'],
  map: ScalarMap,
  conditioner: Network,
  split: Split,
): Endo<'bijective'> => {
  const parametersOf = (x: Expr, shape: readonly number[]): Sc.Scoped<Expr> =>
    map.width === 0 ? Sc.of(noRaw(shape)) : Sc.at('net', conditioner.apply(x, [map.width, ...shape]));
  const parts = (x: Expr, move: (b: Expr, raw: Expr) => Sc.Scoped<Mapped>): Sc.Scoped<Step> => {
    const [a, b] = parted(x, typeof split === 'number' ? split : undefined);
    return pipe(
      parametersOf(a, b.shape),
      Sc.chain((raw) => move(b, raw)),
      Sc.map(({ value, logSlope }) => ({
        value: o.concat([a, value], x.shape.length - 1),
        contribution: o.sum(logSlope),
      })),
    );
  };
  const masked = (x: Expr, move: (b: Expr, raw: Expr) => Sc.Scoped<Mapped>): Sc.Scoped<Step> => {
    const kept = checkerboard(x.shape, split === 'checkerboardInverse');
    const passes = o.less(0.5, kept);
    return pipe(
      parametersOf(o.mul(kept, x), x.shape),
      Sc.chain((raw) => move(x, raw)),
      Sc.map(({ value, logSlope }) => ({
        value: o.where(passes, x, value),
        contribution: o.sum(o.where(passes, 0, logSlope)),
      })),
    );
  };
  const step = split === 'half' || typeof split === 'number' ? parts : masked;
  const cost = map.width === 0 ? free : parallel;
  return bijection({ spec, cost, encode: (x) => step(x, map.encode), decode: (z) => step(z, map.decode) });
};

/** Options of {@link affineCoupling}. */
export interface AffineCouplingOptions extends CouplingOptions {
  readonly logScale?: LogScale;
}

/**
 * Affine coupling (Dinh et al. 2017, eq. 7–8): (a, b) ↦ (a, b · e^{s(a)} + t(a)), log |det ∂z/∂x| = Σ s(a). With a conditioner that starts at
 * zero (the default) it starts as the identity.
 *
 * @example
 * repeat(8, compose(affineCoupling({ conditioner: mlp([64, 64]) }), reverse()))
 */
export const affineCoupling = define(
  layerKind,
  {
    type: 'affineCoupling',
    about: 'b · e^{s(a)} + t(a): RealNVP.',
    optional: { logScale: logScaleCodec, conditioner: nested(networkKind), split: splitCodec },
    examples: [
      { conditioner: smallMlp },
      { logScale: 'learned', split: 1, conditioner: { type: 'mlp', hidden: [3, 3], activation: 'softplus' } },
      { conditioner: { type: 'mlp', hidden: [12] } },
    ],
  },
  ({
    conditioner = mlp([64, 64]),
    logScale = 'bounded',
    split = 'half',
  }: AffineCouplingOptions = {}): Endo<'bijective'> =>
    couplingNamed(
      { type: 'affineCoupling', conditioner: conditioner.spec, logScale, ...(split === 'half' ? {} : { split }) },
      affineMap({ logScale }),
      conditioner,
      split,
    ),
);

/**
 * Additive coupling (NICE, Dinh et al. 2014): (a, b) ↦ (a, b + t(a)), log |det| = 0.
 *
 * @example
 * repeat(4, compose(additiveCoupling({ conditioner: mlp([32]) }), reverse()));
 */
export const additiveCoupling = define(
  layerKind,
  {
    type: 'additiveCoupling',
    about: 'b + t(a): NICE, which keeps volume.',
    optional: { conditioner: nested(networkKind), split: splitCodec },
    examples: [{ conditioner: smallMlp }, { split: 1, conditioner: smallMlp }],
  },
  ({ conditioner = mlp([64, 64]), split = 'half' }: CouplingOptions = {}): Endo<'bijective'> =>
    couplingNamed(
      { type: 'additiveCoupling', conditioner: conditioner.spec, ...(split === 'half' ? {} : { split }) },
      additiveMap(),
      conditioner,
      split,
    ),
);
