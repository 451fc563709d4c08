/** `fit`: a fold over batches. Pure state in, pure state out; saving, printing and stopping are the caller's. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { type Failure, PushforwardError, raise, toFailure } from '../../core/errors.ts';
import { onnx } from '../../core/interpreters/onnx/index.ts';
import { knownOptions, type OptionNames } from '../../core/known-options.ts';
import type { Feeds } from '../../core/program.ts';
import { type Shape, sameShape, showShape } from '../../core/shape.ts';
import type { Tensor } from '../../core/tensor.ts';
import { batchSizeOf, type Source, sourceOf, stackedBatches } from '../../data/index.ts';
import { type Advanced, finite, locate } from './diagnose.ts';
import { moveSeed, ratesAt } from './feeding.ts';
import type {
  Ending,
  FitOptions,
  Fitted,
  HistoryPoint,
  MoveProgress,
  Progress,
  ValidationOptions,
} from './fit-options.ts';
import { type Game, gameOf, withOptimizer, withSources } from './game.ts';
import { initialParameters } from './initialise.ts';
import { type GamePlan, planGame } from './move-plan.ts';
import { runner } from './runner.ts';
import {
  buffersAt,
  feedsAt,
  type Moment,
  momentOf,
  stateOf,
  type TrainingState,
  usedAt,
  usedParameters,
} from './state.ts';
import { validator } from './validate.ts';

export type * from './fit-options.ts';

/** An error thrown by a function of the caller: not a failure of training, so it is rethrown unchanged. */
class Thrown {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

/** Calls a function of the caller's. A `PushforwardError` (a file that cannot be written) ends training as a failure; what else it throws is the caller's. */
const callers = async <A>(f: () => A | Promise<A>): Promise<A> => {
  try {
    return await f();
  } catch (e) {
    throw e instanceof PushforwardError ? e : new Thrown(e);
  }
};

const FIT: OptionNames<FitOptions<Shape>> = { objective: true, data: true, optimizer: true, steps: true, batchSize: true, seed: true, backend: true, ema: true, initial: true, validation: true, resume: true, stage: true, stepsPerRun: true, onProgress: true, checkpoint: true, signal: true }; // biome-ignore format: one line
const VALIDATION: OptionNames<ValidationOptions<Shape>> = { data: true, every: true, patience: true, objective: true };

/**
 * Fits an objective, or plays a game, on data. Same seed, same numbers: initial parameters, batches and noise are functions of (seed, step), and a run
 * that was stopped and resumed equals one that was not, bit for bit on one backend, whatever the number of steps in one run. A loss that is not finite ends
 * training with a `NonFiniteError` that names the step and the layer; the last good state has been saved. Where a callback throws, the promise is
 * rejected with what it threw.
 *
 * @example
 * const fitted = await fit({ objective: maximumLikelihood(realNVP), data, optimizer: adam(), steps: 2000, seed: 0 })();
 */
export const fit =
  <S extends Shape>(options: FitOptions<S>): TaskEither<Failure, Fitted> =>
  async () => {
    try {
      knownOptions('fit', options, FIT);
      if (options.validation !== undefined) knownOptions('fit/validation', options.validation, VALIDATION);
      return E.right(await train(options));
    } catch (e) {
      if (e instanceof Thrown) throw e.value;
      return E.left(toFailure('BackendError', 'fit')(e));
    }
  };

/**
 * {@link fit} for scripts and notebooks: a promise of what was fitted. Where `fit` gives a failure, the promise is rejected with a `PushforwardError` of the
 * same tag, path and sentence.
 *
 * @example
 * const { parameters } = await fitOrThrow({ objective: maximumLikelihood(realNVP), data, steps: 20 });
 */
export const fitOrThrow = async <S extends Shape>(options: FitOptions<S>): Promise<Fitted> => {
  const outcome = await fit(options)();
  if (E.isLeft(outcome)) throw new PushforwardError(outcome.left);
  return outcome.right;
};

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

type HasParts = { readonly shape: Shape; readonly parts?: readonly Shape[] };

const checkData = (data: HasParts & { readonly name: string }, objective: HasParts): void => {
  const words = (of: HasParts): string => (of.parts === undefined ? showShape(of.shape) : of.parts.map(showShape).join(' and ')); // biome-ignore format: one line
  const known = data.parts !== undefined && objective.parts !== undefined;
  if (!sameShape(data.shape, objective.shape) || (known && words(data) !== words(objective)))
    raise('DataError', data.name, 'the data do not fit the model', {
      expected: `events of shape ${known ? words(objective) : showShape(objective.shape)}`,
      got: known ? words(data) : showShape(data.shape),
    });
};

/** The first batch of each move. */
const firstBatches = async (plan: GamePlan, sources: readonly Source[], seed: number): Promise<Tensor[]> =>
  Promise.all(
    sources.map(async (source, i) => {
      const { values } = await stackedBatches(source, { seed: moveSeed(plan, i, seed), from: 0, steps: 1, size: plan.batchSize }); // biome-ignore format: one call
      return { ...values, shape: values.shape.slice(1) };
    }),
  );

/** Where training starts: as declared, as given, or where it stopped. */
const startOf = async <S extends Shape>(
  options: FitOptions<S>,
  plan: GamePlan,
  sources: readonly Source[],
  seed: number,
  game: Game<S>,
): Promise<Moment> => {
  const { resume, initial = {} } = options;
  const known = new Set([...plan.layout.entries.map((e) => e.name), ...plan.buffers.map((b) => b.attributes.name)]);
  const stranger = Object.keys(initial).find((name) => !known.has(name));
  if (stranger !== undefined)
    raise('ArgumentError', `initial/${stranger}`, 'the model has no parameter or buffer of this name');
  const names = (state: TrainingState): Feeds => ({ ...state.parameters, ...state.buffers });
  const complete = resume !== undefined && plan.buffers.every((b) => b.attributes.name in names(resume));
  const declared = complete
    ? {}
    : await initialParameters(game, seed, await firstBatches(plan, sources, seed), options.backend ?? onnx('cpu'), resume?.parameters ?? initial); // biome-ignore format: one call
  // A state that is resumed has every parameter; buffers that it does not know start as declared (chains that another objective brings).
  return resume === undefined
    ? momentOf(plan, { step: 0, parameters: { ...declared, ...initial } })
    : momentOf(plan, { ...resume, buffers: { ...declared, ...names(resume) } });
};

/** Steps between validations: by default a fiftieth of all steps, rounded up to a multiple of 20, independent of the steps per run of the backend. */
const validateEvery = (every: number | undefined, steps: number): number =>
  every === undefined
    ? 20 * Math.ceil(steps / 1000)
    : Number.isInteger(every) && every >= 1
      ? every
      : raise('ArgumentError', 'validation/every', 'the number of steps between validations must be positive', { got: `${every}` }); // biome-ignore format: one idea

const train = async <S extends Shape>(options: FitOptions<S>): Promise<Fitted> => {
  const { steps, resume, signal, validation, checkpoint, onProgress } = options;
  const seed = options.seed ?? resume?.seed ?? 0;
  if (!Number.isInteger(steps) || steps < 1)
    raise('ArgumentError', 'steps', 'the number of steps must be positive', { got: `${steps}` });
  const data = sourceOf(options.data);
  const declared = withOptimizer(
    gameOf(options.objective, options.ema === undefined ? {} : { average: options.ema }),
    options.optimizer,
  );
  const sources = declared.moves.map((m): Source => m.source ?? data);
  declared.moves.forEach((m, i) => checkData(sources[i], m.objective));
  const game = withSources(declared, sources);
  const measured = validation?.objective ?? game.moves[0].objective;
  if (validation !== undefined) checkData(validation.data, measured);
  const backend = options.backend ?? onnx('cpu');
  // The largest batch of the data matters only where a move reads them.
  const { largest: _, ...asked } = data;
  const batchSize = sources.reduce((n, s) => batchSizeOf(s, n), batchSizeOf(asked, options.batchSize));
  const perRun = Math.max(1, Math.min(options.stepsPerRun ?? 20, steps));
  const every = validation === undefined ? Number.POSITIVE_INFINITY : validateEvery(validation.every, steps);
  /** The next run ends where a validation is due, so that validations do not depend on how steps are grouped. */
  const runLength = (step: number): number =>
    runs.runLength(step, Math.min(perRun, steps - step, Number.isFinite(every) ? every - (step % every) : perRun));

  const compileStart = performance.now();
  const plan = planGame(game, batchSize);
  const runs = runner({ plan, backend, sources, seed, norms: onProgress !== undefined });
  const from = resume?.step ?? 0;
  if (from < steps) await runs.prepare(from, runLength(from));
  const held = validation === undefined ? undefined : await validator(measured, validation.data, backend, seed);
  const compileSeconds = (performance.now() - compileStart) / 1000;

  let moment = await startOf(options, plan, sources, seed, game);
  let told = { validations: resume?.validations ?? [] };
  let best = resume?.best;
  let ended = from < steps ? undefined : resume?.ended;
  const history: HistoryPoint[] = [];
  const state = (): TrainingState =>
    stateOf(plan, moment, {
      seed,
      ...(told.validations.length === 0 ? {} : { validations: told.validations }),
      ...(best === undefined ? {} : { best }),
      ...(ended === undefined ? {} : { ended }),
      ...(options.stage === undefined ? {} : { stage: options.stage }),
    });
  const save = (): Promise<void> => callers(async () => checkpoint?.save(state()));
  const progressOf = ({ t, losses, norms }: Advanced): MoveProgress[] => {
    const rates = ratesAt(plan, runs.counter, moment.step, told);
    return plan.moves.map(({ name, player }, i): MoveProgress => {
      const at = t.made.indexOf(i);
      const rate = rates[player];
      return {
        name,
        ...(at < 0 ? {} : { loss: mean(losses[at].data) }),
        ...(rate === undefined ? {} : { learningRate: rate }),
        ...(at < 0 || norms.length === 0 ? {} : { gradientNorm: norms[at].data[norms[at].data.length - 1] }),
      };
    });
  };

  let ending: Ending = 'finished';
  let loss = Number.NaN;
  const begin = performance.now();
  try {
    while (moment.step < steps) {
      if (signal?.aborted) {
        ending = 'interrupted';
        break;
      }
      const advance = (at: Moment, k: number): Promise<Advanced> => runs.advance(at, k, told);
      const next = await advance(moment, runLength(moment.step));
      if (!finite(next)) {
        await save();
        throw new PushforwardError(await locate(plan, moment, advance, backend));
      }
      const before = moment.step;
      moment = next.now;
      const crossed = (n: number): boolean =>
        Math.floor(before / n) !== Math.floor(moment.step / n) || moment.step === steps;
      if (next.t.made[0] === 0) loss = mean(next.losses[0].data);
      const value =
        held !== undefined && crossed(every)
          ? await held.loss(feedsAt(plan, moment, usedAt(plan, moment)), moment.step)
          : undefined;
      if (value !== undefined && moment.step % every !== 0) ended = value;
      else if (value !== undefined) {
        told = { validations: [...told.validations, { step: moment.step, value }] };
        if (Number.isFinite(value) && !(best !== undefined && value >= best.value))
          best = { step: moment.step, value, parameters: usedAt(plan, moment), buffers: buffersAt(plan, moment) };
      }
      const point: HistoryPoint = { step: moment.step, loss, ...(value === undefined ? {} : { validation: value }) };
      history.push(point);
      const rate = ((moment.step - from) * 1000) / (performance.now() - begin);
      const progress = (): Progress => ({ ...point, steps, stepsPerSecond: rate, remaining: (steps - moment.step) / rate, moves: progressOf(next) }); // biome-ignore format: one record
      if (onProgress !== undefined) await callers(() => onProgress(progress()));
      if (checkpoint !== undefined && crossed(checkpoint.every)) await save();
      const since = best?.step ?? -1;
      if (
        value !== undefined &&
        told.validations.filter((v) => v.step > since).length >= (validation?.patience ?? Number.POSITIVE_INFINITY)
      ) {
        ending = 'stopped early';
        break;
      }
      // Yield to timers, signals and progress bars: a run of the backend blocks the thread.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (ending !== 'finished') await save();
    const last = state();
    return { parameters: usedParameters(last), last, step: moment.step, seed, history, ending, seconds: (performance.now() - begin) / 1000, compileSeconds }; // biome-ignore format: one record
  } finally {
    await runs.dispose();
    await held?.dispose();
  }
};
