/** `runChains`: whole chains as one compiled loop, many side by side, with progress and a clean stop. */

import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { AnyDist, Dist } from '../algebra/dist.ts';
import type { Unnormalised } from '../algebra/evidence.ts';
import { type Failure, raise, toFailure } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { onnx } from '../core/interpreters/onnx/index.ts';
import { knownOptions, type OptionNames } from '../core/known-options.ts';
import * as o from '../core/ops/index.ts';
import { type Backend, type Feeds, noiseFeeds, program } from '../core/program.ts';
import { runRandom } from '../core/random.ts';
import { type Shape, sameShape, showShape, sizeOf } from '../core/shape.ts';
import { leaves, like, pathsOf, type Struct } from '../core/struct.ts';
import { castTensor, type Tensor, toNumbers } from '../core/tensor.ts';
import { vmap } from '../core/vectorize.ts';
import { manyChains } from './combinators.ts';
import { type AnyKernel, chainOf, type KernelOf, type LogDensityOf, logDensityOf, type Position } from './kernel.ts';
import { checkMoving, collector, saidOf, scattered, startWords } from './run-arrays.ts';

/** The progress reported while chains run. */
export interface ChainProgress {
  /** Steps of each chain so far, those of the warm-up included. */
  readonly step: number;
  readonly steps: number;
  readonly stage: 'warm-up' | 'sampling';
  readonly stepsPerSecond: number;
  /** Seconds to go, at the speed so far. */
  readonly remaining: number;
}

/** The outcome of {@link runChains}. */
export interface Chains {
  /** What was kept, `[chains, n, …event]`. */
  readonly samples: Tensor;
  /**
   * The kernel's info of every step after the warm-up, thinned ones included, `[chains, n · thin, …]`, by path: `acceptance`; `0/acceptance` is that of the first
   * kernel of `alternate` reports.
   */
  readonly infos: Readonly<Record<string, Tensor>>;
  /** The state after the last block, `[chains, …]`, by path: `position`, `kernel/gradient`. */
  readonly state: Readonly<Record<string, Tensor>>;
  readonly ending: 'finished' | 'interrupted';
  /** Seconds of stepping, without compilation. */
  readonly seconds: number;
  readonly compileSeconds: number;
  /** Gradient evaluations of all chains after the warm-up, where the kernel or a part of it counts them. */
  readonly gradients?: number;
}

/** Options of {@link runChains}. */
export interface RunChainsOptions<S extends Shape, L extends Dist<S, Unnormalised> = Dist<S, Unnormalised>> {
  /** What is sampled: any density up to a constant. */
  readonly target: L;
  /** `adapted(nuts)`, `hmc({ … })`, or a function of your own from a log-density to a kernel. */
  // biome-ignore lint/suspicious/noExplicitAny: a kernel of any state
  readonly kernel: KernelOf<any, any, LogDensityOf<L>>;
  /** Default 4. */
  readonly chains?: number;
  /** What is kept of each chain. Default 1000. */
  readonly samples?: number;
  /** Every `thin`-th position is kept. Default 1. */
  readonly thin?: number;
  /** Steps that are thrown away at the start. Default: the kernel's own warm-up, else none. */
  readonly burnIn?: number;
  /** Starting positions, `[chains, …event]`. Default: uniform on (−2, 2), drawn again where the density is 0. */
  readonly initial?: Tensor;
  /** The target's parameters, where it has any. */
  readonly parameters?: Feeds;
  readonly seed?: number;
  readonly backend?: Backend;
  /** Steps in one run of the backend; the draws do not depend on it. Default 50. */
  readonly stepsPerRun?: number;
  readonly onProgress?: (p: ChainProgress) => void;
  /** Stops between runs; what there is so far is returned. */
  readonly signal?: AbortSignal;
}

const RUN_CHAINS: OptionNames<RunChainsOptions<Shape>> = { target: true, kernel: true, chains: true, samples: true, thin: true, burnIn: true, initial: true, parameters: true, seed: true, backend: true, stepsPerRun: true, onProgress: true, signal: true }; // biome-ignore format: one line

/**
 * Runs Markov chains. The draws of chain i depend on (seed, i) alone: not on the number of chains, of samples, or of steps in a run.
 * Left: a `NonFiniteError` where a chain starts at density 0 or every step of one diverges, with the chain in a sentence; an
 * `ArgumentError` where the kernel does not fit the target (gradients of a discrete distribution) or a number is out of range.
 *
 * @example
 * const chains = await runChains({ target: normal([2]), kernel: adapted(nuts, { steps: 100 }), samples: 100 })();
 */
export const runChains =
  <L extends Dist<Shape, Unnormalised>>(options: RunChainsOptions<Shape, L>): TaskEither<Failure, Chains> =>
  async () => {
    try {
      return E.right(await go(knownOptions('runChains', options, RUN_CHAINS)));
    } catch (e) {
      return E.left(toFailure('BackendError', 'runChains')(e));
    }
  };

const natural = (name: string, n: number, least: number): number =>
  Number.isInteger(n) && n >= least
    ? n
    : raise('ArgumentError', `runChains/${name}`, 'a number is out of range', {
        expected: `an integer from ${least} on`,
        got: `${n}`,
      });

