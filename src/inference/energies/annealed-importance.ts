import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { AnyDist, Dist } from '../../algebra/dist.ts';
import type { Exact, Samples, Unnormalised } from '../../algebra/evidence.ts';
import { type Failure, raise, toFailure } from '../../core/errors.ts';
import { onnx } from '../../core/interpreters/onnx/index.ts';
import type { Backend, Executable, Feeds } from '../../core/program.ts';
import { type Shape, sameShape, showShape } from '../../core/shape.ts';
import type { Tensor } from '../../core/tensor.ts';
import { betasOf, type Way } from './annealing.ts';
import { type Chains, fresh, resampled, startingAt, stretches, stretchProgram, zeros } from './annealing-run.ts';
import { type Bridge, geometricBridge } from './bridge.ts';
import type { KernelFamily } from './dist-kernel.ts';
import { effectiveSize, logMeanExp, meanOf, type PartitionEstimate, weightInterval } from './partition.ts';

/** The ends of a walk: two distributions, or a bridge between them. */
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
  /** Reverse chains, for an upper bound: from exact samples `[n, …shape]` of the distribution, or from long chains that go on where the forward ones ended. */
  readonly reverse?: Tensor | { readonly steps: number };
  /** The parameters of the distribution, by name. */
  readonly parameters?: Feeds;
  readonly seed?: number;
  readonly backend?: Backend;
  readonly onProgress?: (p: AnnealingProgress) => void;
  readonly signal?: AbortSignal;
};

/** An estimate of log Z with what it was made from. */
export interface Annealed extends PartitionEstimate {
  /** The ends of the forward chains `[M, …shape]`: weighted samples of the distribution. */
  readonly samples: Tensor;
  /** Their log-weights, `[M]`, nats. */
  readonly logWeights: Float64Array;
}

/** Most temperatures in one run of the backend. */
const STRETCH = 100;

/**
 * Annealed importance sampling (Neal 2001, doi:10.1023/A:1008923215028): chains start at exact samples of `from` and walk over a bridge of distributions to `to`, each
 * temperature adding log f_β′(x) − log f_β(x) to a chain's weight. The mean weight is Z unbiased for any schedule, so log of the mean weight estimates log Z, and
 * the mean log-weight is below it in expectation; reverse chains from exact samples of the distribution give an upper bound (bidirectional Monte Carlo, Grosse,
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

const walked = async <S extends Shape>(options: AnnealingOptions<S>): Promise<Annealed> => {
  const { kernel, chains = 100, steps = 1, reverse, parameters = {}, seed = 0, onProgress, signal } = options;
  const backend = options.backend ?? onnx('cpu');
  const betas = betasOf(options.betas ?? 1000);
  for (const [name, n] of [['chains', chains], ['steps', steps]] as const) // biome-ignore format: one idea
    if (!Number.isInteger(n) || n < 1) raise('ArgumentError', name, 'must be a positive integer', { got: `${n}` });
  const bridge = 'bridge' in options ? options.bridge : geometricBridge(options);
  const shape = (bridge.from as AnyDist).shape;
  if (reverse !== undefined && 'data' in reverse && !sameShape(reverse.shape.slice(1), shape))
    raise('ShapeError', 'reverse', 'samples of the distribution are events of its shape', {
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
    const start: Chains = { ...(await startingAt(bridge.from as AnyDist, chains, seed, backend)) };
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
