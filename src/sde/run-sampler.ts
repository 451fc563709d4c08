/** Long runs of a sampler: blocks of steps, each one compiled loop, with progress between them and the noise of one block in memory at a time. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { type Failure, raise, toFailure } from '../core/errors.ts';
import { onnx } from '../core/interpreters/onnx/index.ts';
import { type Backend, type Feeds, noiseFeeds } from '../core/program.ts';
import { rowsFrom } from '../core/run-segments.ts';
import { pieceNoise } from '../core/segments.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import type { Tensor, TensorData } from '../core/tensor.ts';
import { type Grid, timesOf } from './grid.ts';
import type { Terminal } from './process.ts';
import type { SampleOptions } from './sampler.ts';
import { type Stepped, samplerPrograms, tableName } from './sampler-programs.ts';

/** The progress reported after each block of steps. */
export interface SamplerProgress {
  /** Steps done and steps in all, over all rows. */
  readonly done: number;
  readonly of: number;
  /** The time that these rows have reached. */
  readonly time: number;
  /** The number of the first of these rows. */
  readonly firstRow: number;
  /** The current rows, `[rows, …event]`: frames of a trajectory. */
  readonly x: Tensor;
}

/** Options of {@link compiledSampler}. */
export interface CompiledSamplerOptions<T extends Terminal> extends Stepped<T> {
  readonly backend?: Backend;
  /** Steps in one block; default 20. */
  readonly block?: number;
  /** Samples that go through the backend together; default 256. */
  readonly rows?: number;
}

/** Options of one run of a {@link CompiledSampler}. */
export interface DrawOptions extends SampleOptions {
  readonly grid: Grid;
  /** Number of samples. */
  readonly n: number;
  readonly seed?: number;
  readonly parameters?: Feeds;
  readonly onProgress?: (p: SamplerProgress) => void;
  /** Stops between blocks. */
  readonly signal?: AbortSignal;
}

/** Options of {@link runSampler}. */
export interface RunSamplerOptions<T extends Terminal> extends CompiledSamplerOptions<T>, DrawOptions {}

/**
 * A sampler whose programs are compiled once, at first use: other numbers of samples, seeds and parameters cost no compilation, and a grid of another length only that
 * of the small program of its schedule.
 */
export interface CompiledSampler {
  readonly draw: (options: DrawOptions) => TaskEither<Failure, Tensor>;
  readonly dispose: () => Promise<void>;
}

const finiteRow = ({ data, shape }: Tensor): number => {
  const width = sizeOf(shape.slice(1));
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return Math.floor(i / width);
  return -1;
};

/**
 * A sampler for repeated draws: {@link runSampler} with its compiled programs kept. A program runs `block` steps of `rows` samples; a last block with fewer
 * steps is a program of its own, and fewer samples than `rows` cost as much as `rows`. Errors are those of {@link runSampler}, on the left of each draw.
 *
 * @example
 * const sampler = compiledSampler({ denoiser: exactDenoiser(vp(), normal([2])), sampler: ddim(), rows: 4 });
 * const coarse = await sampler.draw({ grid: logSnrGrid(20), n: 4 })();
 * const fine = await sampler.draw({ grid: logSnrGrid(100), n: 4 })();
 * await sampler.dispose();
 */
export const compiledSampler = <T extends Terminal>(options: CompiledSamplerOptions<T>): CompiledSampler => {
  const backend = options.backend ?? onnx('cpu');
  const { rows = 256, block = 20 } = options;
  const made = samplerPrograms(options, rows, backend);
  return {
    draw: (drawing) => async () => {
      try {
        return E.right(await drawAll({ ...options, rows, block: Math.max(1, block) }, backend, made, drawing));
      } catch (e) {
        return E.left(toFailure('BackendError', 'runSampler')(e));
      }
    },
    dispose: made.dispose,
  };
};

/**
 * Draws `n` samples in blocks of steps: one compiled loop runs each block, so that a long run can show its progress, be stopped, and holds the noise of one block only.
 * Sample i is the one that `sampleWith` draws in one loop, whatever `n`, `block` and `rows` are. The left side is a `NonFiniteError` naming the step, its time and the
 * part of the denoiser where a number is not finite first, or an `ArgumentError` where the grid does not fit; an aborted run ends with an `ArgumentError` too.
 * Compiles at every call (a quarter of a second for a small U-Net): {@link compiledSampler} keeps its programs.
 *
 * @example
 * const drawn = await runSampler({ denoiser: exactDenoiser(vp(), normal([2])), sampler: ddim(), grid: logSnrGrid(10), n: 4 })();
 */
