/** The entries of layers: one line for every transport that keeps a specification, and for the scalar maps that some are made from. */
import { type Conditional, contextShape } from '../../algebra/conditional.ts';
import type { Context } from '../../algebra/context.ts';
import { plainGrade } from '../../algebra/evidence.ts';
import { compose, type Endo, identity, inverse, type Layer, repeat } from '../../algebra/transport.ts';
import {
  actNorm,
  additiveCoupling,
  additiveMap,
  affine,
  affineCoupling,
  affineMap,
  autoregressive,
  batchNorm,
  coupling,
  elementwise,
  iaf,
  invertible1x1,
  logit,
  maf,
  multiScale,
  permute,
  reshape,
  reverse,
  type Split,
  scaleTril,
  shiftScale,
  squeeze,
} from '../../bijectors/index.ts';
import {
  finite,
  integer,
  list,
  natural,
  nonNegative,
  oneOf,
  positiveInteger,
  positiveNumber,
  shapeCodec,
  showJson,
  strict,
  t,
} from '../../core/codec.ts';
import { raise } from '../../core/errors.ts';
import type { Shape } from '../../core/shape.ts';
import { abs, augment, dequantise, slice, sort, stochastic, variationalDequantise } from '../../transports/index.ts';
import { dependence, scalarLayersTable, scalarMapsTable } from './scalar-layers-table.ts';
import { type Tables, variant } from './variant.ts';

/** Types were checked when the declaration was written; what JSON says is checked here. */
export const anyShape = (layer: Layer): Endo<'bijective'> => layer as Endo<'bijective'>;

/** A layer that must have two exact directions. */
export const bijective = (owner: string, layer: Layer): Endo<'bijective'> =>
  plainGrade(layer.grade) === 'bijective'
    ? anyShape(layer)
    : raise('ArgumentError', '', `${owner}: only a bijection can be inverted`, {
        expected: 'a layer of grade bijective',
        got: `${layer.spec.type}, of grade ${layer.grade}`,
      });

/** A number of copies that can be built; more is a slip of the pen. */
const copies = new t.Type<number>(
  'an integer from 1 to 10000',
  positiveInteger.is,
  (u, c) => (positiveInteger.is(u) && u <= 10_000 ? t.success(u) : t.failure(u, c)),
  t.identity,
);

const permutation = variant({}, { order: list(natural, 'a permutation'), seed: integer }, (options) =>
  options.order !== undefined && options.seed === undefined
    ? permute({ order: options.order })
    : options.seed !== undefined && options.order === undefined
      ? permute({ seed: options.seed })
      : raise('SpecError', '', "permute: one of 'order' and 'seed'", { got: showJson(options) }),
);

const logScale = oneOf(['bounded', 'learned']);
const splits = oneOf(['half', 'checkerboard', 'checkerboardInverse']);
const split = new t.Type<Split>(
  `${splits.name} or a positive integer`,
  (u): u is Split => splits.is(u) || positiveInteger.is(u),
  (u, c) => (typeof u === 'number' ? positiveInteger.validate(u, c) : splits.validate(u, c)),
  t.identity,
);

const parametrisation = oneOf(['lu', 'plain', 'qr', 'exponential', 'householder']);
const statistics = strict({ mean: list(finite), variance: list(nonNegative) });

/** Scalar maps by type. */
export const mapsTable: Tables['maps'] = {
  affineMap: () => variant({}, { logScale }, affineMap),
  additiveMap: () => variant({}, {}, additiveMap),
  ...scalarMapsTable,
};

/** A conditional law where its context is an array. */
const ofShape = (owner: string, part: Conditional<Context, Shape>): Conditional<Shape, Shape> => ({
  ...(part as unknown as Conditional<Shape, Shape>),
  context: contextShape(owner, part.context),
});

