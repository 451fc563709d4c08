/** Long runs of a sampler: blocks of steps, each one compiled loop, with progress between them and the noise of one block in memory at a time. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import * as D from '../core/draw.ts';
import { type Failure, raise, toFailure } from '../core/errors.ts';
import { type Expr, topological } from '../core/expr.ts';
import { onnx } from '../core/interpreters/onnx/index.ts';
import { fillNoise } from '../core/noise.ts';
import * as o from '../core/ops/index.ts';
import { foldIn, type PrngKey } from '../core/prng.ts';
import {
  type Backend,
  type Executable,
  type Feeds,
  noiseFeeds,
  noiseKey,
  type Program,
  program,
} from '../core/program.ts';
import type { Cursor } from '../core/random.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import type { Tensor, TensorData } from '../core/tensor.ts';
import { vmapAll } from '../core/vectorize.ts';
import type { Denoiser } from './denoiser.ts';
import { type Grid, timesOf } from './grid.ts';
import type { Terminal } from './process.ts';
import { type DiffusionSampler, type SampleOptions, stepsFrom } from './sampler.ts';

/** What is told after each block of steps. */
export interface SamplerProgress {
  /** Steps done and steps in all, over all rows. */
  readonly done: number;
  readonly of: number;
  /** The time that these rows have reached. */
  readonly time: number;
  /** The number of the first of these rows. */
  readonly firstRow: number;
  /** The rows as they are now, `[rows, …event]`: frames of a trajectory. */
  readonly x: Tensor;
}

/** Options of {@link runSampler}. */
export interface RunSamplerOptions<T extends Terminal> extends SampleOptions {
  readonly denoiser: Denoiser<Shape, T>;
  readonly sampler: DiffusionSampler<T>;
  readonly grid: Grid;
  /** Number of samples. */
  readonly n: number;
  readonly seed?: number;
  readonly parameters?: Feeds;
  /** The place of the denoiser's parameters; default the outermost. `base` for a diffusion law that was pushed forward. */
  readonly place?: string;
  readonly backend?: Backend;
  /** Steps in one block; default 20. */
  readonly block?: number;
  /** Samples that go through the backend together; default 256. */
  readonly rows?: number;
  readonly onProgress?: (p: SamplerProgress) => void;
  /** Stops between blocks. */
  readonly signal?: AbortSignal;
}

const STREAM = 'noise';

/** Where the noise of `sampleWith` stands: the prior's is the first fork of the stream, the loop's the second. */
const PRIOR: Cursor = { path: STREAM, next: 0 };
const LOOP: Cursor = { path: STREAM, next: 1 };

/** Rows of noise whose outer axes count examples, steps and whatever is nested in a step; `firsts` say where each axis begins. */
const fill = (
  law: 'normal' | 'uniform' | 'rademacher',
  shape: Shape,
  key: PrngKey,
  firsts: readonly number[],
  out: Float32Array | Float64Array,
  at: number,
): void => {
  const [first, ...inner] = firsts;
  const width = sizeOf(shape.slice(1));
  if (inner.length === 0) fillNoise(law, key, first, shape[0], width, out, at);
  else for (let i = 0; i < shape[0]; i++) fill(law, shape.slice(1), foldIn(key, first + i), inner, out, at + i * width);
};

/** The noise of one block of steps: what the same steps of one long loop would see. */
const blockNoise = (p: Program, seed: number, firstExample: number, firstStep: number): Record<string, Tensor> => {
  const feeds: Record<string, Tensor> = {};
  for (const { name, shape, noise } of p.slots)
    if (noise !== undefined) {
      const size = sizeOf(shape);
      const data = p.precision === 'float32' ? new Float32Array(size) : new Float64Array(size);
      const firsts = Array.from({ length: noise.batch }, (_, i) => [firstExample, firstStep][i] ?? 0);
      fill(noise.law, shape, noiseKey(seed, 0, noise.path), firsts, data, 0);
      feeds[name] = { shape, type: p.precision, data };
    }
  return feeds;
};

const finiteRow = ({ data, shape }: Tensor): number => {
  const width = sizeOf(shape.slice(1));
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return Math.floor(i / width);
  return -1;
};

