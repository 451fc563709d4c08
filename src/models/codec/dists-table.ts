/** The entries of distributions: one line for every constructor of a distribution that keeps a specification. */
import { type Dist, named, pushforward } from '../../algebra/dist.ts';
import type { Samples } from '../../algebra/evidence.ts';
import { asEndo } from '../../algebra/kinds.ts';
import { positiveInteger, shapeCodec, text } from '../../core/codec.ts';
import type { Shape } from '../../core/shape.ts';
import { implicit, normal, standardNormal, uniform } from '../../distributions/index.ts';
import { tightened } from '../../inference/latent/index.ts';
import { argument } from './argument.ts';
import { discreteTable } from './discrete-table.ts';
import { familiesTable } from './families-table.ts';
import { gammaTable } from './gamma-table.ts';
import { type Tables, variant } from './variant.ts';

/** Distributions by type. */
export const distsTable: Tables['dists'] = {
  ...familiesTable,
  ...discreteTable,
  ...gammaTable,
  standardNormal: () => variant({ shape: shapeCodec }, {}, ({ shape }) => standardNormal(shape)),
  normal: () =>
    variant({ shape: shapeCodec }, { loc: argument, scale: argument }, ({ shape, ...rest }) => normal(shape, rest)),
  uniform: () =>
    variant({ shape: shapeCodec }, { low: argument, high: argument }, ({ shape, ...rest }) => uniform(shape, rest)),
  tightened: (read) =>
    variant({ samples: positiveInteger, dist: read.dist }, {}, ({ samples, dist }) =>
      tightened(samples)(dist as never),
    ),
  named: (read) =>
    variant({ name: text, dist: read.dist }, {}, ({ name, dist }) => named(name)(dist as Dist<Shape, unknown>)),
  implicit: (read) =>
    variant({ shape: shapeCodec, base: read.dist, network: read.network }, {}, ({ shape, base, network }) =>
      implicit(shape, base as Dist<Shape, Samples>, network),
    ),
  pushforward: (read) =>
    variant({ transport: read.layer, base: read.dist }, {}, ({ transport, base }) =>
      pushforward(asEndo(transport))(base as Dist<Shape, unknown>),
    ),
};