/** Layers by type. */
export const layersTable: Tables['layers'] = {
  ...scalarLayersTable,
  identity: () => variant({}, {}, identity),
  compose: (read) =>
    variant({ layers: list(read.layer, 'a list of layers') }, {}, ({ layers }) => compose(...layers.map(anyShape))),
  repeat: (read) =>
    variant({ times: copies, layer: read.layer }, { as: oneOf(['scan', 'unrolled']) }, ({ times, layer, ...options }) =>
      repeat(times, anyShape(layer), options),
    ),
  inverse: (read) => variant({ of: read.layer }, {}, ({ of }) => inverse(bijective('inverse', of))),
  affineCoupling: (read) => variant({}, { conditioner: read.network, logScale, split }, affineCoupling),
  additiveCoupling: (read) => variant({}, { conditioner: read.network, split }, additiveCoupling),
  coupling: (read) =>
    variant({ map: read.map }, { conditioner: read.network, split }, ({ map, ...options }) => coupling(map, options)),
  elementwise: (read) => variant({ map: read.map }, {}, ({ map }) => elementwise(map)),
  autoregressive: (read) =>
    variant({ map: read.map }, { conditioner: read.network, ...dependence }, ({ map, ...options }) =>
      autoregressive(map, options),
    ),
  maf: (read) => variant({}, { conditioner: read.network, logScale, ...dependence }, maf),
  iaf: (read) => variant({}, { conditioner: read.network, logScale, ...dependence }, iaf),
  actNorm: () => variant({}, { varianceFloor: positiveNumber }, actNorm),
  // Files without a rate are of the time when statistics stood still.
  batchNorm: () =>
    variant({}, { epsilon: positiveNumber, rate: nonNegative, statistics }, ({ rate = 0, ...options }) =>
      batchNorm({ ...options, rate }),
    ),
  invertible1x1: () => variant({}, { parametrisation, seed: integer }, invertible1x1),
  scaleTril: () => variant({}, { matrix: list(list(finite)) }, scaleTril),
  squeeze: () =>
    variant(
      { data: shapeCodec, latent: shapeCodec },
      { order: oneOf(['glow', 'realNVP']) },
      ({ data, latent, ...options }) => squeeze(data, latent, options),
    ),
  multiScale: (read) =>
    variant(
      { data: shapeCodec, latent: shapeCodec, scales: list(read.layer, 'a list of layers') },
      {},
      ({ data, latent, scales }) => multiScale(data, latent, scales.map(anyShape)),
    ),
  affine: () => variant({}, {}, affine),
  reverse: () => variant({}, {}, reverse),
  shiftScale: () => variant({ shift: list(finite), scale: list(finite) }, {}, shiftScale),
  permute: () => permutation,
  logit: () => variant({}, { alpha: nonNegative }, logit),
  reshape: () => variant({ data: shapeCodec, latent: shapeCodec }, {}, ({ data, latent }) => reshape(data, latent)),
  stochastic: (read) =>
    variant({ encoder: read.conditional, decoder: read.conditional }, {}, ({ encoder, decoder }) =>
      stochastic({ encoder: ofShape('stochastic', encoder), decoder: ofShape('stochastic', decoder) }),
    ),
  slice: (read) =>
    variant({ data: shapeCodec, dropped: read.conditional }, {}, ({ data, dropped }) =>
      slice(data, ofShape('slice', dropped)),
    ),
  augment: (read) =>
    variant({ latent: shapeCodec, added: read.conditional }, {}, ({ latent, added }) =>
      augment(latent, ofShape('augment', added)),
    ),
  abs: () => variant({}, {}, abs),
  sort: () => variant({}, {}, sort),
  variationalDequantise: (read) =>
    variant({ levels: positiveInteger, noise: read.conditional }, {}, ({ levels, noise }) =>
      variationalDequantise({ levels, noise: ofShape('variationalDequantise', noise) }),
    ),
  dequantise: () => variant({}, { levels: positiveInteger }, dequantise),
};
