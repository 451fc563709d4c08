import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Dist, Law } from '../../algebra/dist.ts';
import type { Exact, Samples, Unnormalised } from '../../algebra/evidence.ts';
import * as D from '../../core/draw.ts';
import { type Failure, failure, PushforwardError, raise, toFailure } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import { onnx } from '../../core/interpreters/onnx/index.ts';
import * as o from '../../core/ops/index.ts';
import { foldIn, generator, keyOf } from '../../core/prng.ts';
import { type Backend, type Executable, type Feeds, noiseFeeds, program } from '../../core/program.ts';
import { type Shape, sameShape, showShape, sizeOf } from '../../core/shape.ts';
import { castTensor, type Tensor, tensorOf } from '../../core/tensor.ts';
import { annealed, betasOf, type Way } from './annealing.ts';
import { type Bridge, geometricBridge } from './bridge.ts';
import type { KernelFamily } from './law-kernel.ts';
import { effectiveSize, logMeanExp, meanOf, type PartitionEstimate, weightInterval } from './partition.ts';

/** Where a walk leads: two laws, or a bridge between them. */
export type Ends<S extends Shape> =
  | { readonly from: Dist<S, Exact & Samples>; readonly to: Dist<S, Unnormalised> }
  | { readonly bridge: Bridge<S> };

/** Told after every stretch of temperatures. */
export interface AnnealingProgress {
  readonly way: Way | 'long chains';
  /** Temperatures done, of all. */
  readonly done: number;
  readonly of: number;
}

/** Options of {@link annealedImportanceSampling}. */
export type AnnealingOptions<S extends Shape> = Ends<S> & {
  /** A kernel that is exact and reversible: `hmc`, `mala`, `metropolisHastings`, `blockGibbs`. Without rejection (`ula`) the estimate is biased. */
  readonly kernel: KernelFamily;
  /** Inverse temperatures from 0 to 1, or the number of equal steps between; default 1000. More of them: less variance, bounds closer together. */
  readonly betas?: number | readonly number[];
  /** M, independent chains; default 100. */
  readonly chains?: number;
  /** Kernel steps at each temperature; default 1. */
  readonly steps?: number;
  /** Reverse chains, for an upper bound: from exact samples `[n, …shape]` of the law, or from long chains that go on where the forward ones ended. */
  readonly reverse?: Tensor | { readonly steps: number };
  /** The parameters of the law, by name. */
  readonly parameters?: Feeds;
  readonly seed?: number;
  readonly backend?: Backend;
  readonly onProgress?: (p: AnnealingProgress) => void;
  readonly signal?: AbortSignal;
};

/** An estimate of log Z with what it was made from. */
export interface Annealed extends PartitionEstimate {
  /** Where the forward chains ended `[M, …shape]`: samples of the law once weighted. */
  readonly samples: Tensor;
  /** Their log-weights, `[M]`, nats. */
  readonly logWeights: Float64Array;
}

/** Most temperatures in one run of the backend. */
const STRETCH = 100;

/**
 * Annealed importance sampling (Neal 2001, doi:10.1023/A:1008923215028): chains start at exact samples of `from` and walk over a bridge of laws to `to`, each
 * temperature adding log f_β′(x) − log f_β(x) to a chain's weight. The mean weight is Z unbiased for any schedule, so log of the mean weight estimates log Z, and
 * the mean log-weight is below it in expectation; reverse chains from exact samples of the law give an upper bound (bidirectional Monte Carlo, Grosse,
 * Ghahramani & Adams 2015, arXiv:1511.02543; from long chains it is one only as far as they have mixed, and the result says which). With `rbm` give
 * `bridge: machine.bridge(…)` and `kernel: blockGibbs()`. Whole stretches of temperatures are one compiled loop; the same seed gives the same numbers, and
 * chain i is the same for any number of chains. Failures: `ArgumentError` for a schedule that does not rise from 0 to 1 and for an interrupted run;
 * `NonFiniteError` where a weight stops being a number, naming the temperature. Cost: temperatures × steps kernel steps for each chain.
 *
 * @example
 * const quarter = productOfExperts([normal([2], { scale: 0.5 })]);
 * const z = annealedImportanceSampling({ from: normal([2]), to: quarter, kernel: mala({ stepSize: 0.2 }), betas: 20, chains: 32 });   // a task
 */
