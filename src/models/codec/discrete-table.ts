/** The entries of discrete laws, relaxed choices and combinators of laws. */
import { finite, integer, shapeCodec } from '../../core/codec.ts';
import * as d from '../../distributions/index.ts';
import { argument } from './argument.ts';
import { type Tables, variant } from './variant.ts';

/** Discrete and relaxed laws by type. */
export const discreteTable: Tables['laws'] = {
  bernoulli: () => variant({ shape: shapeCodec }, { logits: argument }, ({ shape, ...p }) => d.bernoulli(shape, p)),
  categorical: () => variant({ logits: argument }, { shape: shapeCodec }, d.categorical),
  oneHotCategorical: () => variant({ logits: argument }, { shape: shapeCodec }, d.oneHotCategorical),
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
};
