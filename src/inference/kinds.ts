/** Kinds of what a model is trained and sampled by. */
import { kind } from '../core/definition.ts';
import type { Shape } from '../core/shape.ts';
import type { DistKernel } from './energies/dist-kernel.ts';
import type { AnyObjective } from './objective.ts';
import type { Optimizer } from './optimizers/index.ts';
import type { Schedule } from './schedule.ts';
import type { ScoreModel } from './scores/score-model.ts';
import type { Selector } from './selector.ts';

/** Objectives. */
export const objectiveKind = kind<AnyObjective<Shape>>('objective');

/** Markov kernels, as energies take them. */
export const kernelKind = kind<DistKernel>('kernel');

/** Optimisers. */
export const optimizerKind = kind<Optimizer>('optimizer');

/** Schedules of learning rates. */
export const scheduleKind = kind<Schedule>('schedule');

/** Selectors of parameters. */
export const selectorKind = kind<Selector>('selector');

/** Networks that are scores. */
export const scoreModelKind = kind<ScoreModel<Shape>>('score model');
