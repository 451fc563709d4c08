/**
 * Random compositions, for property tests with fast-check. fast-check is handed in, so that the library does not depend on it:
 *
 *     fc.assert(fc.property(arbitraryTransport(fc), (t) => assertLaws(`${t}`, transportLaws(t.layer, t))))
 */
import type * as FastCheck from 'fast-check';
import { inverseMap } from '../algebra/scalar-map.ts';
import { compose, type Endo, inverse, type Layer, repeat } from '../algebra/transport.ts';
import { actNorm } from '../bijectors/act-norm.ts';
import { affine } from '../bijectors/affine.ts';
import { autoregressive } from '../bijectors/autoregressive.ts';
import { affineCoupling, coupling as couplingOf } from '../bijectors/coupling.ts';
import { elementwise } from '../bijectors/elementwise.ts';
import { exp, log } from '../bijectors/exp.ts';
import { invertible1x1 } from '../bijectors/invertible-1x1.ts';
import { leakyRelu } from '../bijectors/leaky-relu.ts';
import { logit } from '../bijectors/logit.ts';
import { permute, reverse } from '../bijectors/permute.ts';
import { reshape } from '../bijectors/reshape.ts';
import { additiveMap, affineMap } from '../bijectors/scalar/affine-map.ts';
import { chainMaps, scaledMap } from '../bijectors/scalar/composed-map.ts';
import { leakyReluMap, powerMap, sinhArcsinhMap } from '../bijectors/scalar/learned-maps.ts';
import type { ScalarMap } from '../bijectors/scalar/scalar-map.ts';
import { splineMap } from '../bijectors/scalar/spline-map.ts';
import { scale } from '../bijectors/shift.ts';
import { sinhArcsinh } from '../bijectors/sinh-arcsinh.ts';
import { keyOf, permutation } from '../core/prng.ts';
import { range, type Shape, showShape } from '../core/shape.ts';
import type { Dependence } from '../nn/dependence.ts';
import { made } from '../nn/made.ts';
import { mlp } from '../nn/mlp.ts';

/** A random bijective composition and where it lives. */
export interface RandomTransport {
  readonly layer: Layer;
  /** The data side: where events have this shape and lie in this region. */
  readonly shape: Shape;
  readonly region: 'reals' | 'unit';
  /** The latent side. */
  readonly latent: { readonly shape: Shape; readonly region: 'reals' | 'unit' };
}

/** What {@link arbitraryTransport} needs of fast-check. */
export type FastCheckLike = Pick<typeof FastCheck, 'array' | 'boolean' | 'constantFrom' | 'nat' | 'record'>;

const kinds = [
  'coupling',
  'mapped',
  'channels',
  'pointwise',
  'autoregressive',
  'elementwise',
  'affine',
  'reverse',
  'permute',
  'squash',
  'repeat',
  'reshape',
] as const;

/** One layer before it is known where it stands. */
interface Pick1 {
  readonly kind: (typeof kinds)[number];
  readonly inverted: boolean;
  readonly variant: number;
}

interface Place {
  readonly shape: Shape;
  readonly region: 'reals' | 'unit';
  readonly layers: readonly Layer[];
}

/** Other shapes with as many elements and a last axis of two or more. */
const reshaped = (shape: Shape, variant: number): Shape => {
  const n = shape.reduce((a, b) => a * b, 1);
  const shapes = [[n], [1, n], ...[2, 3].filter((d) => n % d === 0 && n / d > 1).map((d) => [d, n / d])];
  return shapes[variant % shapes.length];
};

/** Few units for smooth activations, more for ReLU: all of a handful may be dead, and then no gradient reaches their weights. */
const networks = [
  mlp([4], { activation: 'tanh' }),
  mlp([3, 3], { activation: 'softplus' }),
  mlp([12], { activation: 'relu' }),
  mlp([]),
] as const;

const coupling = (variant: number): Endo<'bijective'> =>
  affineCoupling({ conditioner: networks[variant % 4], logScale: variant % 8 < 4 ? 'bounded' : 'learned' });

/** Scalar maps, for every combinator. */
const maps: readonly ScalarMap[] = [
  affineMap(),
  affineMap({ logScale: 'learned' }),
  additiveMap(),
  splineMap({ bins: 4, bound: 3 }),
  sinhArcsinhMap(),
  powerMap(),
  leakyReluMap(),
  chainMaps(sinhArcsinhMap(), affineMap()),
  sinhArcsinh({ skewness: 0.2, tailweight: 1.1 }).map,
  scaledMap(sinhArcsinh({ skewness: -0.3, tailweight: 0.9 })),
  inverseMap(chainMaps(leakyRelu({ slope: 0.4 }), splineMap({ bins: 3, bound: 2 }))),
  chainMaps(exp(), scale(0.5), log(), powerMap()),
];

