/**
 * pushforward: declare a generative model as a composition; its sampler, density, objective, picture, JSON and GPU program follow.
 *
 * Everything a model file needs is here; the subpaths (`pushforward/bijectors`, …) hold the same in rooms.
 */
export { pipe } from 'fp-ts/lib/function.js';
export * from './algebra/index.ts';
export * from './bijectors/index.ts';
export {
  draw,
  type Expr,
  type Failure,
  fromNested,
  type Given,
  type HostArray,
  type Nested,
  ops,
  PushforwardError,
  random,
  type Struct,
  scope,
  showExpr,
  type Tensor,
  tensorOf,
  toNested,
  toNumbers,
} from './core/index.ts';
export { onnx, reference, type ValueOptions, value } from './core/interpreters/index.ts';
export * from './distributions/index.ts';
export * from './dynamics/index.ts';
export * from './inference/index.ts';
export * from './mcmc/index.ts';
export * from './models/index.ts';
export * from './nn/index.ts';
export * from './sde/index.ts';
export * from './transports/index.ts';
