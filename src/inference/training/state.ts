/** Everything training needs to go on exactly where it stopped, and how it becomes the arrays that a run carries. */
import { raise } from '../../core/errors.ts';
import type { Feeds } from '../../core/program.ts';
import { hostType } from '../../core/program.ts';
import { sameShape, showShape } from '../../core/shape.ts';
import { castTensor, type Tensor } from '../../core/tensor.ts';
import type { Told } from '../schedule.ts';
import { joinFlat, type Layout, splitFlat } from './flat.ts';
import type { GamePlan, Share } from './move-plan.ts';

/** The best that validation has seen. */
export interface Best {
  readonly step: number;
  /** The validation loss, in nats per event. */
  readonly value: number;
  /** The validated parameters, or their average where one is kept. */
  readonly parameters: Feeds;
  readonly buffers: Feeds;
}

/** A run's stage, where it has several: see `stages`. */
export interface Stage {
  readonly name: string;
  readonly index: number;
  /** The result of the stage before, which this one started from. */
  readonly previous?: Feeds;
}

/** The state of training after some steps. */
export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  readonly seed: number;
  readonly parameters: Feeds;
  /** The optimisers' state by slot (`first moment`, …), then by parameter. */
  readonly slots: Readonly<Record<string, Feeds>>;
  /** Moving averages of parameters, where players keep some. */
  readonly average?: Feeds;
  /** Feeds beside the parameters that no gradient moves: statistics, chains, copies. */
  readonly buffers?: Feeds;
  /** The validation results at the scheduled steps, oldest first. */
  readonly validations?: Told['validations'];
  /** The best of these, where one was finite. */
  readonly best?: Best;
  /** The validation result of this state where training ended before the next scheduled validation: a resumed run does not count it. */
  readonly ended?: number;
  readonly stage?: Stage;
}

/**
 * What to use of a state: the best that validation knows, else the last; averages where players keep some; the buffers beside them. `run` takes it as it is.
 *
 * @example
 * const { parameters } = { parameters: usedParameters(fitted.last) };
 */
export const usedParameters = ({ parameters, average, buffers, best, ended = Number.NaN }: TrainingState): Feeds =>
  best === undefined || ended < best.value
    ? { ...parameters, ...average, ...buffers }
    : { ...best.parameters, ...best.buffers };

/** A moment of training: the steps done, and the arrays a run carries, by the names of its inputs. */
export interface Moment {
  readonly step: number;
  readonly vectors: Feeds;
}

const slotVector = ({ suffix }: Share, slot: string): string => `state${suffix}:${slot}`;
const averageVector = ({ suffix }: Share): string => `ema${suffix}`;
const bufferVector = (name: string): string => `carried:${name}`;

const zeros = (size: number): Tensor => ({ shape: [size], type: 'float32', data: new Float32Array(size) });

/** Values of a layout, those that are not known being taken from `otherwise`. */
const joined = (layout: Layout, known: Feeds | undefined, otherwise: Tensor): Tensor =>
  known === undefined ? otherwise : joinFlat(layout, { ...splitFlat(layout, otherwise), ...known });

/** A state under the names of a plan's runs. Throws where an array is missing or does not fit. */
export const momentOf = (
  plan: GamePlan,
  state: Pick<TrainingState, 'step' | 'parameters'> & Partial<TrainingState>,
): Moment => {
  const { layout, shares, buffers } = plan;
  const vectors: Record<string, Tensor> = { parameters: joinFlat(layout, state.parameters) };
  for (const s of shares) {
    for (const slot of s.optimizer.slots)
      vectors[slotVector(s, slot)] = joined(s.layout, state.slots?.[slot], zeros(s.layout.size));
    if (s.player.average !== undefined)
      vectors[averageVector(s)] = joined(s.layout, state.average, joinFlat(s.layout, state.parameters));
  }
  for (const b of buffers) {
    const { name } = b.attributes;
    // A first state has buffers and parameters in one record, and so has a file of an older version, whose statistics were parameters.
    const value = state.buffers?.[name] ?? state.parameters[name];
    if (value === undefined) raise('ArgumentError', name, 'the buffer is missing', { expected: showShape(b.shape) });
    if (!sameShape(value.shape, b.shape))
      raise('ShapeError', name, 'the buffer has another shape', { expected: showShape(b.shape), got: showShape(value.shape) }); // biome-ignore format: one idea
    vectors[bufferVector(name)] = castTensor(value, hostType(b.type, 'float32'));
  }
  return { step: state.step, vectors };
};

/** Buffers at a moment, by name; nothing where there are none. */
export const buffersAt = (plan: GamePlan, { vectors }: Moment): Feeds =>
  Object.fromEntries(plan.buffers.map(({ attributes: { name } }) => [name, vectors[bufferVector(name)]]));

/** The parameters to use at a moment: averages where players keep some. */
export const usedAt = (plan: GamePlan, moment: Moment): Feeds => ({
  ...splitFlat(plan.layout, moment.vectors.parameters),
  ...averagesAt(plan, moment),
});

const averagesAt = ({ shares }: GamePlan, { vectors }: Moment): Feeds =>
  Object.assign(
    {},
    ...shares.flatMap((s) => (s.player.average === undefined ? [] : [splitFlat(s.layout, vectors[averageVector(s)])])),
  );

/** The state at a moment, in the form that is saved. */
export const stateOf = (
  plan: GamePlan,
  moment: Moment,
  rest: Pick<TrainingState, 'seed' | 'validations' | 'best' | 'ended' | 'stage'>,
): TrainingState => {
  const { layout, shares } = plan;
  const slots: Record<string, Feeds> = {};
  for (const s of shares)
    for (const slot of s.optimizer.slots)
      slots[slot] = { ...slots[slot], ...splitFlat(s.layout, moment.vectors[slotVector(s, slot)]) };
  const averaged = shares.some((s) => s.player.average !== undefined);
  return {
    step: moment.step,
    parameters: splitFlat(layout, moment.vectors.parameters),
    slots,
    ...(averaged ? { average: usedAt(plan, moment) } : {}),
    ...(plan.buffers.length === 0 ? {} : { buffers: buffersAt(plan, moment) }),
    ...rest,
  };
};

/** Arrays that a program may ask for by name at a moment: parameters and buffers. */
export const feedsAt = (
  plan: GamePlan,
  moment: Moment,
  parameters: Feeds = splitFlat(plan.layout, moment.vectors.parameters),
): Feeds => ({
  ...parameters,
  ...buffersAt(plan, moment),
});
