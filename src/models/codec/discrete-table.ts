/** The entries of discrete distributions, relaxed choices and combinators of distributions. */
import type { AnyDist, Dist } from '../../algebra/dist.ts';
import type { Exact, Samples } from '../../algebra/evidence.ts';
import type { Facts } from '../../algebra/facts.ts';
import { finite, integer, list, oneOf, shapeCodec, t } from '../../core/codec.ts';
import type { Shape } from '../../core/shape.ts';
import * as d from '../../distributions/index.ts';
import { argument } from './argument.ts';
import { type Tables, variant } from './variant.ts';

/** Types were checked when the declaration was written; constructors check what JSON says. */
type Sampled<S extends Shape> = Dist<S, Exact & Samples>;

const bandwidth = t.union([finite, list(finite), oneOf(['scott', 'silverman'])], 'bandwidths, scott or silverman');

/** Discrete and relaxed distributions and combinators by type. */
export const discreteTable: Tables['dists'] = {
  bernoulli: () =>
    variant({ shape: shapeCodec }, { logits: argument, probs: argument }, ({ shape, ...p }) =>
      d.bernoulli(shape, p as never),
    ),
  categorical: () =>
    variant({}, { logits: argument, probs: argument, shape: shapeCodec }, (p) => d.categorical(p as never)),
  oneHotCategorical: () =>
    variant({}, { logits: argument, probs: argument, shape: shapeCodec }, (p) => d.oneHotCategorical(p as never)),
  binomial: () =>
    variant({ shape: shapeCodec, total: integer }, { logits: argument }, ({ shape, ...p }) => d.binomial(shape, p)),
  multinomial: () => variant({ total: integer, logits: argument }, { shape: shapeCodec }, d.multinomial),
  poisson: () => variant({ shape: shapeCodec }, { rate: argument }, ({ shape, ...p }) => d.poisson(shape, p)),
  geometric: () => variant({ shape: shapeCodec }, { logits: argument }, ({ shape, ...p }) => d.geometric(shape, p)),
  negativeBinomial: () =>
    variant({ shape: shapeCodec, total: argument }, { logits: argument }, ({ shape, ...p }) =>
      d.negativeBinomial(shape, p),
    ),
  discretisedLogistic: () =>
    variant({ shape: shapeCodec, levels: integer }, { loc: argument, scale: argument }, ({ shape, ...p }) =>
      d.discretisedLogistic(shape, p),
    ),
  discretisedNormal: () =>
    variant({ shape: shapeCodec, levels: integer }, { loc: argument, scale: argument }, ({ shape, ...p }) =>
      d.discretisedNormal(shape, p),
    ),
  discretisedLogisticMixture: () =>
    variant(
      { shape: shapeCodec, levels: integer, logits: argument, loc: argument, scale: argument },
      {},
      ({ shape, ...p }) => d.discretisedLogisticMixture(shape, p),
    ),
  concrete: () => variant({ logits: argument }, { shape: shapeCodec, temperature: finite }, d.concrete),
  straightThrough: () => variant({ logits: argument }, { shape: shapeCodec, temperature: finite }, d.straightThrough),
  relaxedBernoulli: () =>
    variant({ shape: shapeCodec }, { logits: argument, temperature: finite }, ({ shape, ...p }) =>
      d.relaxedBernoulli(shape, p),
    ),
  mixture: (read) =>
    variant({ logits: argument, components: list(read.dist) }, {}, ({ logits, components }) =>
      d.mixture({ logits, components: components as readonly Sampled<Shape>[] }),
    ),
  hierarchical: (read) =>
    variant({ first: read.dist, rest: list(read.conditional) }, {}, ({ first, rest }) =>
      d.hierarchical(first as never, ...(rest as never[])),
    ),
  product: (read) =>
    variant({ dists: list(read.dist) }, {}, ({ dists }) => d.product(dists as readonly Sampled<readonly [number]>[])),
  independent: (read) =>
    variant({ shape: shapeCodec, dist: read.dist }, {}, ({ shape, dist }) =>
      d.independent(shape)(dist as Sampled<Shape>),
    ),
  truncate: (read) =>
    variant({ dist: read.dist }, { low: argument, high: argument }, ({ dist, ...bounds }) =>
      d.truncate(bounds)(dist as AnyDist & Sampled<Shape> & Facts<'cdf' | 'quantile'>),
    ),
  empirical: () => variant({ rows: list(list(finite)) }, {}, d.empirical),
  kernelDensity: () => variant({ rows: list(list(finite)) }, { bandwidth }, d.kernelDensity),
};
