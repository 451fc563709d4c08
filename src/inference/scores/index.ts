/** Score matching: distributions known up to a constant, fields and denoisers from data, without a normalising constant. */
export { denoiserOf, type HasDenoiser, hasDenoiser } from './denoiser-of.ts';
export * from './denoising.ts';
export { type GuidedOptions, guided } from './guided.ts';
export { ladderTime } from './ladder.ts';
export * from './matching.ts';
export * from './projection.ts';
export { type HasScore, type ScoreModel, scoreAt, scoreModel, scoreNetwork } from './score-model.ts';