const go = async <S extends Shape>(options: RunChainsOptions<S>): Promise<Chains> => {
  const dist: AnyDist = options.target;
  const backend = options.backend ?? onnx('cpu');
  const precision = backend.precisions[0];
  const { parameters = {}, seed = 0, signal } = options;
  const chains = natural('chains', options.chains ?? 4, 1);
  const samples = natural('samples', options.samples ?? 1000, 1);
  const thin = natural('thin', options.thin ?? 1, 1);
  const block = natural('stepsPerRun', options.stepsPerRun ?? 50, 1);
  const target = logDensityOf(dist);
  const kernel = options.kernel(target) as AnyKernel;
  const burnIn = natural('burnIn', options.burnIn ?? kernel.warmUp ?? 0, 0);
  const many: AnyKernel = manyChains(chains)(kernel);

  const compileStart = performance.now();
  const { template, initial } = await startingState({ ...options, dist, backend, chains, parameters, seed }, many);
  const names = pathsOf(template);
  const slots = names.map((n) => `state:${n}`);
  const from = like(template, leaves(template).map((e, i) => o.input(slots[i], e.shape, e.type))); // biome-ignore format: one idea
  const run = chainOf(many, block, ({ state, info }) => ({ position: state.position, info: info as Struct }));
  const { state: last, recorded } = runRandom(run(from), { path: 'chains', next: 0 });
  const p = program([...leaves(last), ...leaves(recorded)], precision);
  const executable = await backend.compile(p);
  const compileSeconds = (performance.now() - compileStart) / 1000;

  const steps = burnIn + samples * thin;
  const collected = collector({ recorded, chains, samples, thin, burnIn, type: precision });
  let state = initial;
  let step = 0;
  const begin = performance.now();
  try {
    while (step < steps && signal?.aborted !== true) {
      const outputs = await executable.run({
        ...parameters,
        ...noiseFeeds(p, { seed, firstExample: step }),
        ...Object.fromEntries(slots.map((slot, i) => [slot, state[i]])),
      });
      state = outputs.slice(0, names.length);
      collected.take(step, outputs.slice(names.length));
      step = Math.min(steps, step + block);
      const seconds = (performance.now() - begin) / 1000;
      options.onProgress?.({
        step,
        steps,
        stage: step <= burnIn ? 'warm-up' : 'sampling',
        stepsPerSecond: step / seconds,
        remaining: ((steps - step) * seconds) / step,
      });
    }
  } finally {
    await executable.dispose();
  }
  const seconds = (performance.now() - begin) / 1000;
  const [positions, ...said] = collected.finish(Math.max(0, Math.floor((step - burnIn) / thin)));
  const infos = Object.fromEntries(pathsOf(recorded.info).map((path, i) => [path, said[i]]));
  checkMoving(infos, chains);
  const counts = saidOf(infos, 'gradients');
  const gradients = counts.flatMap(toNumbers).reduce((a, b) => a + b, 0);
  return {
    samples: positions,
    infos,
    state: Object.fromEntries(names.map((n, i) => [n, state[i]])),
    ending: step < steps ? 'interrupted' : 'finished',
    seconds,
    compileSeconds,
    ...(counts.length === 0 ? {} : { gradients }),
  };
};

/** Attempts at a starting position where none is given. */
const ATTEMPTS = 100;

interface Starting {
  readonly dist: AnyDist;
  readonly backend: Backend;
  readonly chains: number;
  readonly parameters: Feeds;
  readonly seed: number;
  readonly initial?: Tensor;
}

/** The kernel's state at the starting positions. Throws where a chain would start at density 0. */
const startingState = async (
  { dist, backend, chains, parameters, seed, initial }: Starting,
  many: AnyKernel,
): Promise<{ readonly template: Position; readonly initial: readonly Tensor[] }> => {
  const shape = [chains, ...dist.shape];
  if (initial !== undefined && !sameShape(initial.shape, shape))
    raise('ShapeError', 'runChains/initial', 'the starting positions have another shape', {
      expected: showShape(shape),
      got: showShape(initial.shape),
    });
  const precision = backend.precisions[0];
  const x: Expr = o.input('initial', shape);
  const template: Position = many.init(x);
  const density = vmap(logDensityOf(dist))(x);
  const p = program([density, ...leaves(template)], precision);
  const executable = await backend.compile(p);
  const width = sizeOf(dist.shape);
  let rows = initial === undefined ? scattered(seed, 0, shape, precision) : castTensor(initial, precision);
  try {
    for (let attempt = 1; ; attempt++) {
      const [densities, ...values] = await executable.run({ ...parameters, ...noiseFeeds(p, { seed }), initial: rows });
      const isBad = (c: number): boolean =>
        !Number.isFinite(densities.data[c]) ||
        values.some((v) => v.data.subarray((c * v.data.length) / chains, ((c + 1) * v.data.length) / chains).some((n) => !Number.isFinite(n))); // biome-ignore format: one condition
      const bad = Array.from({ length: chains }, (_, c) => c).filter(isBad);
      if (bad.length === 0) return { template, initial: values };
      if (initial !== undefined || attempt >= ATTEMPTS)
        raise('NonFiniteError', 'runChains', startWords(bad[0], densities.data[bad[0]], initial === undefined ? ATTEMPTS : undefined)); // biome-ignore format: one sentence
      const fresh = scattered(seed, attempt, shape, precision);
      const data = rows.data.slice();
      for (const c of bad) data.set(fresh.data.subarray(c * width, (c + 1) * width), c * width);
      rows = { ...rows, data };
    }
  } finally {
    await executable.dispose();
  }
};
