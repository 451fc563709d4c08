/** Bijectors: exact, invertible transports, one layer a file. */
export { inverseMap } from '../algebra/scalar-map.ts';
export {
  bijection,
  compose,
  type Endo,
  endo,
  identity,
  inverse,
  type MapLayer,
  type RepeatOptions,
  repeat,
  type Step,
  type Transport,
  transport,
} from '../algebra/transport.ts';
export type * from './act-norm.ts';
export { actNorm, flooredChannels } from './act-norm.ts';
export * from './affine.ts';
export * from './autoregressive.ts';
export * from './batch-norm.ts';
export * from './biject-to.ts';
export type * from './coupling.ts';
export { additiveCoupling, affineCoupling, coupling } from './coupling.ts';
export * from './elementwise.ts';
export * from './exp.ts';
export * from './invertible-1x1.ts';
export * from './leaky-relu.ts';
export * from './logit.ts';
export * from './multi-scale.ts';
export * from './permute.ts';
export * from './planar.ts';
export * from './power.ts';
export * from './radial.ts';
export * from './reshape.ts';
export type * from './scalar/affine-map.ts';
export { additiveMap, affineMap } from './scalar/affine-map.ts';
export * from './scalar/composed-map.ts';
export * from './scalar/learned-maps.ts';
export { defineMapLayer } from './scalar/map-layer.ts';
export * from './scalar/mixture-cdf-map.ts';
export { type MapLike, type Mapped, type ScalarMap, type ScalarMapOptions, scalarMap } from './scalar/scalar-map.ts';
export type * from './scalar/spline-map.ts';
export { splineMap } from './scalar/spline-map.ts';
export * from './scale-tril.ts';
export * from './shift.ts';
export * from './shift-scale.ts';
export * from './sigmoid.ts';
export type * from './sinh-arcsinh.ts';
export { sinhArcsinh } from './sinh-arcsinh.ts';
export * from './softplus.ts';
export * from './softsign.ts';
export * from './spline.ts';
export * from './squeeze.ts';
export * from './sylvester.ts';
export * from './tanh.ts';
