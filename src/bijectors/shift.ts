/** Shift and scale, one at a time, by fixed numbers or learned; both together are `shiftScale` and `affine`. */
import { pipe } from 'fp-ts/lib/function.js';
import { having } from '../algebra/capability.ts';
import { free } from '../algebra/cost.ts';
import { everywhere, fixing } from '../algebra/fixed.ts';
import { layerKind, mapKind } from '../algebra/kinds.ts';
import { bijection, type Endo, type Layer, type MapLayer } from '../algebra/transport.ts';
import { finite } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { scalarMap } from './scalar/scalar-map.ts';

/** The layer with the map that it applies, whose slope is the same everywhere. */
const carrying = (
  layer: Endo<'bijective'>,
  encode: (x: Expr) => Expr,
  decode: (z: Expr) => Expr,
  logSlope: number,
): MapLayer => {
  const mapped = (value: Expr) => ({ value, logSlope: o.broadcastTo(logSlope, value.shape) });
  const map = scalarMap({ spec: layer.spec, encode: (x) => mapped(encode(x)), decode: (z) => mapped(decode(z)) });
  return { ...layer, map };
};

function shiftBy(by: number): MapLayer;
function shiftBy(by?: number): Endo<'bijective'>;
function shiftBy(by?: number): Endo<'bijective'> {
  if (by !== undefined && !Number.isFinite(by))
    return raise('ArgumentError', 'shift', 'not a finite number', { expected: 'a finite number', got: `${by}` });
  const b = (shape: Shape): Sc.Scoped<Expr> =>
    by === undefined ? Sc.parameter('shift', shape, { init: zeros, kind: 'shift' }) : Sc.of(o.scalar(by));
  const layer = bijection({
    spec: by === undefined ? { type: 'shift' } : { type: 'shift', by },
    cost: free,
    encode: (x) => pipe(b(x.shape), Sc.map((t) => ({ value: o.sub(x, t), contribution: o.scalar(0) }))), // biome-ignore format: one idea
    decode: (z) => pipe(b(z.shape), Sc.map((t) => ({ value: o.add(z, t), contribution: o.scalar(0) }))), // biome-ignore format: one idea
  });
  return by === undefined
    ? layer
    : having(fixing, everywhere(by, 1))(carrying(layer, (x) => o.sub(x, by), (z) => o.add(z, by), 0)); // biome-ignore format: one idea
}

/**
 * x = z + b: z = x − b, log |det ∂z/∂x| = 0. A number for all elements alike, or without one a learned b of the event's shape that starts at 0. Free both
 * ways. Throws `ArgumentError` where b is not finite.
 *
 * @example
 * shift(170)
 */
export const shift = define(
  layerKind,
  {
    type: 'shift',
    about: 'x = z + b, fixed or learned.',
    takes: ['by'],
    optional: { by: finite },
    build: ({ by }): Layer => shiftBy(by),
    examples: [{}, { by: 0.5 }],
  },
  define(
    mapKind,
    {
      type: 'shift',
      about: 'x = z + b, fixed or learned.',
      required: { by: finite },
      build: ({ by }) => shiftBy(by).map,
      examples: [{ by: 0.5 }],
    },
    shiftBy,
  ),
);

function scaleBy(by: number): MapLayer;
function scaleBy(by?: number): Endo<'bijective'>;
function scaleBy(by?: number): Endo<'bijective'> {
  if (by !== undefined && !(Number.isFinite(by) && by !== 0))
    return raise('ArgumentError', 'scale', 'not a scale', { expected: 'a finite number other than 0', got: `${by}` });
  if (by !== undefined) {
    const contribution = (x: Expr): Expr => o.scalar(-sizeOf(x.shape) * Math.log(Math.abs(by)));
    const layer = bijection({
      spec: { type: 'scale', by },
      cost: free,
      encode: (x) => () => ({ value: o.div(x, by), contribution: contribution(x) }),
      decode: (z) => () => ({ value: o.mul(z, by), contribution: contribution(z) }),
    });
    return having(fixing, everywhere(0, by))(carrying(layer, (x) => o.div(x, by), (z) => o.mul(z, by), -Math.log(Math.abs(by)))); // biome-ignore format: one idea
  }
  const learned = (shape: Shape): Sc.Scoped<Expr> => Sc.parameter('logScale', shape, { init: zeros, kind: 'scale' });
  return bijection({
    spec: { type: 'scale' },
    cost: free,
    encode: (x) =>
      pipe(
        learned(x.shape),
        Sc.map((s) => ({ value: o.mul(x, o.exp(o.neg(s))), contribution: o.neg(o.sum(s)) })),
      ),
    decode: (z) =>
      pipe(
        learned(z.shape),
        Sc.map((s) => ({ value: o.mul(z, o.exp(s)), contribution: o.neg(o.sum(s)) })),
      ),
  });
}

/**
 * x = s · z: z = x / s, log |det ∂z/∂x| = −Σ log |s|. A number for all elements alike, or without one a learned s = e^{logScale} of the event's shape that
 * starts at 1. Free both ways. Throws `ArgumentError` where s is 0 or not finite.
 *
 * @example
 * scale(10)
 */
export const scale = define(
  layerKind,
  {
    type: 'scale',
    about: 'x = s · z, fixed or learned.',
    takes: ['by'],
    optional: { by: finite },
    build: ({ by }): Layer => scaleBy(by),
    examples: [{}, { by: 0.5 }],
  },
  define(
    mapKind,
    {
      type: 'scale',
      about: 'x = s · z, fixed or learned.',
      required: { by: finite },
      build: ({ by }) => scaleBy(by).map,
      examples: [{ by: 0.5 }],
    },
    scaleBy,
  ),
);
