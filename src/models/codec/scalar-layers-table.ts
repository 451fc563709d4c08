/** The entries of elementwise layers, splines and other scalar maps, ridges, and maps onto supports. */
import * as b from '../../bijectors/index.ts';
import {
  boolean,
  finite,
  isRecord,
  list,
  natural,
  nonNegative,
  oneOf,
  positiveInteger,
  positiveNumber,
  t,
  that,
} from '../../core/codec.ts';
import { type Table, type Tables, through, variant } from './variant.ts';

const spline = {
  bins: positiveInteger,
  bound: positiveNumber,
  minWidth: positiveNumber,
  minHeight: positiveNumber,
  minSlope: positiveNumber,
};

const reversed = t.literal('reverse');

/** How coordinates of autoregressive layers depend on each other. */
export const dependence = {
  order: t.union([reversed, list(natural, 'a permutation')], "'reverse' or a permutation"),
  passes: positiveInteger,
  adjacency: list(list(natural, 'a row of 0 and 1'), 'an adjacency matrix'),
};
const split = oneOf(['half', 'checkerboard', 'checkerboardInverse']);

const ends: { readonly [kind: string]: readonly string[] } = {
  real: [],
  positive: [],
  nonNegative: [],
  interval: ['low', 'high'],
  above: ['low'],
  below: ['high'],
};

/** A support whose elements are mapped one by one. */
const support = that(
  'a support: real, positive, nonNegative, interval with low and high, above with low, or below with high',
  (u): u is b.ElementSupport =>
    isRecord(u) &&
    typeof u.kind === 'string' &&
    Object.hasOwn(ends, u.kind) &&
    [...Object.keys(u)].sort().join() === ['kind', ...ends[u.kind]].sort().join() &&
    ends[u.kind].every((k) => finite.is(u[k])),
);

/** Layers that carry a fixed map: read as layers, and as maps. */
const fixedTable: Table<b.MapLayer> = {
  exp: () => variant({}, {}, b.exp),
  log: () => variant({}, {}, b.log),
  softplus: () => variant({}, {}, b.softplus),
  softplusInverse: () => variant({}, {}, b.softplusInverse),
  sigmoid: () => variant({}, { low: finite, high: finite }, b.sigmoid),
  tanh: () => variant({}, {}, b.tanh),
  softsign: () => variant({}, {}, b.softsign),
  power: () => variant({ exponent: finite }, { signed: boolean }, b.power),
  sinhArcsinh: () => variant({}, { skewness: finite, tailweight: positiveNumber }, b.sinhArcsinh),
  leakyRelu: () => variant({}, { slope: positiveNumber }, b.leakyRelu),
};

/** Fixed maps of layers whose entries are elsewhere. */
const furtherTable: Table<b.MapLayer> = {
  logit: () => variant({}, { alpha: nonNegative }, b.logit),
  shift: () => variant({ by: finite }, {}, ({ by }) => b.shift(by)),
  scale: () => variant({ by: finite }, {}, ({ by }) => b.scale(by)),
};

const fixedMaps: Tables['maps'] = Object.fromEntries(
  Object.entries({ ...fixedTable, ...furtherTable }).map(([type, entry]) => [
    type,
    (read) => through((l: b.MapLayer) => l.map)(entry(read)),
  ]),
);

/** Scalar maps by type. */
export const scalarMapsTable: Tables['maps'] = {
  ...fixedMaps,
  sinhArcsinhMap: () => variant({}, {}, b.sinhArcsinhMap),
  powerMap: () => variant({}, {}, b.powerMap),
  leakyReluMap: () => variant({}, {}, b.leakyReluMap),
  scaledMap: (read) => variant({ map: read.map }, {}, ({ map }) => b.scaledMap(map)),
  chainMaps: (read) => variant({ maps: list(read.map, 'a list of maps') }, {}, ({ maps }) => b.chainMaps(...maps)),
  inverse: (read) => variant({ of: read.map }, {}, ({ of }) => b.inverseMap(of)),
  splineMap: () => variant({}, spline, b.splineMap),
  mixtureCdfMap: () => variant({}, { components: positiveInteger }, b.mixtureCdfMap),
};

/** Layers by type. */
export const scalarLayersTable: Tables['layers'] = {
  ...fixedTable,
  shift: () => variant({}, { by: finite }, ({ by }) => b.shift(by)),
  scale: () => variant({}, { by: finite }, ({ by }) => b.scale(by)),
  splineCoupling: (read) => variant({}, { conditioner: read.network, split, ...spline }, b.splineCoupling),
  splineAutoregressive: (read) =>
    variant({}, { conditioner: read.network, ...spline, ...dependence }, b.splineAutoregressive),
  splineInverseAutoregressive: (read) =>
    variant({}, { conditioner: read.network, ...spline, ...dependence }, b.splineInverseAutoregressive),
  planar: () => variant({}, {}, b.planar),
  radial: () => variant({}, {}, b.radial),
  sylvester: () => variant({ width: positiveInteger }, { reflections: positiveInteger }, b.sylvester),
  bijectTo: () => variant({ support }, { by: oneOf(['softplus', 'exp']) }, ({ support: s, by }) => b.bijectTo(s, by === undefined ? {} : { by })), // biome-ignore format: one idea
  stickBreaking: () => variant({ size: positiveInteger }, {}, ({ size }) => b.stickBreaking(size)),
  choleskyFactor: () => variant({ size: positiveInteger }, {}, ({ size }) => b.choleskyFactor(size)),
  correlationFactor: () => variant({ size: positiveInteger }, {}, ({ size }) => b.correlationFactor(size)),
};
