/** Dynamics: solvers of ordinary and stochastic differential equations, Brownian paths, divergences, and how solves are differentiated. */
export type * from './adaptive.ts';
export { integrate, solveAdaptive } from './adaptive.ts';
export * from './brownian.ts';
export { type AdaptiveOptions, adaptive, type Controller, fixed } from './controller.ts';
export * from './divergence.ts';
export { solverKind } from './kinds.ts';
export type { SolveGradient } from './loops.ts';
export * from './ode.ts';
export * from './order-conditions.ts';
export {
  type Calculus,
  itoSde,
  type MatrixNoiseOptions,
  matrixItoSde,
  matrixStratonovichSde,
  type NoiseKind,
  type Sde,
  type StateField,
  stratonovichSde,
  toIto,
  toStratonovich,
} from './sde.ts';
export * from './sde-solvers.ts';
export { type Arrays, type Tableau, tableau, type VectorField } from './tableau.ts';
export * from './tableaux.ts';
