/** Latent variables: estimators of bounds, their gradients, and estimates of log p(x). Each is a word after the declaration. */
export * from './expectation-maximisation.ts';
export * from './full-variational-bayes.ts';
export * from './marginal-likelihood.ts';
export * from './path-derivatives.ts';
export type { ChainOptions } from './posterior-chain.ts';
export * from './score-function.ts';
export * from './sgvb.ts';
export * from './wake-sleep.ts';
export * from './weighings.ts';
