/** Smart constructors of the tensor language: they check shapes and types and say in a sentence what does not fit. */
export * from './arctangent.ts';
export * from './array.ts';
export { logBesselI0Scaled } from './bessel.ts';
export * from './cholesky.ts';
export * from './cond.ts';
export * from './control.ts';
export * from './convolution.ts';
export * from './custom.ts';
export * from './elementwise.ts';
export {
  betaKernel,
  betaKernelOfLogs,
  deviance as gammaDeviance,
  digammaRemainder,
  digammaRise,
  divergenceRemainder,
  gammaKernel,
  gammaKernelOfLog,
  legendre,
  lgammaCurvature,
  logBeta,
  stirlingRemainder,
} from './gamma-parts.ts';
export * from './hyperbolic.ts';
export { logRegularisedBeta, regularisedBeta } from './incomplete-beta.ts';
export {
  logRegularisedGammaP,
  logRegularisedGammaQ,
  regularisedGammaP,
  regularisedGammaQ,
} from './incomplete-gamma.ts';
export * from './indexing.ts';
export * from './leaves.ts';
export * from './linear.ts';
export * from './normal-functions.ts';
export * from './polynomial.ts';
export * from './reduce.ts';
export * from './stable.ts';
export * from './structure.ts';
