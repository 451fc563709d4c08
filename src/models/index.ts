/** The surveyed models, each a composition, and the registry of them. */
export * from './class-conditional.ts';
export * from './codec.ts';
export { conditionalModel, conditionalObjective } from './conditional.ts';
export * from './describe.ts';
export * from './describe-graph.ts';
export { describeText } from './describe-text.ts';
export * from './diffusion/index.ts';
export * from './energies/index.ts';
export * from './flows.ts';
export * from './gaussianisation.ts';
export * from './glow.ts';
export * from './latent/index.ts';
export {
  defineModel,
  type EventInfo,
  isModel,
  type ModelDeclaration,
  type ModelEntry,
  type ModelOptions,
  modelsOf,
  optionsOf,
} from './model.ts';
export * from './nsf.ts';
export * from './objectives.ts';
export * from './over-events.ts';
export * from './planar-flow.ts';
export { type ReadsContext, reads } from './reads.ts';
export * from './real-nvp.ts';
export * from './registry.ts';
export * from './rows-given.ts';
export * from './samplers.ts';
