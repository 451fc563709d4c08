import { pipe } from 'fp-ts/lib/function.js';
import { free } from '../algebra/cost.ts';
import { layerKind, mapKind } from '../algebra/kinds.ts';
import { bijection, type Endo } from '../algebra/transport.ts';
import { define } from '../core/definition.ts';
import * as o from '../core/ops/index.ts';
import { zeros } from '../core/parameters.ts';
import * as Sc from '../core/scope.ts';
import { nested } from '../core/specification.ts';
import { type MapLike, type Mapped, mapOf, noRaw, type ScalarMap } from './scalar/scalar-map.ts';

/**
 * A scalar map with free parameters of its own for every coordinate: log |det ∂z/∂x| = Σ log slope. Starts as the map starts (raw = 0). A fixed map
 * has no parameters. Free both ways.
 *
 * @example
 * elementwise(affineMap())
 */
export const elementwise = define(
  layerKind,
  {
    type: 'elementwise',
    about: 'A scalar map of each element, with parameters of its own.',
    takes: ['map'],
    required: { map: nested(mapKind) },
    examples: [
      { map: { type: 'affineMap', logScale: 'learned' } },
      { map: { type: 'splineMap', bins: 4, bound: 3 } },
      { map: { type: 'leakyReluMap' } },
      {
        map: {
          type: 'inverse',
          of: {
            type: 'chainMaps',
            maps: [
              { type: 'leakyRelu', slope: 0.4 },
              { type: 'splineMap', bins: 3, bound: 2 },
            ],
          },
        },
      },
    ],
  },
  (given: MapLike): Endo<'bijective'> => {
    const map = mapOf(given);
    const parameters = (shape: readonly number[]) =>
      map.width === 0 ? Sc.of(noRaw(shape)) : Sc.parameter('raw', [map.width, ...shape], { init: zeros, kind: 'raw' });
    const through = (shape: readonly number[], f: (raw: Parameters<ScalarMap['encode']>[1]) => Sc.Scoped<Mapped>) =>
      pipe(
        parameters(shape),
        Sc.chain(f),
        Sc.map(({ value, logSlope }) => ({ value, contribution: o.sum(logSlope) })),
      );
    return bijection({
      spec: { type: 'elementwise', map: map.spec },
      cost: free,
      encode: (x) => through(x.shape, (raw) => map.encode(x, raw)),
      decode: (z) => through(z.shape, (raw) => map.decode(z, raw)),
    });
  },
);
