/** Kinds of what a model is trained and sampled by. */
import { type Kind, kind } from '../core/definition.ts';
import type { Shape } from '../core/shape.ts';
import { kernelKind } from '../mcmc/kinds.ts';
import type { KernelFamily } from './energies/dist-kernel.ts';
import type { AnyObjective } from './objective.ts';
import type { Optimizer } from './optimizers/index.ts';
import type { Schedule } from './schedule.ts';
import type { ScoreModel } from './scores/score-model.ts';
import type { Selector } from './selector.ts';

/**
 * The kind of objectives, for {@link define} and {@link readObjective}: an objective of your own becomes readable from JSON by a definition of this kind.
 *
 * @example
 * objectiveKind.name;   // 'objective'
 */
export const objectiveKind = kind<AnyObjective<Shape>>('objective');

/**
 * The kind of Markov kernels that objectives of energies accept: families of kernels on any log-density, and kernels that use the structure of the distribution
 * (block Gibbs).
 *
 * @example
 * anyKernelKind.name;
 */
export const anyKernelKind: Kind<KernelFamily> = kernelKind;

/**
 * The kind of optimisers, for {@link define}.
 *
 * @example
 * optimizerKind.name;   // 'optimizer'
 */
export const optimizerKind = kind<Optimizer>('optimizer');

/**
 * The kind of learning-rate schedules, for {@link define}.
 *
 * @example
 * scheduleKind.name;   // 'schedule'
 */
export const scheduleKind = kind<Schedule>('schedule');

/**
 * The kind of selectors of parameters, for {@link define}.
 *
 * @example
 * selectorKind.name;   // 'selector'
 */
export const selectorKind = kind<Selector>('selector');

/**
 * The kind of networks that give a score ∇ₓ log p(x) directly, for {@link define}.
 *
 * @example
 * scoreModelKind.name;   // 'score model'
 */
export const scoreModelKind = kind<ScoreModel<Shape>>('score model');
