/** The optimiser that flags ask for: its name, its schedule over the run, its decay and its clipping. */

import { oneCycle } from '../inference/one-cycle.ts';
import {
  adagrad,
  adam,
  adamW,
  clipByGlobalNorm,
  decayed,
  lion,
  momentum,
  type Optimizer,
  rmsprop,
  sgd,
} from '../inference/optimizers/index.ts';
import { plateau } from '../inference/plateau.ts';
import { constant, cosine, exponentialRate, type Schedule, warmUp as warmedUp } from '../inference/schedule.ts';
import type { TrainingRecord } from './training-record.ts';

const optimizers = { adam, adamW, sgd, momentum, adagrad, rmsprop, lion } as const;

/** What `--optimizer` may be. */
export type OptimizerName = keyof typeof optimizers;
export const optimizerNames = Object.keys(optimizers) as readonly OptimizerName[];

const titles: Readonly<Record<OptimizerName, string>> = {
  adam: 'Adam',
  adamW: 'AdamW',
  sgd: 'SGD',
  momentum: 'momentum',
  adagrad: 'Adagrad',
  rmsprop: 'RMSProp',
  lion: 'Lion',
};

const schedules = {
  cosine: (rate: number, steps: number): Schedule => cosine(rate, steps),
  constant: (rate: number): Schedule => constant(rate),
  oneCycle: (peak: number, steps: number): Schedule => oneCycle({ peak, steps: Math.max(2, steps) }),
  exponential: (rate: number, steps: number): Schedule => exponentialRate(rate, rate / 100, steps),
  plateau: (from: number): Schedule => plateau({ from, factor: 0.5, patience: 5 }),
} as const;

/** What `--schedule` may be. */
export type ScheduleName = keyof typeof schedules;
export const scheduleNames = Object.keys(schedules) as readonly ScheduleName[];

/** Whether the schedule reaches its end at the last step, so that more steps mean another schedule. */
export const endsWithRun = (schedule: ScheduleName): boolean => schedule !== 'constant' && schedule !== 'plateau';

/** The learning rate of an optimiser that models say nothing of (theirs is Adam's). */
export const rateOf = (name: OptimizerName | undefined): number | undefined =>
  name === undefined || name === 'adam' || name === 'adamW' ? undefined : optimizers[name]().learningRate?.at(0);

/** The optimiser of a run, inside the decay and the clipping it asks for. */
export const optimizerOf = ({
  optimizer = 'adam',
  learningRate: rate,
  schedule,
  steps,
  warmUp = 0,
  weightDecay,
  clip,
}: TrainingRecord): Optimizer => {
  const after = schedules[schedule](rate, Math.max(1, steps - warmUp));
  const learningRate = warmUp > 0 ? warmedUp(warmUp, after) : after;
  const inner =
    optimizer === 'adamW' && weightDecay !== undefined
      ? adamW({ learningRate, weightDecay })
      : optimizers[optimizer]({ learningRate });
  const shrunk = optimizer === 'adamW' || weightDecay === undefined ? inner : decayed({ rate: weightDecay })(inner);
  return clip === undefined ? shrunk : clipByGlobalNorm(clip)(shrunk);
};

/** `Adam 0.001`. */
export const showOptimizer = ({ optimizer = 'adam', learningRate }: TrainingRecord): string =>
  `${titles[optimizer]} ${learningRate}`;
