/** Distributions: one family a file. */
export { type AnyDist, type Dist, distribution, pushforward, type Scored } from '../algebra/dist.ts';
export { type BernoulliOptions, bernoulli } from './bernoulli.ts';
export * from './beta.ts';
export { type BinomialOptions, binomial } from './binomial.ts';
export { type CategoricalOptions, type ClassOptions, categorical, oneHotCategorical } from './categorical.ts';
export type * from './cauchy.ts';
export { cauchy } from './cauchy.ts';
export * from './chi-squared.ts';
export * from './conditional-flow.ts';
export * from './dirichlet.ts';
export * from './discretised-logistic.ts';
export * from './discretised-normal.ts';
export type * from './elliptical.ts';
export * from './empirical.ts';
export { energy } from './energy.ts';
export { type Enumerable, type Enumeration, enumerated, enumerating, logPartition } from './energy-enumerated.ts';
export * from './exponential.ts';
export { type Declared, familyOf } from './family-of.ts';
export * from './fisher-f.ts';
export { type GammaFacts, type GammaOptions, gamma } from './gamma.ts';
export * from './geometric.ts';
export * from './gompertz.ts';
export type * from './gumbel.ts';
export { gumbel } from './gumbel.ts';
export type * from './half-normal.ts';
export { halfNormal } from './half-normal.ts';
export type * from './hierarchical.ts';
export { grouping, hierarchical, klByGroup, levelsOf } from './hierarchical.ts';
export * from './implicit.ts';
export * from './inverse-gamma.ts';
export { type Joined, jointly } from './jointly.ts';
export * from './kl.ts';
export * from './kumaraswamy.ts';
export type * from './laplace.ts';
export { laplace } from './laplace.ts';
export * from './log-normal.ts';
export type * from './logistic.ts';
export { logistic, standardLogistic } from './logistic.ts';
export * from './map.ts';
export type * from './matrix-argument.ts';
export * from './mixture.ts';
export * from './multinomial.ts';
export * from './multivariate-normal.ts';
export * from './multivariate-t.ts';
export * from './negative-binomial.ts';
export type * from './normal.ts';
export { normal, standardNormal } from './normal.ts';
export type * from './on-support.ts';
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
export type * from './relaxed.ts';
export { concrete, relaxedBernoulli, straightThrough } from './relaxed.ts';
export { type Box, restrict } from './restrict.ts';
export type * from './scalar-dist.ts';
export { byHazard, inverseCdf, locationScale, scalarFamily } from './scalar-dist.ts';
export { type StudentTOptions, studentT } from './student-t.ts';
export { tempered } from './temper.ts';
export * from './top-down-posterior.ts';
export * from './triangular.ts';
export * from './truncate.ts';
export * from './uniform.ts';
export { type VonMisesOptions, vonMises } from './von-mises.ts';
export type * from './weibull.ts';
export { weibull } from './weibull.ts';