export const runSampler =
  <T extends Terminal>(options: RunSamplerOptions<T>): TaskEither<Failure, Tensor> =>
  async () => {
    try {
      const sampler = compiledSampler({ ...options, rows: Math.min(options.rows ?? 256, options.n) });
      const drawn = await sampler.draw(options)();
      await sampler.dispose();
      return drawn;
    } catch (e) {
      return E.left(toFailure('BackendError', 'runSampler')(e));
    }
  };

const drawAll = async <T extends Terminal>(
  options: CompiledSamplerOptions<T> & { readonly rows: number; readonly block: number },
  backend: Backend,
  made: ReturnType<typeof samplerPrograms<T>>,
  { grid, n, seed = 0, parameters = {}, signal, onProgress, finish = 'denoised' }: DrawOptions,
): Promise<Tensor> => {
  const { denoiser, rows } = options;
  const times = timesOf(grid, denoiser.process);
  const steps = times.length - 1;
  const block = Math.min(options.block, steps);
  const real = (values: readonly number[], shape: Shape = [values.length]): Tensor =>
    backend.precisions[0] === 'float32'
      ? { shape, type: 'float32', data: Float32Array.from(values) }
      : { shape, type: 'float64', data: Float64Array.from(values) };
  const width = sizeOf(denoiser.shape);
  const chunks = Math.ceil(n / rows);
  const out = real(new Array<number>(n * width).fill(0), [n, ...denoiser.shape]);
  type State = Readonly<Record<string, Tensor>>;
  const stateOf = (values: readonly Tensor[]): State => Object.fromEntries(made.names.map((n, i) => [n, values[i]]));
  const tables = await made.tables(steps);
  const whole = await tables.run.run({ ...parameters, from: real(times.slice(0, steps)), to: real(times.slice(1)) });
  const tablesOf = (at: number, k: number): Feeds =>
    Object.fromEntries(whole.map((t, i) => [tableName(i), rowsFrom(t, at, k)]));
  const advance = async (state: State, first: number, at: number, k: number): Promise<State> => {
    const { p, run } = await made.block(k);
    return stateOf(await run.run({ ...parameters, ...pieceNoise(p, seed, first, at), ...state, ...tablesOf(at, k) }));
  };
  const explain = async (good: State, first: number, at: number, k: number): Promise<never> => {
    let before = good;
    let step = at;
    for (; step < at + k - 1; step++) {
      const after = await advance(before, first, step, 1);
      if (finiteRow(after.x) >= 0) break;
      before = after;
    }
    const { paths, compiled } = made.fields();
    const { run } = await compiled;
    const values = await run.run({ ...parameters, x: before.x, t: real([times[step]], []) });
    const bad = values.findIndex((v) => finiteRow(v) >= 0);
    const part = bad < 0 ? options.sampler.spec.type : paths[bad];
    const ofAdaptive =
      options.sampler.adaptive === true
        ? ': a step that the solver chose underflowed, or maxSteps were not enough'
        : '';
    return raise('NonFiniteError', `step ${step + 1}/${part}`, `a number is not finite at t = ${times[step]}`, {
      got:
        bad < 0
          ? `a finite denoiser, but a step to t = ${times[step + 1]} that is not${ofAdaptive}`
          : `row ${first + finiteRow(values[bad])}`,
    });
  };
  for (let chunk = 0; chunk < chunks; chunk++) {
    // The last rows overlap those before: every run has one size, and row i is the same in any.
    const first = Math.max(0, Math.min(chunk * rows, n - rows));
    const start = await made.start();
    let state = stateOf(await start.run.run(noiseFeeds(start.p, { seed, firstExample: first })));
    for (let at = 0; at < steps; at += block) {
      if (signal?.aborted) raise('ArgumentError', 'runSampler', `stopped after ${chunk * steps + at} steps`);
      const k = Math.min(block, steps - at);
      const next = await advance(state, first, at, k);
      if (finiteRow(next.x) >= 0) await explain(state, first, at, k);
      state = next;
      onProgress?.({
        done: chunk * steps + at + k,
        of: chunks * steps,
        time: times[at + k],
        firstRow: first,
        x: state.x,
      });
    }
    let last = state.x;
    if (finish === 'denoised') {
      const { run } = await made.finish();
      [last] = await run.run({ ...parameters, x: state.x, t: real([times[steps]], []) });
      if (finiteRow(last) >= 0)
        raise('NonFiniteError', 'denoised', `a number is not finite at t = ${times[steps]}`, {
          got: `row ${first + finiteRow(last)}`,
        });
    }
    const kept = last.data.subarray(0, Math.min(rows, n) * width);
    (out.data as Float32Array).set(kept as TensorData as Float32Array, first * width);
  }
  return out;
};
