/** Distributions: one family a file. */
export { type Dist, dist, type Law, pushforward, type Scored } from '../algebra/dist.ts';
export * from './conditional-normal.ts';
export * from './normal.ts';
export * from './uniform.ts';
export { type BernoulliOptions, bernoulli } from './bernoulli.ts';
export { type BinomialOptions, binomial } from './binomial.ts';
export { type CategoricalOptions, categorical, oneHotCategorical } from './categorical.ts';
export * from './discretised-logistic.ts';
export * from './geometric.ts';
export * from './multinomial.ts';
export * from './negative-binomial.ts';
export { type PoissonOptions, poisson } from './poisson.ts';
export * from './relaxed.ts';
