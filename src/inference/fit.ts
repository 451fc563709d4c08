/** `fit`: a fold over batches. Pure state in, pure state out; saving, printing and stopping are the caller's. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { type Failure, failure, PushforwardError, raise, toFailure } from '../core/errors.ts';
import { onnx } from '../core/interpreters/onnx/index.ts';
import * as o from '../core/ops/index.ts';
import type { Backend, Executable } from '../core/program.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Dataset } from '../data/dataset.ts';
import { allFinite, firstNonFinite } from './diagnose.ts';
import { readBatches, startingPoint, validator } from './feeding.ts';
import { alignFlat, joinFlat, type Layout, splitFlat } from './flat.ts';
import type { Objective } from './objective.ts';
import { adam, type Optimizer } from './optimizer.ts';
import { meanLoss, type TrainingProgram, trainingNoise, trainingProgram } from './training-program.ts';
import { stepFeed, stepNumbers } from './training-step.ts';

/** Everything training needs to go on exactly where it stopped. */
export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  readonly seed: number;
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** The optimiser's vectors by slot, flat in the order of `parameters`. */
  readonly slots: Readonly<Record<string, Tensor>>;
  /** Exponential moving average of the parameters, where one is kept. */
  readonly average?: Readonly<Record<string, Tensor>>;
}

/** A point of the training history; losses are in nats per event. */
export interface HistoryPoint {
  readonly step: number;
  readonly loss: number;
  readonly validation?: number;
}

/** What is told while training goes on. */
export interface Progress extends HistoryPoint {
  readonly steps: number;
  readonly stepsPerSecond: number;
  /** Seconds to go, at the speed so far. */
  readonly remaining: number;
}

/** Why training ended. */
export type Ending = 'finished' | 'stopped early' | 'interrupted';

/** The outcome of {@link fit}. */
export interface Fitted extends TrainingState {
  readonly history: readonly HistoryPoint[];
  readonly ending: Ending;
  /** Seconds from the first step to the last, without compilation. */
  readonly seconds: number;
  readonly compileSeconds: number;
}

/** Options of {@link fit}. */
export interface FitOptions<S extends Shape> {
  readonly objective: Objective<S>;
  readonly data: Dataset;
  readonly optimizer?: Optimizer;
  /** Steps in all, those of a resumed state included. */
  readonly steps: number;
  readonly batchSize?: number;
  readonly seed?: number;
  readonly backend?: Backend;
  /** Decay of an exponential moving average of the parameters. */
  readonly ema?: number;
  /** Held-out data; `patience` validations without a better loss end training and bring the best parameters back. */
  readonly validation?: { readonly data: Dataset; readonly every?: number; readonly patience?: number };
  readonly resume?: TrainingState;
  /** Optimiser steps in one run of the backend. */
  readonly stepsPerRun?: number;
  readonly onProgress?: (p: Progress) => void;
  /** Called with the state every `every` steps, and at the end; what it saves can be resumed. */
  readonly checkpoint?: { readonly every: number; readonly save: (state: TrainingState) => Promise<void> };
  /** Stops between runs; the state so far is returned (and saved), not lost. */
  readonly signal?: AbortSignal;
}

interface Flat {
  readonly step: number;
  readonly vectors: readonly Tensor[];
}

const DEFAULT_BATCH = 256;

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

const check = <S extends Shape>({ objective, data, steps, validation }: FitOptions<S>): void => {
  if (!Number.isInteger(steps) || steps < 1)
    raise('ArgumentError', 'steps', 'the number of steps must be positive', { got: `${steps}` });
  for (const d of [data, validation?.data])
    if (d !== undefined && !sameShape(d.shape, objective.shape))
      raise('DataError', d.name, 'the data do not fit the model', {
        expected: `events of shape ${showShape(objective.shape)}`,
        got: showShape(d.shape),
      });
};

