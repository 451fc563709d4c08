import { free } from '../algebra/cost.ts';
import { layerKind } from '../algebra/kinds.ts';
import { type Json, opaque, type Spec } from '../algebra/spec.ts';
import { constraintOf, type PositiveBy, type Support } from '../algebra/support.ts';
import { bijection, type Endo, type Layer, type Step, type Transport, transport } from '../algebra/transport.ts';
import { finite, isRecord, oneOf, positiveInteger, that } from '../core/codec.ts';
import type { Constraint } from '../core/constraints.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';

type Zeros<N extends number, A extends readonly 0[] = []> = A['length'] extends N ? A : Zeros<N, [...A, 0]>;

/** n − 1, where n is known. */
export type OneLess<N extends number> = number extends N
  ? number
  : Zeros<N> extends readonly [0, ...infer R]
    ? R['length']
    : never;

type Sum<A extends readonly 0[], S extends readonly 0[] = []> = A extends readonly [0, ...infer R extends readonly 0[]]
  ? Sum<R, [...S, ...A]>
  : S['length'];

/** 1 + 2 + … + n, where n is known. */
export type Triangular<N extends number> = number extends N ? number : Sum<Zeros<N>>;

/** Supports whose elements are mapped one by one. */
export type ElementSupport = Extract<
  Support,
  { readonly kind: 'real' | 'positive' | 'nonNegative' | 'interval' | 'above' | 'below' }
>;

/** The registry's map as the two directions of a layer. */
const directionsOf = (c: Constraint): { encode: (x: Expr) => Step; decode: (z: Expr) => Step } => {
  const volume = c.logVolume ?? (() => o.scalar(Number.NaN));
  return {
    encode: (x) => {
      const inside = c.inside?.where(x);
      const value = c.unconstrain(inside === undefined ? x : o.where(inside, x, c.inside?.standIn ?? 0));
      const contribution = o.neg(volume(value));
      return inside === undefined
        ? { value, contribution }
        : {
            value: o.where(inside, value, 0),
            contribution: o.add(contribution, o.sum(o.where(inside, 0, Number.NEGATIVE_INFINITY))),
          };
    },
    decode: (z) => ({ value: c.constrain(z), contribution: o.neg(volume(z)) }),
  };
};

const shaped = <const X extends Shape, const Z extends Shape>(
  spec: Spec,
  c: Constraint,
  data: X,
): Transport<X, Z, 'bijective'> => {
  const { encode, decode } = directionsOf(c);
  const latent = (c.freeShape?.(data) ?? data) as Z;
  return transport('bijective', { data, latent }, { spec, cost: free, encode: (x) => D.of(encode(x)), decode: (z) => D.of(decode(z)) }); // biome-ignore format: one idea
};

/**
 * From the simplex `[K]` to the reals `[K − 1]` by breaking a stick: xₖ = rₖ σ(zₖ − log(K − k)) of what is left, rₖ = 1 − x₁ − … − xₖ₋₁. The contribution
 * is −Σ log xₖ (over all K), and the density is one over the first K − 1 coordinates, as a Dirichlet's is. z = 0 is (1/K, …). Everything is in
 * logs: finite while z is, whatever rounds to 0. Free both ways. Throws `ShapeError` where K < 2.
 *
 * @example
 * pipe(standardNormal([2]), pushforward(stickBreaking(3)))   // a logistic-normal distribution on the simplex of 3
 */
export const stickBreaking = define(
  layerKind,
  {
    type: 'stickBreaking',
    about: 'The simplex by breaking a stick.',
    takes: ['size'],
    required: { size: positiveInteger },
    regions: 'own',
    examples: [{ size: 3 }],
  },
  <const K extends number>(k: K): Transport<readonly [K], readonly [OneLess<K>], 'bijective'> =>
    shaped({ type: 'stickBreaking', size: k }, constraintOf({ kind: 'simplex' }), [k]),
);

/**
 * From lower triangular matrices `[n, n]` with a positive diagonal to the reals `[n (n + 1) / 2]`, row by row, logs on the diagonal. The
 * contribution is −Σ log Lᵢᵢ, for a density over the elements on and below the diagonal (those above are not read). Free both ways.
 *
 * @example
 * pipe(standardNormal([3]), pushforward(choleskyFactor(2)))
 */
export const choleskyFactor = define(
  layerKind,
  {
    type: 'choleskyFactor',
    about: 'Cholesky factors by rows.',
    takes: ['size'],
    required: { size: positiveInteger },
    regions: 'own',
    examples: [{ size: 3 }],
  },
  <const N extends number>(n: N): Transport<readonly [N, N], readonly [Triangular<N>], 'bijective'> =>
    shaped({ type: 'choleskyFactor', size: n }, constraintOf({ kind: 'lowerCholesky' }), [n, n]),
);

