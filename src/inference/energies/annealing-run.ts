/** Annealed importance sampling on a backend: stretches of temperatures, compiled once, with host arrays between them. */
import type { AnyDist } from '../../algebra/dist.ts';
import * as D from '../../core/draw.ts';
import { type Failure, failure, PushforwardError, raise } from '../../core/errors.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { foldIn, generator, keyOf } from '../../core/prng.ts';
import { type Backend, type Executable, type Feeds, noiseFeeds, program } from '../../core/program.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { castTensor, type Tensor, tensorOf } from '../../core/tensor.ts';
import { annealed, type Way } from './annealing.ts';
import type { Bridge } from './bridge.ts';

/** Chains on the host: positions `[M, …shape]`, log-weights in nats, sums of acceptance. */
export interface Chains {
  readonly positions: Tensor;
  readonly logWeights: Float64Array;
  readonly accepted: Float64Array;
}

const fail = (f: Failure): never => {
  throw new PushforwardError(f);
};

/** M zeros. */
export const zeros = (n: number): Float64Array => new Float64Array(n);
/** Chains with no weight yet. */
export const fresh = (positions: Tensor): Chains => ({
  positions,
  logWeights: zeros(positions.shape[0]),
  accepted: zeros(positions.shape[0]),
});

/** Chains at exact samples of a distribution without parameters. */
export const startingAt = async (from: AnyDist, chains: number, seed: number, backend: Backend): Promise<Chains> => {
  const [x] = D.runDraw(D.vmapDraw(() => D.map((v: Expr): readonly Expr[] => [v])(from.sample), { size: chains })());
  const p = program([x], backend.precisions[0]);
  const unknown = p.slots.find((s) => s.noise === undefined);
  if (unknown !== undefined)
    raise('ArgumentError', unknown.name, 'the distribution that annealing starts from has no parameters of its own', {
      got: from.spec.type,
    });
  const e = await backend.compile(p);
  const [positions] = await e.run(noiseFeeds(p, { seed }));
  await e.dispose();
  return fresh(positions);
};

/** The program of one stretch for n chains. */
export const stretchProgram = (
  bridge: Bridge<Shape>,
  walk: Parameters<typeof annealed>[1],
  way: Way,
  n: number,
  stretch: number,
  backend: Backend,
) => {
  const shape = (bridge.from as AnyDist).shape;
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
export const stretches =
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
          failure('NonFiniteError', `betas ${part[0]} … ${part[stretch]}`, `a weight stopped being finite on the ${way} way: are both distributions positive on the same events?`), // biome-ignore format: one sentence
        );
      at = { positions, logWeights, accepted: Float64Array.from(accepted.data) };
      told(Math.min(done + stretch, of), of);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return at;
  };

/** As many positions, each drawn with a chance proportional to its weight. */
export const resampled = ({ positions, logWeights }: Chains, shape: Shape, seed: number): Tensor => {
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