/**
 * Fits an objective to data. Same seed, same numbers: initial parameters, batches and noise are functions of (seed, step), and a run that was
 * stopped and resumed equals one that was not, bit for bit on one backend. A loss that is not finite ends training with a
 * `NonFiniteError` that names the step and the layer; the last good state has been saved.
 *
 * @example
 * const fitted = await fit({ objective: maximumLikelihood(realNVP), data, optimizer: adam(), steps: 2000, seed: 0 })();
 */
export const fit =
  <S extends Shape>(options: FitOptions<S>): TaskEither<Failure, Fitted> =>
  async () => {
    try {
      check(options);
      return E.right(await train(options));
    } catch (e) {
      return E.left(toFailure('BackendError', 'fit')(e));
    }
  };

const train = async <S extends Shape>(options: FitOptions<S>): Promise<Fitted> => {
  const {
    objective,
    data,
    steps,
    optimizer = adam(),
    seed = options.resume?.seed ?? 0,
    resume,
    ema,
    signal,
    validation,
  } = options;
  const backend = options.backend ?? onnx('cpu');
  const batchSize = Math.min(options.batchSize ?? DEFAULT_BATCH, data.size);
  const perRun = Math.max(1, Math.min(options.stepsPerRun ?? 20, steps));
  const compileStart = performance.now();
  const runners = new Map<number, { readonly t: TrainingProgram; readonly run: Executable }>();
  const runner = async (k: number): Promise<{ readonly t: TrainingProgram; readonly run: Executable }> => {
    const known = runners.get(k);
    if (known !== undefined) return known;
    const t = trainingProgram({ objective, optimizer, batchSize, steps: k, ...(ema === undefined ? {} : { ema }) });
    const made = { t, run: await backend.compile(t.program) };
    runners.set(k, made);
    return made;
  };
  const { t } = await runner(perRun);
  const { layout } = t;
  const validate =
    validation === undefined ? undefined : await validator(objective, validation.data, layout, backend, seed);
  const compileSeconds = (performance.now() - compileStart) / 1000;

  const first = resume?.parameters ?? (await startingPoint(objective, data, seed, batchSize, backend));
  const theta = joinFlat(layout, first);
  const zeros = (): Tensor => ({ shape: [layout.size], type: 'float32', data: new Float32Array(layout.size) });
  let state: Flat = {
    step: resume?.step ?? 0,
    vectors: [
      theta,
      ...optimizer.slots.map((s) =>
        resume?.slots[s] === undefined ? zeros() : alignFlat(layout, resume.parameters, resume.slots[s], s),
      ),
      ...(ema === undefined ? [] : [resume?.average === undefined ? theta : joinFlat(layout, resume.average)]),
    ],
  };
  const names = ['parameters', ...optimizer.slots.map((s) => `state:${s}`), ...(ema === undefined ? [] : ['ema'])];
  const toState = (f: Flat): TrainingState => ({
    step: f.step,
    seed,
    parameters: splitFlat(layout, f.vectors[0]),
    slots: Object.fromEntries(optimizer.slots.map((s, i) => [s, f.vectors[1 + i]])),
    ...(ema === undefined ? {} : { average: splitFlat(layout, f.vectors[f.vectors.length - 1]) }),
  });

  const advance = async (from: Flat, k: number): Promise<{ readonly state: Flat; readonly losses: Tensor }> => {
    const { t: tk, run } = await runner(k);
    const coefficients = Float32Array.from(Array.from({ length: k }, (_, i) => optimizer.at(from.step + i)).flat());
    const outputs = await run.run({
      ...Object.fromEntries(names.map((n, i) => [n, from.vectors[i]])),
      batches: readBatches(data, batchSize, seed, from.step, k),
      coefficients: { shape: [k, optimizer.coefficients.length], type: 'float32', data: coefficients },
      'step numbers': { shape: [k], type: 'float32', data: stepNumbers(from.step, k) },
      ...trainingNoise(tk, seed, from.step),
    });
    return { state: { step: from.step + k, vectors: outputs.slice(0, -1) }, losses: outputs[outputs.length - 1] };
  };

  const history: HistoryPoint[] = [];
  const every = validation?.every ?? Math.max(perRun, Math.ceil(steps / 50));
  let best: { readonly value: number; readonly state: Flat } | undefined;
  let misses = 0;
  let ending: Ending = 'finished';
  const begin = performance.now();
  const from = state.step;
  try {
    while (state.step < steps) {
      if (signal?.aborted) {
        ending = 'interrupted';
        break;
      }
      const left = steps - state.step;
      const next = await advance(state, left >= perRun ? perRun : 1);
      if (!allFinite(next.losses) || !allFinite(next.state.vectors[0])) {
        await options.checkpoint?.save(toState(state));
        throw new PushforwardError(await locate(options, state, advance, layout, { seed, batchSize, backend }));
      }
      const before = state.step;
      state = next.state;
      const crossed = (n: number): boolean =>
        Math.floor(before / n) !== Math.floor(state.step / n) || state.step === steps;
      const loss = mean(next.losses.data);
      const value =
        validate !== undefined && crossed(every)
          ? await validate(state.vectors[ema === undefined ? 0 : state.vectors.length - 1], state.step)
          : undefined;
      const point: HistoryPoint = { step: state.step, loss, ...(value === undefined ? {} : { validation: value }) };
      history.push(point);
      const seconds = (performance.now() - begin) / 1000;
      const rate = (state.step - from) / seconds;
      options.onProgress?.({ ...point, steps, stepsPerSecond: rate, remaining: (steps - state.step) / rate });
      if (options.checkpoint !== undefined && crossed(options.checkpoint.every))
        await options.checkpoint.save(toState(state));
      if (value !== undefined) {
        if (best === undefined || value < best.value) {
          best = { value, state };
          misses = 0;
        } else if (++misses >= (validation?.patience ?? Number.POSITIVE_INFINITY)) {
          ending = 'stopped early';
          break;
        }
      }
      // Let timers, signals and progress bars have their turn: a run of the backend holds the thread.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (ending === 'stopped early' && best !== undefined) state = best.state;
    if (ending !== 'finished') await options.checkpoint?.save(toState(state));
    return { ...toState(state), history, ending, seconds: (performance.now() - begin) / 1000, compileSeconds };
  } finally {
    for (const r of runners.values()) await r.run.dispose();
  }
};

/** Which step, and which layer, a non-finite number came from: the last run again, one step at a time. */
const locate = async <S extends Shape>(
  { objective, data }: FitOptions<S>,
  good: Flat,
  advance: (from: Flat, k: number) => Promise<{ readonly state: Flat; readonly losses: Tensor }>,
  layout: Layout,
  { seed, batchSize, backend }: { readonly seed: number; readonly batchSize: number; readonly backend: Backend },
): Promise<Failure> => {
  let at = good;
  for (;;) {
    const next = await advance(at, 1);
    const lossOk = allFinite(next.losses);
    if (lossOk && allFinite(next.state.vectors[0])) {
      at = next.state;
      continue;
    }
    const step = at.step + 1;
    const batch = readBatches(data, batchSize, seed, at.step, 1);
    const x = o.input('batch', [batchSize, ...data.shape]);
    const feeds = {
      ...stepFeed(at.step),
      ...splitFlat(layout, at.vectors[0]),
      batch: { ...batch, shape: batch.shape.slice(1) },
    };
    const layer = await firstNonFinite(backend, meanLoss(objective, x), feeds, { seed, step: at.step });
    const bad = layout.entries.find(
      (e) =>
        !allFinite({
          ...next.state.vectors[0],
          shape: e.shape,
          data: next.state.vectors[0].data.subarray(e.offset, e.offset + e.size),
        }),
    );
    const where = layer ?? (lossOk ? bad?.name : 'loss') ?? 'loss';
    return failure(
      'NonFiniteError',
      where,
      `${lossOk ? 'the gradient' : 'the loss'} stopped being finite at step ${step}; the parameters of step ${good.step} are the last good ones`,
    );
  }
};