export const annealedImportanceSampling =
  <S extends Shape>(options: AnnealingOptions<S>): TaskEither<Failure, Annealed> =>
  async () => {
    try {
      return E.right(await walked(options));
    } catch (e) {
      return E.left(toFailure('BackendError', 'annealedImportanceSampling')(e));
    }
  };

interface Chains {
  readonly positions: Tensor;
  readonly logWeights: Float64Array;
  readonly accepted: Float64Array;
}

const fail = (f: Failure): never => {
  throw new PushforwardError(f);
};

const walked = async <S extends Shape>(options: AnnealingOptions<S>): Promise<Annealed> => {
  const { kernel, chains = 100, steps = 1, reverse, parameters = {}, seed = 0, onProgress, signal } = options;
  const backend = options.backend ?? onnx('cpu');
  const betas = betasOf(options.betas ?? 1000);
  for (const [name, n] of [['chains', chains], ['steps', steps]] as const) // biome-ignore format: one idea
    if (!Number.isInteger(n) || n < 1) raise('ArgumentError', name, 'must be a positive integer', { got: `${n}` });
  const bridge = ('bridge' in options ? options.bridge : geometricBridge(options)) as unknown as Bridge<Shape>;
  const shape = (bridge.from as Law).shape;
  if (reverse !== undefined && 'data' in reverse && !sameShape(reverse.shape.slice(1), shape))
    raise('ShapeError', 'reverse', 'samples of the law are events of its shape', {
      expected: showShape([-1, ...shape]).replace('-1', 'n'),
      got: showShape(reverse.shape),
    });
  const stretch = Math.min(STRETCH, betas.length - 1);
  const compiled: Executable[] = [];
  const runner = async (way: Way, n: number): Promise<ReturnType<typeof stretches>> => {
    const program = stretchProgram(bridge, { kernel, steps }, way, n, stretch, backend);
    const executable = await backend.compile(program);
    compiled.push(executable);
    return stretches(executable, way, stretch, { parameters, seed, signal });
  };
  try {
    const start: Chains = { ...(await startingAt(bridge.from as Law, chains, seed, backend)) };
    const up = await runner('forward', chains);
    const ended = await up(start, betas, 0, (done, of) => onProgress?.({ way: 'forward', done, of }));
    const upper = await (async () => {
      if (reverse === undefined) return undefined;
      const exact = 'data' in reverse;
      const from: Chains = exact
        ? fresh(reverse)
        : await up(
            fresh(resampled(ended, shape, seed)),
            Array.from({ length: reverse.steps + 1 }, () => 1),
            1 << 20,
            (done, of) => onProgress?.({ way: 'long chains', done, of }),
          );
      const down = await runner('reverse', from.positions.shape[0]);
      const again = await down(
        { ...from, logWeights: zeros(from.logWeights.length) },
        [...betas].reverse(),
        1 << 21,
        (done, of) => onProgress?.({ way: 'reverse', done, of }),
      );
      return {
        ...meanOf(again.logWeights.map((w) => -w)),
        startedAt: exact ? ('exact samples' as const) : ('long chains' as const),
      };
    })();
    return {
      logZ: logMeanExp(ended.logWeights),
      evidence: 'estimated',
      interval: weightInterval(ended.logWeights),
      lower: meanOf(ended.logWeights),
      ...(upper === undefined ? {} : { upper }),
      effectiveChains: effectiveSize(ended.logWeights),
      acceptance: meanOf(ended.accepted).mean / (Math.ceil((betas.length - 1) / stretch) * stretch),
      samples: ended.positions,
      logWeights: ended.logWeights,
    };
  } finally {
    for (const e of compiled) await e.dispose();
  }
};

const zeros = (n: number): Float64Array => new Float64Array(n);
const fresh = (positions: Tensor): Chains => ({
  positions,
  logWeights: zeros(positions.shape[0]),
  accepted: zeros(positions.shape[0]),
});

