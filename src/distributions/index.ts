/** Distributions: one family a file. */
export { type AnyDist, type Dist, distribution, pushforward, type Scored } from '../algebra/dist.ts';
export { type BernoulliOptions, bernoulli } from './bernoulli.ts';
export * from './beta.ts';
export { type BinomialOptions, binomial } from './binomial.ts';
export { type CategoricalOptions, type ClassOptions, categorical, oneHotCategorical } from './categorical.ts';
export * from './cauchy.ts';
export * from './chi-squared.ts';
export * from './conditional-flow.ts';
export * from './dirichlet.ts';
export * from './discretised-logistic.ts';
export * from './discretised-normal.ts';
export * from './elliptical.ts';
export * from './empirical.ts';
export { energy } from './energy.ts';
export { type Enumerable, type Enumeration, enumerated, enumerating, logPartition } from './energy-enumerated.ts';
export * from './exponential.ts';
export { type Declared, familyOf } from './family-of.ts';
export * from './fisher-f.ts';
export { type GammaFacts, type GammaOptions, gamma } from './gamma.ts';
export * from './geometric.ts';
export * from './gompertz.ts';
export * from './gumbel.ts';
export * from './half-normal.ts';
export * from './hierarchical.ts';
export * from './implicit.ts';
export * from './inverse-gamma.ts';
export { type Joined, jointly } from './jointly.ts';
export * from './kl.ts';
export * from './kumaraswamy.ts';
export * from './laplace.ts';
export * from './log-normal.ts';
export * from './logistic.ts';
export * from './map.ts';
export * from './matrix-argument.ts';
export * from './mixture.ts';
export * from './multinomial.ts';
export * from './multivariate-normal.ts';
export * from './multivariate-t.ts';
export * from './negative-binomial.ts';
export * from './normal.ts';
export * from './on-support.ts';
export * from './parametrised.ts';
export * from './pareto.ts';
export { type PoissonOptions, poisson } from './poisson.ts';
export { independent, type KeptFacts, product } from './product.ts';
export { productOfExperts } from './product-of-experts.ts';
export * from './rayleigh.ts';
export {
  type Blocked,
  type Blocks,
  type Bridging,
  blocking,
  bridging,
  type Machine,
  type MachineBridge,
  type RbmOptions,
  rbm,
  type VisibleUnits,
} from './rbm.ts';
export * from './relaxed.ts';
export { type Box, restrict } from './restrict.ts';
export * from './scalar-dist.ts';
export { type StudentTOptions, studentT } from './student-t.ts';
export { tempered } from './temper.ts';
export * from './top-down-posterior.ts';
export * from './triangular.ts';
export * from './truncate.ts';
export * from './uniform.ts';
export { type VonMisesOptions, vonMises } from './von-mises.ts';
export * from './weibull.ts';
