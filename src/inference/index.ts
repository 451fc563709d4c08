/** Inference: objectives, optimisers, training, evaluation. */

export * from './binarise.ts';
export * from './checkpoint.ts';
export * from './computed-once.ts';
export { type ConditionallyOptions, conditionalLikelihood, conditionally } from './conditionally.ts';
export type { ContextArrays } from './context-arrays.ts';
export * from './ddpm-losses.ts';
export * from './energies/index.ts';
export * from './evaluate.ts';
export * from './hybrid-score-matching.ts';
export * from './importance-weighted.ts';
export * from './kinds.ts';
export * from './latent/index.ts';
export * from './loss-of.ts';
export * from './objective.ts';
export { type OneCycleOptions, oneCycle } from './one-cycle.ts';
export * from './optimizers/index.ts';
export { type Penalty, penalised } from './penalised.ts';
export { type PlateauOptions, plateau } from './plateau.ts';
export * from './posterior.ts';
export { drawJoint, type Joint, joint, jointDensity, type Shapes, site, type Values } from './posterior-joint.ts';
export {
  distPrograms,
  type ParameterArrays,
  type Run,
  type Running,
  type RunningChain,
  type RunningConditional,
  type RunningUnnormalised,
  run,
} from './run.ts';
export type { ArrayFact, RunningFacts } from './run-facts.ts';
export { readSafetensors, type Safetensors, writeSafetensors } from './safetensors.ts';
export {
  constant,
  cosine,
  exponentialRate,
  type Schedule,
  type StepwiseOptions,
  stepwise,
  type Told,
  toSchedule,
  warmUp,
} from './schedule.ts';
export * from './scores/index.ts';
export * from './selector.ts';
export * from './spectral-penalty.ts';
export { type TotalOptions, total } from './total.ts';
export * from './training/index.ts';
