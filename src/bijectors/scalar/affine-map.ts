import { pipe } from 'fp-ts/lib/function.js';
import { mapKind } from '../../algebra/kinds.ts';
import { oneOf } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { ones } from '../../core/parameters.ts';
import * as Sc from '../../core/scope.ts';
import { bounded, rowsOf } from './raw.ts';
import type { ScalarMap } from './scalar-map.ts';

/** How an affine map keeps its log-scale from exploding. */
export type LogScale =
  /** 3 · tanh(raw / 3): smooth, slope 1 at 0, scales between e⁻³ and e³. */
  | 'bounded'
  /** c · tanh(raw) with a learned c for each coordinate, from 1 (RealNVP, §4.1). */
  | 'learned';

/** How a log-scale is made, as JSON. */
export const logScaleCodec = oneOf(['bounded', 'learned']);

const BOUND = 3;

const logScaleOf = (kind: LogScale, raw: Expr): Sc.Scoped<Expr> =>
  kind === 'bounded'
    ? Sc.of(bounded(raw, BOUND))
    : pipe(
        Sc.parameter('logScale', raw.shape, { init: ones, kind: 'scale' }),
        Sc.map((c) => o.mul(c, o.tanh(raw))),
      );

/**
 * z = x · e^{s} + t with s, t from raw: log slope s.
 *
 * @example
 * autoregressive(affineMap({ logScale: 'learned' }));
 */
export const affineMap = define(
  mapKind,
  {
    type: 'affineMap',
    about: 'x · e^s + t.',
    optional: { logScale: logScaleCodec },
    examples: [{}, { logScale: 'learned' }],
  },
  ({ logScale = 'bounded' }: { readonly logScale?: LogScale } = {}): ScalarMap => {
    const parts = (x: Expr, raw: Expr): Sc.Scoped<{ readonly s: Expr; readonly t: Expr }> => {
      const [first, t] = rowsOf(raw, x.shape);
      return Sc.map((s: Expr) => ({ s, t }))(logScaleOf(logScale, first));
    };
    return {
      spec: { type: 'affineMap', logScale },
      width: 2,
      encode: (x, raw) =>
        pipe(
          parts(x, raw),
          Sc.map(({ s, t }) => ({ value: o.add(o.mul(x, o.exp(s)), t), logSlope: s })),
        ),
      decode: (z, raw) =>
        pipe(
          parts(z, raw),
          Sc.map(({ s, t }) => ({ value: o.mul(o.sub(z, t), o.exp(o.neg(s))), logSlope: s })),
        ),
    };
  },
);

/**
 * z = x + t: volume preserving (NICE, Dinh et al. 2014, arXiv:1410.8516).
 *
 * @example
 * coupling(additiveMap());
 */
export const additiveMap = define(mapKind, { type: 'additiveMap', about: 'x + t.', examples: [{}] }, (): ScalarMap => {
  const zero = (x: Expr): Expr => o.broadcastTo(0, x.shape);
  return {
    spec: { type: 'additiveMap' },
    width: 1,
    encode: (x, raw) => Sc.of({ value: o.add(x, rowsOf(raw, x.shape)[0]), logSlope: zero(x) }),
    decode: (z, raw) => Sc.of({ value: o.sub(z, rowsOf(raw, z.shape)[0]), logSlope: zero(z) }),
  };
});