/**
 * From Cholesky factors `[n, n]` of correlation matrices to the reals `[n (n − 1) / 2]` (Lewandowski, Kurowicka & Joe 2009,
 * doi:10.1016/j.jmva.2009.04.008): tanh z are partial correlations. The contribution is −Σᵢⱼ (ℓᵢⱼ + ½ Σₖ﹤ⱼ ℓᵢₖ) with ℓ = log(1 − tanh² z),
 * for a density over the elements below the diagonal. Free both ways. Throws `ShapeError` where n < 2.
 *
 * @example
 * pipe(standardNormal([3]), pushforward(correlationFactor(3)))
 */
export const correlationFactor = define(
  layerKind,
  {
    type: 'correlationFactor',
    about: 'Cholesky factors of correlation matrices by partial correlations.',
    takes: ['size'],
    required: { size: positiveInteger },
    regions: 'own',
    examples: [{ size: 3 }],
  },
  <const N extends number>(n: N): Transport<readonly [N, N], readonly [Triangular<OneLess<N>>], 'bijective'> =>
    shaped({ type: 'correlationFactor', size: n }, constraintOf({ kind: 'correlationCholesky' }), [n, n]),
);

/** A support as JSON: ends that are arrays or expressions are not written. */
const supportSpec = (s: Support): Json => (s.kind === 'within' ? opaque('within', 'its ends are expressions') : s);

/** Options of {@link bijectTo}. */
export interface BijectToOptions {
  /** How positive numbers are made from real ones; default softplus. */
  readonly by?: PositiveBy;
}

function bijectToSupport(support: ElementSupport, options?: BijectToOptions): Endo<'bijective'>;
function bijectToSupport<const K extends number>(
  support: { readonly kind: 'simplex' },
  options: { readonly size: K },
): Transport<readonly [K], readonly [OneLess<K>], 'bijective'>;
function bijectToSupport<const N extends number>(
  support: { readonly kind: 'lowerCholesky' },
  options: { readonly size: N },
): Transport<readonly [N, N], readonly [Triangular<N>], 'bijective'>;
function bijectToSupport<const N extends number>(
  support: { readonly kind: 'correlationCholesky' },
  options: { readonly size: N },
): Transport<readonly [N, N], readonly [Triangular<OneLess<N>>], 'bijective'>;
function bijectToSupport(
  support: Support,
  { by = 'softplus', size }: { readonly by?: PositiveBy; readonly size?: number } = {},
): Layer {
  const sized = <A>(make: (n: number) => A): A =>
    size !== undefined && Number.isInteger(size) && size > 0
      ? make(size)
      : raise('ArgumentError', 'bijectTo', `a ${support.kind} needs its size`, {
          expected: '{ size: 1, 2, … }',
          got: `${size}`,
        });
  switch (support.kind) {
    case 'simplex':
      return sized(stickBreaking);
    case 'lowerCholesky':
      return sized(choleskyFactor);
    case 'correlationCholesky':
      return sized(correlationFactor);
    default: {
      const { encode, decode } = directionsOf(constraintOf(support, by));
      return bijection({
        spec: { type: 'bijectTo', support: supportSpec(support), ...(by === 'exp' ? { by } : {}) },
        cost: free,
        encode: (x) => () => encode(x),
        decode: (z) => () => decode(z),
      });
    }
  }
}

const ends: { readonly [kind: string]: readonly string[] } = {
  real: [],
  positive: [],
  nonNegative: [],
  interval: ['low', 'high'],
  above: ['low'],
  below: ['high'],
};

/** A support whose elements are mapped one by one. */
const supportCodec = that(
  'a support: real, positive, nonNegative, interval with low and high, above with low, or below with high',
  (u): u is ElementSupport =>
    isRecord(u) &&
    typeof u.kind === 'string' &&
    Object.hasOwn(ends, u.kind) &&
    [...Object.keys(u)].sort().join() === ['kind', ...ends[u.kind]].sort().join() &&
    ends[u.kind].every((k) => finite.is(u[k])),
);

/**
 * The layer whose data live on a support and whose latents are all real numbers; its decode is `constraintOf(support).constrain`, so that parameters
 * and layers use one registry. Elements are mapped one by one (any event shape) where the support says so; the simplex and the Cholesky
 * factors need their size (K, or n of `[n, n]`). Off the support the density is 0: contribution −∞, gradient 0. Throws
 * `ArgumentError` for a support that the reals cannot be mapped onto, or where the size is missing.
 *
 * @example
 * pipe(standardNormal([2]), pushforward(bijectTo({ kind: 'interval', low: -1, high: 1 })))
 */
export const bijectTo = define(
  layerKind,
  {
    type: 'bijectTo',
    about: 'The layer whose data lie on a support and whose latents are all real numbers.',
    takes: ['support'],
    required: { support: supportCodec },
    optional: { by: oneOf(['softplus', 'exp']) },
    unreadable: {
      size: 'the types of simplex and Cholesky factors are those of stickBreaking, choleskyFactor and correlationFactor',
    },
    build: ({ support, ...options }): Layer => bijectToSupport(support, options),
    regions: 'own',
    examples: [{ support: { kind: 'positive' }, by: 'exp' }, { support: { kind: 'interval', low: -1, high: 2 } }],
  },
  bijectToSupport,
);