/** The programs of a run, compiled at first use. */
const programs = <T extends Terminal>(options: RunSamplerOptions<T>, rows: number, backend: Backend) => {
  const { denoiser, sampler, place = '' } = options;
  const scope = { path: place };
  const { shape } = denoiser;
  const precision = backend.precisions[0];
  const x0 = o.input('x', [rows, ...shape]);
  const memory0 = sampler.memory(o.input('x', shape));
  const names = Object.keys(memory0).sort();
  const memoryIn = names.map((k) => o.input(`memory.${k}`, [rows, ...memory0[k].shape]));
  const each = (
    f: (...xs: Expr[]) => readonly Expr[],
    inputs: readonly Expr[],
    shared: readonly Expr[] = [],
  ): Program =>
    program(
      vmapAll(f, {
        size: rows,
        fresh: (path) => path.startsWith(STREAM),
        mapped: [...inputs.map(() => true), ...shared.map(() => false)],
      })(...inputs, ...shared),
      precision,
    );
  const cache = new Map<string, Promise<{ readonly p: Program; readonly run: Executable }>>();
  const get = (name: string, make: () => Program) => {
    const known = cache.get(name);
    if (known !== undefined) return known;
    const p = make();
    const made = backend.compile(p).then((run) => ({ p, run }));
    cache.set(name, made);
    return made;
  };
  return {
    names,
    start: () =>
      get('start', () =>
        each(() => {
          const [x] = D.forked(denoiser.process.prior(shape).sample)(scope)(PRIOR);
          const memory = sampler.memory(x);
          return [x, ...names.map((k) => memory[k])];
        }, []),
      ),
    block: (steps: number) =>
      get(`block ${steps}`, () =>
        each(
          (x, ...rest) => {
            const memory = Object.fromEntries(names.map((k, i) => [k, rest[i]]));
            const [state] = stepsFrom(sampler, denoiser)({ x, memory }, rest.slice(names.length))(scope)(LOOP);
            return [state.x, ...names.map((k) => state.memory[k])];
          },
          [x0, ...memoryIn],
          [o.input('from', [steps]), o.input('to', [steps])],
        ),
      ),
    finish: () => get('finish', () => each((x, t) => [denoiser.data(x, t)(scope)], [x0], [o.input('t', [])])),
    /** Every labelled value of the denoiser's fields, in the order of computation. */
    fields: () => {
      const paths: string[] = [];
      return {
        paths,
        compiled: get('fields', () =>
          each(
            (x, t) => {
              const outputs = [denoiser.data, denoiser.noise, denoiser.score].map((f, i) =>
                o.label(`${place === '' ? '' : `${place}/`}${['data', 'noise', 'score'][i]}`, f(x, t)(scope)),
              );
              const labels = topological(outputs).filter((e) => e.op === 'label');
              paths.push(...labels.map((l) => (l.op === 'label' ? l.attributes.path : '')));
              return labels.map((l) => l.inputs[0]);
            },
            [x0],
            [o.input('t', [])],
          ),
        ),
      };
    },
    dispose: async () => {
      for (const made of cache.values()) await (await made).run.dispose();
    },
  };
};

/**
 * Draws `n` samples in blocks of steps: one compiled loop runs each block, so that a long run can show its progress, be stopped, and holds the noise of one block only.
 * Sample i is the one that `sampleWith` draws in one loop, whatever `n`, `block` and `rows` are. The left side is a `NonFiniteError` naming the step, its time and the
 * part of the denoiser where a number is not finite first, or an `ArgumentError` where the grid does not fit; an aborted run ends with an `ArgumentError` too.
 *
 * @example
 * const drawn = await runSampler({ denoiser: exactDenoiser(vp(), normal([2])), sampler: ddim(), grid: logSnrGrid(10), n: 4 })();
 */
export const runSampler =
  <T extends Terminal>(options: RunSamplerOptions<T>): TaskEither<Failure, Tensor> =>
  async () => {
    try {
      return E.right(await drawAll(options));
    } catch (e) {
      return E.left(toFailure('BackendError', 'runSampler')(e));
    }
  };

const drawAll = async <T extends Terminal>(options: RunSamplerOptions<T>): Promise<Tensor> => {
  const { denoiser, n, seed = 0, parameters = {}, signal, onProgress, finish = 'denoised' } = options;
  const backend = options.backend ?? onnx('cpu');
  const times = timesOf(options.grid, denoiser.process);
  const steps = times.length - 1;
  const rows = Math.min(options.rows ?? 256, n);
  const block = Math.max(1, Math.min(options.block ?? 20, steps));
  const made = programs(options, rows, backend);
  const real = (values: readonly number[], shape: Shape = [values.length]): Tensor =>
    backend.precisions[0] === 'float32'
      ? { shape, type: 'float32', data: Float32Array.from(values) }
      : { shape, type: 'float64', data: Float64Array.from(values) };
  const width = sizeOf(denoiser.shape);
  const chunks = Math.ceil(n / rows);
  const out = real(new Array<number>(n * width).fill(0), [n, ...denoiser.shape]);
  type State = { readonly x: Tensor; readonly memory: readonly Tensor[] };
  const advance = async (state: State, first: number, at: number, k: number): Promise<State> => {
    const { p, run } = await made.block(k);
    const memory = Object.fromEntries(made.names.map((name, i) => [`memory.${name}`, state.memory[i]]));
    const [x, ...rest] = await run.run({
      ...parameters,
      ...blockNoise(p, seed, first, at),
      x: state.x,
      ...memory,
      from: real(times.slice(at, at + k)),
      to: real(times.slice(at + 1, at + k + 1)),
    });
    return { x, memory: rest };
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
    const adaptive = JSON.stringify(options.sampler.spec).includes('dormandPrince');
    const ofAdaptive = adaptive ? ': the step of dormandPrince underflowed, or maxSteps were not enough' : '';
    return raise('NonFiniteError', `step ${step + 1}/${part}`, `a number is not finite at t = ${times[step]}`, {
      got:
        bad < 0
          ? `a finite denoiser, but a step to t = ${times[step + 1]} that is not${ofAdaptive}`
          : `row ${first + finiteRow(values[bad])}`,
    });
  };
  try {
    for (let chunk = 0; chunk < chunks; chunk++) {
      // The last rows overlap those before: every run has one size, and row i is the same in any.
      const first = Math.min(chunk * rows, n - rows);
      const start = await made.start();
      const [x, ...memory] = await start.run.run(noiseFeeds(start.p, { seed, firstExample: first }));
      let state: State = { x, memory };
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
      (out.data as Float32Array).set(last.data as TensorData as Float32Array, first * width);
    }
    return out;
  } finally {
    await made.dispose();
  }
};
