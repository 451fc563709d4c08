import { free } from '../algebra/cost.ts';
import { layerKind } from '../algebra/kinds.ts';
import { type Transport, transport } from '../algebra/transport.ts';
import { shapeCodec } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import { scalar } from '../core/ops/leaves.ts';
import { reshape as reshapeExpr } from '../core/ops/structure.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';

/**
 * The same numbers in another shape: data of shape X, latent of shape Z; log |det| = 0. Throws `ShapeError` where sizes differ.
 *
 * @example
 * pipe(standardNormal([784]), pushforward(reshape([28, 28], [784])))   // Dist<readonly [28, 28], …>
 */
export const reshape = define(
  layerKind,
  {
    type: 'reshape',
    about: 'The same numbers in another shape.',
    takes: ['data', 'latent'],
    required: { data: shapeCodec, latent: shapeCodec },
    regions: 'any',
    shapes: [[2, 3]],
    examples: [{ data: [2, 3], latent: [6] }],
  },
  <const X extends Shape, const Z extends Shape>(data: X, latent: Z): Transport<X, Z, 'bijective'> => {
    if (sizeOf(data) !== sizeOf(latent))
      return raise('ShapeError', 'reshape', 'sizes differ', {
        expected: `${sizeOf(data)} elements as in ${showShape(data)}`,
        got: showShape(latent),
      });
    return transport(
      'bijective',
      { data, latent },
      {
        spec: { type: 'reshape', data, latent },
        cost: free,
        encode: (x) => D.of({ value: reshapeExpr(x, latent), contribution: scalar(0) }),
        decode: (z) => D.of({ value: reshapeExpr(z, data), contribution: scalar(0) }),
      },
    );
  },
);