const startingAt = async (from: Law, chains: number, seed: number, backend: Backend): Promise<Chains> => {
  const [x] = D.runDraw(D.vmapDraw(() => D.map((v: Expr): readonly Expr[] => [v])(from.sample), { size: chains })());
  const p = program([x], backend.precisions[0]);
  const unknown = p.slots.find((s) => s.noise === undefined);
  if (unknown !== undefined)
    raise('ArgumentError', unknown.name, 'the law that annealing starts from has no parameters of its own', {
      got: from.spec.type,
    });
  const e = await backend.compile(p);
  const [positions] = await e.run(noiseFeeds(p, { seed }));
  await e.dispose();
  return fresh(positions);
};

const stretchProgram = (
  bridge: Bridge<Shape>,
  walk: Parameters<typeof annealed>[1],
  way: Way,
  n: number,
  stretch: number,
  backend: Backend,
) => {
  const shape = (bridge.from as Law).shape;
  const { positions, logWeights, accepted } = D.runDraw(
    annealed(
      bridge,
      walk,
      way,
      {
        positions: o.input('positions', [n, ...shape]),
        logWeights: o.input('log weights', [n]),
        accepted: o.input('accepted', [n]),
      },
      o.input('betas', [stretch + 1]),
    ),
  );
  return program([positions, logWeights, accepted], backend.precisions[0]);
};

/** Walks any number of temperatures, a stretch at a time; what a stretch lacks at the end stays at the last temperature, where weights do not change. */
const stretches =
  (
    executable: Executable,
    way: Way,
    stretch: number,
    {
      parameters,
      seed,
      signal,
    }: { readonly parameters: Feeds; readonly seed: number; readonly signal: AbortSignal | undefined },
  ) =>
  async (
    from: Chains,
    betas: readonly number[],
    firstStep: number,
    told: (done: number, of: number) => void,
  ): Promise<Chains> => {
    const p = executable.program;
    const host = (values: ArrayLike<number>): Tensor => castTensor(tensorOf(values), p.precision);
    const of = betas.length - 1;
    let at = from;
    for (let done = 0; done < of; done += stretch) {
      if (signal?.aborted === true)
        fail(failure('ArgumentError', 'annealedImportanceSampling', `interrupted after ${done} of ${of} temperatures`));
      const part = Array.from({ length: stretch + 1 }, (_, i) => betas[Math.min(done + i, of)]);
      const [positions, weights, accepted] = await executable.run({
        ...parameters,
        ...noiseFeeds(p, { seed, step: firstStep + 1 + done / stretch }),
        positions: castTensor(at.positions, p.precision),
        'log weights': host(at.logWeights),
        accepted: host(at.accepted),
        betas: host(part),
      });
      const logWeights = Float64Array.from(weights.data);
      if (logWeights.some((w) => !Number.isFinite(w)))
        fail(
          failure('NonFiniteError', `betas ${part[0]} … ${part[stretch]}`, `a weight stopped being finite on the ${way} way: are both laws positive on the same events?`), // biome-ignore format: one sentence
        );
      at = { positions, logWeights, accepted: Float64Array.from(accepted.data) };
      told(Math.min(done + stretch, of), of);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return at;
  };

/** As many positions, each drawn with a chance proportional to its weight. */
const resampled = ({ positions, logWeights }: Chains, shape: Shape, seed: number): Tensor => {
  const [n, width] = [logWeights.length, sizeOf(shape)];
  const top = Math.max(...logWeights);
  const running = Float64Array.from(logWeights, (w) => Math.exp(w - top));
  for (let i = 1; i < n; i++) running[i] += running[i - 1];
  const g = generator(foldIn(keyOf(seed), 'resampled'));
  const data = positions.data.slice();
  for (let i = 0; i < n; i++) {
    const u = g.uniform() * running[n - 1];
    const chosen = running.findIndex((r) => r > u);
    data.set(positions.data.subarray(chosen * width, (chosen + 1) * width), i * width);
  }
  return { ...positions, data };
};