/** Orders, blocks and a chain, each coordinate reading its neighbour. */
const dependences = (d: number): readonly Dependence[] => [
  {},
  { order: 'reverse' },
  { passes: 2 },
  { order: 'reverse', passes: Math.max(1, d - 1) },
  { adjacency: range(d).map((i) => range(d).map((j) => (j === i + 1 ? 1 : 0))) },
];

const parametrisations = ['lu', 'plain', 'exponential', 'householder'] as const;

const onReals = ({ kind, variant }: Pick1, shape: Shape): Endo<'bijective'> => {
  const map = maps[variant % maps.length];
  switch (kind) {
    case 'mapped':
      return couplingOf(map, { conditioner: networks[variant % 2] });
    case 'channels':
      return variant % 2 === 0
        ? actNorm()
        : invertible1x1({ parametrisation: parametrisations[(variant >> 1) % 4], seed: variant });
    case 'pointwise':
      return variant % 2 === 0 ? leakyRelu({ slope: 0.3 }) : sinhArcsinh({ skewness: 0.2, tailweight: 1.1 });
    case 'elementwise':
      return elementwise(map);
    case 'autoregressive':
      return shape.length === 1
        ? autoregressive(map, {
            conditioner: made([6], { activation: 'tanh' }),
            ...dependences(shape[0])[variant % 5],
          })
        : couplingOf(map, { conditioner: networks[0] });
    case 'affine':
      return affine();
    case 'reverse':
      return reverse();
    case 'permute':
      return permute(
        variant % 2 === 0
          ? { seed: variant }
          : { order: Array.from(permutation(keyOf(variant), shape[shape.length - 1])) },
      );
    case 'repeat':
      return repeat(1 + (variant % 2), compose(coupling(variant), reverse()));
    default:
      return coupling(variant);
  }
};

/** Adds a layer that fits where the composition stands: between the unit interval and the reals only logit and its inverse. */
const extend = (place: Place, pick: Pick1): Place => {
  const { shape, region, layers } = place;
  const keep = (layer: Endo<'bijective'>): Place => ({
    ...place,
    layers: [...layers, pick.inverted ? inverse(layer) : layer],
  });
  if (pick.kind === 'reshape') {
    const target = reshaped(shape, pick.variant);
    return { ...place, shape: target, layers: [...layers, reshape(shape, target)] };
  }
  if (region === 'unit') {
    if (pick.kind === 'reverse' || pick.kind === 'permute') return keep(onReals(pick, shape));
    // Only the first may pull its ends in: the others must accept everything in (0, 1).
    const first = layers.every(
      (l) => l.spec.type === 'reverse' || l.spec.type === 'permute' || l.spec.type === 'reshape',
    );
    const alpha = first ? [0, 1e-6, 0.05][pick.variant % 3] : 0;
    return { ...place, region: 'reals', layers: [...layers, logit({ alpha })] };
  }
  if (pick.kind === 'squash') return { ...place, region: 'unit', layers: [...layers, inverse(logit({ alpha: 0 }))] };
  return keep(onReals(pick, shape));
};

/**
 * Random bijective compositions of 1 to `depth` layers (default 5): couplings, autoregressive and elementwise layers of all kinds of scalar maps (splines, chains, inverses; orders, blocks and graphs), linear maps
 * of channels, pointwise functions, permutations, reshapes,
 * logit and its inverse, repetitions and inverses, over events of shapes [2] … [5] and [2, 3], on the reals or on (0, 1).
 */
export const arbitraryTransport = (
  fc: FastCheckLike,
  { depth = 5 }: { readonly depth?: number } = {},
): FastCheck.Arbitrary<RandomTransport> =>
  fc
    .record({
      shape: fc.constantFrom<Shape>([2], [3], [4], [5], [2, 3]),
      unit: fc.boolean(),
      picks: fc.array(fc.record({ kind: fc.constantFrom(...kinds), inverted: fc.boolean(), variant: fc.nat(23) }), {
        minLength: 1,
        maxLength: depth,
      }),
    })
    .map(({ shape, unit, picks }) => {
      const region = unit ? 'unit' : 'reals';
      const end = picks.reduce(extend, { shape, region, layers: [] } as Place);
      const layer: Layer = compose(...(end.layers as readonly Endo<'bijective'>[]));
      const text = `${showShape(shape)} ${region}: ${JSON.stringify(layer.spec)}`;
      return {
        layer,
        shape,
        region,
        latent: { shape: end.shape, region: end.region },
        toString: () => text,
        [Symbol.for('fast-check/toStringMethod')]: () => text,
      };
    });
