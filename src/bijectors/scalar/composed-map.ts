/** Maps of maps: chained, and stretched by a learned scale. */
import { mapKind } from '../../algebra/kinds.ts';
import { list } from '../../core/codec.ts';
import { define } from '../../core/definition.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import * as Sc from '../../core/scope.ts';
import { nested } from '../../core/specification.ts';
import { bounded } from './raw.ts';
import { type MapLike, type Mapped, mapOf, type ScalarMap } from './scalar-map.ts';

/** One map of a chain, its rows of `raw`, and the place of what it names itself. */
interface Link {
  readonly map: ScalarMap;
  readonly segment: string;
  readonly from: number;
}

const linksOf = (maps: readonly ScalarMap[]): readonly Link[] => {
  let from = 0;
  return maps.map((map, i) => {
    const link = { map, segment: `${i}.${map.spec.type}`, from };
    from += map.width;
    return link;
  });
};

/**
 * Maps one after the other, from the data side: `chainMaps(f, g)` encodes by f, then g, and decodes by g, then f. Widths add (f reads the first rows of
 * `raw`), log-slopes add:
 *
 *     z = g(f(x; raw₁); raw₂)      log |∂z/∂x| = log |f′(x)| + log |g′(f(x))|
 *
 * The chain of none is the identity. Cost: the sum of its maps.
 *
 * @example
 * coupling(chainMaps(sinhArcsinhMap(), affineMap()))
 */
export const chainMaps = define(
  mapKind,
  {
    type: 'chainMaps',
    about: 'Maps one after the other.',
    required: { maps: list(nested(mapKind), 'a list of maps') },
    build: ({ maps }): ScalarMap => chainMaps(...maps),
    examples: [
      { maps: [{ type: 'sinhArcsinhMap' }, { type: 'affineMap' }] },
      { maps: [{ type: 'exp' }, { type: 'scale', by: 0.5 }, { type: 'log' }, { type: 'powerMap' }] },
    ],
  },
  (...maps: readonly MapLike[]): ScalarMap => {
    const all = maps.map(mapOf);
    const links = linksOf(all);
    const along =
      (from: Expr, raw: Expr, direction: 'encode' | 'decode'): Sc.Scoped<Mapped> =>
      (scope) => {
        let value = from;
        let logSlope = o.broadcastTo(0, from.shape);
        for (const { map, segment, from: row } of direction === 'encode' ? links : [...links].reverse()) {
          const mine = o.sliceAxis(raw, 0, row, row + map.width);
          const step = Sc.at(segment, map[direction](value, mine))(scope);
          value = step.value;
          logSlope = o.add(logSlope, step.logSlope);
        }
        return { value, logSlope };
      };
    return {
      spec: { type: 'chainMaps', maps: all.map((m) => m.spec) },
      width: all.reduce((n, m) => n + m.width, 0),
      encode: (x, raw) => along(x, raw, 'encode'),
      decode: (z, raw) => along(z, raw, 'decode'),
    };
  },
);

const BOUND = 3;

/**
 * A map seen through a learned unit: z = c · f(x / c), log |∂z/∂x| = log |f′(x / c)|, with c = eˢ between e⁻³ and e³. It gives any fixed function a
 * parameter: `scaledMap(tanh())` saturates at ±c, `scaledMap(softplus())` bends over a width of c. `raw` holds s, then what f reads; raw = 0 is f where f
 * starts. Cost: that of f.
 *
 * @example
 * coupling(scaledMap(softsign()))
 */
export const scaledMap = define(
  mapKind,
  {
    type: 'scaledMap',
    about: 'A fixed map between two learned scales.',
    takes: ['map'],
    required: { map: nested(mapKind) },
    examples: [{ map: { type: 'sinhArcsinh', skewness: -0.3, tailweight: 0.9 } }],
  },
  (given: MapLike): ScalarMap => {
    const map = mapOf(given);
    const along = (x: Expr, raw: Expr, move: ScalarMap['encode']): Sc.Scoped<Mapped> => {
      const s = bounded(o.reshape(o.sliceAxis(raw, 0, 0, 1), x.shape), BOUND);
      const inner = move(o.mul(x, o.exp(o.neg(s))), o.sliceAxis(raw, 0, 1, 1 + map.width));
      return Sc.map(({ value, logSlope }: Mapped) => ({ value: o.mul(value, o.exp(s)), logSlope }))(inner);
    };
    return {
      spec: { type: 'scaledMap', map: map.spec },
      width: 1 + map.width,
      encode: (x, raw) => along(x, raw, map.encode),
      decode: (z, raw) => along(z, raw, map.decode),
    };
  },
);
