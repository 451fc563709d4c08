/** Bijectors: exact, invertible transports, one layer a file. */
export {
  bijection,
  compose,
  type Endo,
  endo,
  identity,
  inverse,
  repeat,
  type Step,
  type Transport,
  transport,
} from '../algebra/transport.ts';
export * from './act-norm.ts';
export * from './affine.ts';
export * from './autoregressive.ts';
export * from './batch-norm.ts';
export * from './coupling.ts';
export * from './elementwise.ts';
export * from './invertible-1x1.ts';
export * from './logit.ts';
export * from './multi-scale.ts';
export * from './permute.ts';
export * from './reshape.ts';
export * from './scalar/affine-map.ts';
export type { Mapped, ScalarMap } from './scalar/scalar-map.ts';
export * from './shift-scale.ts';
export * from './squeeze.ts';
