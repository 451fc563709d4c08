/** `fit`: a fold over batches. Pure state in, pure state out; saving, printing and stopping are the caller's. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { type Failure, PushforwardError, raise, toFailure } from '../core/errors.ts';
import { onnx } from '../core/interpreters/onnx/index.ts';
import type { Backend, Executable } from '../core/program.ts';
import { type Shape, sameShape, showShape } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Dataset } from '../data/dataset.ts';
import { allFinite, locate, namedNonFinite } from './diagnose.ts';
import { readBatches, startingPoint, validator } from './feeding.ts';
import { alignFlat, joinFlat, type Moment, splitFlat } from './flat.ts';
import { adam, type Optimizer } from './optimizers/index.ts';
import { type AnyObjective, carriedOf, startingCarried } from './stateful.ts';
import { noiseFeeder, type TrainingProgram, trainingProgram } from './training-program.ts';
import { stepNumbers } from './training-step.ts';

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
  /** What a `StatefulObjective` carries from step to step. */
  readonly carried?: Readonly<Record<string, Tensor>>;
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
  readonly objective: AnyObjective<S>;
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
  interface Runner {
    readonly t: TrainingProgram;
    readonly run: Executable;
    readonly noise: ReturnType<typeof noiseFeeder>;
  }
  const runners = new Map<number, Runner>();
  const runner = async (k: number): Promise<Runner> => {
    const known = runners.get(k);
    if (known !== undefined) return known;
    const t = trainingProgram({ objective, optimizer, batchSize, steps: k, ...(ema === undefined ? {} : { ema }) });
    const made = { t, run: await backend.compile(t.program), noise: noiseFeeder(t, seed) };
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
  let state: Moment = {
    step: resume?.step ?? 0,
    vectors: {
      parameters: theta,
      ...Object.fromEntries(
        optimizer.slots.map((s) => {
          const known = resume?.slots[s];
          return [`state:${s}`, known === undefined ? zeros() : alignFlat(layout, resume!.parameters, known, s)];
        }),
      ),
      ...(ema === undefined ? {} : { ema: resume?.average === undefined ? theta : joinFlat(layout, resume.average) }),
      ...startingCarried(objective, seed, resume?.carried),
    },
  };
  const toState = ({ step, vectors }: Moment): TrainingState => ({
    step,
    seed,
    parameters: splitFlat(layout, vectors.parameters),
    slots: Object.fromEntries(optimizer.slots.map((s) => [s, vectors[`state:${s}`]])),
    ...(ema === undefined ? {} : { average: splitFlat(layout, vectors.ema) }),
    ...carriedOf(objective, vectors),
  });

  const history: HistoryPoint[] = [];
  const advance = async (from: Moment, k: number): Promise<{ readonly now: Moment; readonly losses: Tensor }> => {
    const { t: tk, run, noise } = await runner(k);
    const told = {
      validations: history.flatMap((h) => (h.validation === undefined ? [] : [{ step: h.step, value: h.validation }])),
    };
    const coefficients = Float32Array.from(
      Array.from({ length: k }, (_, i) => optimizer.at(from.step + i, told)).flat(),
    );
    const outputs = await run.run({
      ...from.vectors,
      batches: readBatches(data, batchSize, seed, from.step, k),
      coefficients: { shape: [k, optimizer.coefficients.length], type: 'float32', data: coefficients },
      'step numbers': { shape: [k], type: 'float32', data: stepNumbers(from.step, k) },
      ...noise(from.step),
    });
    const vectors = Object.fromEntries(tk.carry.map((name, i) => [name, outputs[i]]));
    return { now: { step: from.step + k, vectors }, losses: outputs[outputs.length - 1] };
  };
  const finite = (next: { readonly now: Moment; readonly losses: Tensor }): boolean =>
    allFinite(next.losses) &&
    allFinite(next.now.vectors.parameters) &&
    namedNonFinite(carriedOf(objective, next.now.vectors).carried) === undefined;

  const every = validation?.every ?? Math.max(perRun, Math.ceil(steps / 50));
  let best: { readonly value: number; readonly state: Moment } | undefined;
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
      if (!finite(next)) {
        await options.checkpoint?.save(toState(state));
        const trouble = { objective, data, good: state, advance, layout, seed, batchSize, backend };
        throw new PushforwardError(await locate(trouble));
      }
      const before = state.step;
      state = next.now;
      const crossed = (n: number): boolean =>
        Math.floor(before / n) !== Math.floor(state.step / n) || state.step === steps;
      const loss = mean(next.losses.data);
      const value =
        validate !== undefined && crossed(every)
          ? await validate(state.vectors[ema === undefined ? 'parameters' : 'ema'], state)
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
