/** Transports that are not bijections: surjections and stochastic layers. */
export type * from './continuous.ts';
export { continuous } from './continuous.ts';
export * from './dequantise.ts';
export * from './stochastic.ts';
export * from './surjections.ts';
export * from './variational-dequantise.ts';
