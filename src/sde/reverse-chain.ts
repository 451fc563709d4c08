/** Reverse chains of denoisers: a denoiser looked at at T times, with fixed or learned variances. */
import type { Spec } from '../algebra/spec.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as Sc from '../core/scope.ts';
import type { Shape } from '../core/shape.ts';
import type { NoiseConditioned } from '../nn/noise-conditioned.ts';
import { clipData } from './control.ts';
import { lookUp, type ReverseChain } from './ddpm.ts';
import { type GaussianChain, gaussianChain, reverseLogVariances } from './ddpm-chain.ts';
import { type Denoiser, type Field, type Prediction, type PredictOptions, predict } from './denoiser.ts';
import { standard } from './preconditioning.ts';
import { type Process, type Terminal, valuesAt } from './process.ts';

/** The chain of a process at times from the data's side to the noise's: x_k is x at the k-th time. The data are put in front. */
export const chainAt = (process: Process, times: readonly number[]): GaussianChain =>
  gaussianChain(valuesAt(process.alpha, times), valuesAt(process.sigma, times));

/** T times of a process, equally far apart, the last at its end: k (end/T) for k = 1 … T. */
export const chainTimes = ({ span }: Process, steps: number): readonly number[] =>
  Array.from({ length: steps }, (_, i) => (span.end * (i + 1)) / steps);

/** Options of {@link reverseChain}. */
export interface ReverseChainOptions {
  /** Number of steps T; the times are {@link chainTimes}. Default 1000. */
  readonly steps?: number;
  /**
   * Variances of the reverse steps: `large` β (right for normal data; default), `small` β̃ (right for data at one point), or learned, as a number
   * r for every coordinate of x_k: log of the variance is (1 + r)/2 of log β and (1 − r)/2 of log β̃ (Nichol & Dhariwal 2021, eq. 15).
   */
  readonly variance?: 'large' | 'small' | { readonly learned: Field };
  /** x̂₀ is kept in this range, where data are known to be in it (Ho et al. clip to [−1, 1]). */
  readonly range?: readonly [number, number];
}

/**
 * The reverse chain of a denoiser at T times. Cost: one evaluation of the denoiser a step.
 *
 * @example
 * const net = { spec: { type: 'zero' }, apply: (x) => () => ops.mul(x, 0) };
 * ddpm(reverseChain(predict('noise', vp(), net, { shape: [2] }), { steps: 10, variance: 'small' }));
 */
export const reverseChain = <const S extends Shape>(
  denoiser: Denoiser<S>,
  { steps = 1000, variance = 'large', range }: ReverseChainOptions = {},
): ReverseChain<S> => {
  const times = chainTimes(denoiser.process, steps);
  const chain = chainAt(denoiser.process, times);
  const tables = reverseLogVariances(chain);
  const [table, large, small] = [o.constant(times), tables.large, tables.small];
  const learned = typeof variance === 'string' ? undefined : variance.learned;
  const logVariance =
    (x: Expr, index: Expr): Sc.Scoped<Expr> =>
    (scope) => {
      const [l, s] = [lookUp(large, index), lookUp(small, index)];
      if (learned === undefined) return variance === 'small' ? s : l;
      const r = learned(x, lookUp(table, index))(scope);
      return o.add(o.mul(0.5, o.add(l, s)), o.mul(r, o.mul(0.5, o.sub(l, s))));
    };
  return {
    spec: {
      type: 'reverseChain',
      denoiser: denoiser.spec,
      steps,
      variance: typeof variance === 'string' ? variance : 'learned',
      ...(range === undefined ? {} : { range }),
    },
    shape: denoiser.shape,
    chain,
    denoiser: range === undefined ? denoiser : clipData(denoiser, range),
    reverse: (x, index) => (scope) => {
      const t = lookUp(table, index);
      const data = denoiser.data(x, t)(scope);
      return {
        data: range === undefined ? data : o.min(range[1], o.max(range[0], data)),
        noise: denoiser.noise(x, t)(scope),
        logVariance: logVariance(x, index)(scope),
      };
    },
  };
};

/** A denoiser with variances from the same network: the network gives two arrays, the prediction and r of {@link ReverseChainOptions}. */
export interface WithVariance<out S extends Shape> {
  readonly denoiser: Denoiser<S>;
  readonly learned: Field;
}

/** One of the two arrays that a network gives where one is asked for. */
const head = (network: NoiseConditioned, i: 0 | 1): NoiseConditioned => ({
  spec: network.spec,
  given: (context) => head(network.given(context), i),
  apply: (x, c, output) =>
    Sc.map((both: Expr) => o.reshape(o.sliceAxis(both, 0, i, i + 1), output))(network.apply(x, c, [2, ...output])),
});

/**
 * A network that predicts, and says its variance beside (Nichol & Dhariwal 2021, arXiv:2102.09672, §3.1): {@link predict} of its first output, and its
 * second as it is. Both are one evaluation. For {@link reverseChain}'s learned variances.
 *
 * @example
 * const net = { spec: { type: 'zero' }, apply: (x, c, output) => () => ops.broadcastTo(0, output) };
 * const { denoiser, learned } = predictWithVariance('noise', vp(), net, { shape: [2] });
 * ddpm(reverseChain(denoiser, { steps: 10, variance: { learned } }));
 */
export const predictWithVariance = <const S extends Shape>(
  prediction: Prediction,
  process: Process<'signal'>,
  network: NoiseConditioned,
  { shape, preconditioning = standard() }: PredictOptions<S>,
): WithVariance<S> => {
  const denoiser = predict(prediction, process, head(network, 0), { shape, preconditioning });
  const spec: Spec = { ...denoiser.spec, type: 'predictWithVariance' };
  return {
    denoiser: { ...denoiser, spec },
    learned: (x, t) => {
      const c = preconditioning.scalings(prediction, process)(t);
      return Sc.at('net', head(network, 1).apply(o.mul(c.in, x), c.noise, shape));
    },
  };
};

/**
 * A denoiser whose parameters stand at one absolute place: laws made from it (a chain, a probability flow, a sampler) share them, and a checkpoint of one fits the
 * others.
 *
 * @example
 * const net = { spec: { type: 'zero' }, apply: (x) => () => ops.mul(x, 0) };
 * sharedDenoiser('unet', predict('noise', vp(), net, { shape: [2] }));
 */
export const sharedDenoiser = <S extends Shape, T extends Terminal>(
  place: string,
  of: Denoiser<S, T>,
): Denoiser<S, T> => ({
  ...of,
  spec: { type: 'sharedDenoiser', place, denoiser: of.spec },
  raw: (x, t) => Sc.shared(place, of.raw(x, t)),
  data: (x, t) => Sc.shared(place, of.data(x, t)),
  noise: (x, t) => Sc.shared(place, of.noise(x, t)),
  score: (x, t) => Sc.shared(place, of.score(x, t)),
  velocity: (x, t) => Sc.shared(place, of.velocity(x, t)),
});
