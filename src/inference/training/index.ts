/** Training: games, the programs that play them, what they are fed, and the states they leave behind. */
export * from './fit.ts';
export {
  alternating,
  type Game,
  type Move,
  type MoveTimes,
  type Player,
  simultaneous,
  type Trainable,
} from './game.ts';
export { initialParameters } from './initialise.ts';
export * from './learning-rate-finder.ts';
export { batchLosses, meanLoss } from './move-plan.ts';
export * from './stages.ts';
export { type Best, type Stage, type TrainingState, usedParameters } from './state.ts';
export { rampUp, trainingStep } from './step-number.ts';
