/** Reverse chains of denoisers: a denoiser evaluated at T times, with fixed or learned variances. */

import { capability, changed, type Having, having, needs } from '../algebra/capability.ts';
import { oneOf, shapeCodec, text } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Sharing } from '../core/reading.ts';
import * as Sc from '../core/scope.ts';
import type { Shape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { noiseNetworkKind } from '../nn/kinds.ts';
import type { NoiseConditioned } from '../nn/noise-conditioned.ts';
import { smallResMlp } from '../nn/small.ts';
import { clipData } from './control.ts';
import { lookUp, type ReverseChain } from './ddpm-bound.ts';
import { type GaussianChain, gaussianChain, reverseLogVariances } from './ddpm-chain.ts';
import {
  type Denoiser,
  type Field,
  movedDenoiser,
  ownedField,
  type Prediction,
  type PredictOptions,
  placedField,
  predict,
} from './denoiser.ts';
import { denoiserKind, preconditioningKind, processKind } from './kinds.ts';
import { standard } from './preconditioning.ts';
import { type Process, type Terminal, valuesAt } from './process.ts';

/**
 * The Gaussian chain of a process observed at given times, rising from the data's side to the noise's: x_k is x at the k-th time, and the data (α, σ) = (1, 0)
 * come before. Throws `ArgumentError` where a step adds no noise.
 *
 * @example
 * chainAt(vp(), [0.1, 0.5, 1]).steps;   // 3
 */
export const chainAt = (process: Process, times: readonly number[]): GaussianChain =>
  gaussianChain(valuesAt(process.alpha, times), valuesAt(process.sigma, times));

/**
 * T equally spaced times of a process, t_k = k · end/T for k = 1 … T.
 *
 * @example
 * chainTimes(vp(), 4);   // [0.25, 0.5, 0.75, 1]
 */
export const chainTimes = ({ span }: Process, steps: number): readonly number[] =>
  Array.from({ length: steps }, (_, i) => (span.end * (i + 1)) / steps);

/** Options of {@link reverseChain}. */
export interface ReverseChainOptions {
  /** Number of steps T; the times are {@link chainTimes}. Default 1000. */
  readonly steps?: number;
  /** Variances of the reverse steps: `large` β (right for normal data; default), or `small` β̃ (right for data at one point). */
  readonly variance?: 'large' | 'small';
  /** x̂₀ is clipped to this range, where data are known to lie in it (Ho et al. clip to [−1, 1]). */
  readonly range?: readonly [number, number];
}

/** Options of {@link reverseChain} for denoisers that predict variances. */
export interface LearnedChainOptions extends Omit<ReverseChainOptions, 'variance'> {
  readonly variance: 'learned';
}

/**
 * The capability under which a denoiser predicts the variances of reverse steps: a field r, of the event's shape, with log variance = ½ (1 + r) log β + ½ (1 −
 * r) log β̃ for every coordinate (Nichol & Dhariwal 2021, arXiv:2102.09672, eq. 15).
 *
 * @example
 * has(learnedVariance, predictWithVariance('noise', vp(), resMlp([16]), { shape: [2] }));   // true
 */
export const learnedVariance = capability<Field>()('learned', {
  named: (r, place) => placedField(place)(r),
  shared: (r, sharing) => sharedField(sharing)(r),
});

/** A denoiser that also predicts the variances of reverse steps. */
export type VarianceDenoiser<S extends Shape = Shape> = Denoiser<S, 'signal'> & Having<typeof learnedVariance>;

/**
 * The reverse chain of a denoiser at T = `steps` times, p(x_{k−1} | x_k) = N(`fromData`·x̂₀ + `fromNoisy`·x_k, v_k) with fixed or learned variances v_k (Ho et
 * al. 2020, arXiv:2006.11239; learned: Nichol & Dhariwal 2021, arXiv:2102.09672). Cost: one evaluation of the denoiser a step. Throws `ArgumentError` where
 * `variance` is `learned` and the denoiser predicts none (which does not compile).
 *
 * @example
 * ddpm(reverseChain(predict('noise', vp(), resMlp([64, 64]), { shape: [2] }), { steps: 10, variance: 'small' }));
 */
export function reverseChain<const S extends Shape>(
  denoiser: Denoiser<S>,
  options?: ReverseChainOptions,
): ReverseChain<S>;
export function reverseChain<const S extends Shape>(
  denoiser: VarianceDenoiser<S>,
  options: LearnedChainOptions,
): ReverseChain<S>;
export function reverseChain(
  denoiser: Denoiser,
  { steps = 1000, variance = 'large', range }: ReverseChainOptions | LearnedChainOptions = {},
): ReverseChain<Shape> {
  const times = chainTimes(denoiser.process, steps);
  const chain = chainAt(denoiser.process, times);
  const tables = reverseLogVariances(chain);
  const learned =
    variance === 'learned'
      ? needs(learnedVariance, denoiser, 'reverseChain', 'this denoiser predicts no variances', 'predictWithVariance')
      : undefined;
  const table = o.constant(times);
  const logVariance =
    (x: Expr, index: Expr): Sc.Scoped<Expr> =>
    (scope) => {
      const [l, s] = [lookUp(tables.large, index), lookUp(tables.small, index)];
      if (learned === undefined) return variance === 'small' ? s : l;
      const r = learned(x, lookUp(table, index))(scope);
      return o.add(o.mul(0.5, o.add(l, s)), o.mul(r, o.mul(0.5, o.sub(l, s))));
    };
  return {
    spec: {
      type: 'reverseChain',
      denoiser: denoiser.spec,
      steps,
      variance,
      ...(range === undefined ? {} : { range }),
    },
    shape: denoiser.shape,
    chain,
    ...(denoiser.declaration === undefined ? {} : { declaration: denoiser.declaration }),
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
}

/** One of the two outputs of a network, as a network with one output. */
const head = (network: NoiseConditioned, i: 0 | 1): NoiseConditioned => ({
  ...network,
  given: (context) => head(network.given(context), i),
  apply: (x, c, output) =>
    Sc.map((both: Expr) => o.reshape(o.sliceAxis(both, 0, i, i + 1), output))(network.apply(x, c, [2, ...output])),
});

/**
 * The denoiser of a network with two outputs, a prediction and the variances of reverse steps (Nichol & Dhariwal 2021, arXiv:2102.09672, §3.1): {@link predict}
 * of the first output, and the second as {@link learnedVariance}. The network returns `[2, …shape]`. Cost: one evaluation for both. For learned variances
 * in {@link reverseChain}.
 *
 * @example
 * ddpm(reverseChain(predictWithVariance('noise', vp(), resMlp([64, 64]), { shape: [2] }), { steps: 10, variance: 'learned' }));
 */
export const predictWithVariance = define(
  denoiserKind,
  {
    type: 'predictWithVariance',
    about: 'A network that predicts a variance too.',
    takes: ['prediction', 'process', 'network'],
    required: {
      prediction: oneOf(['noise', 'data', 'score', 'velocity']),
      shape: shapeCodec,
      process: nested(processKind),
      network: nested(noiseNetworkKind),
    },
    optional: { preconditioning: nested(preconditioningKind) },
    build: ({ prediction, process, network, ...rest }): Denoiser =>
      predictWithVariance(prediction as Prediction, process as Process<'signal'>, network, rest),
    examples: [
      {
        prediction: 'noise',
        shape: [2],
        process: { type: 'vp' },
        network: smallResMlp,
        preconditioning: { type: 'standard' },
      },
    ],
  },
  <const S extends Shape>(
    prediction: Prediction,
    process: Process<'signal'>,
    network: NoiseConditioned,
    { shape, preconditioning = standard() }: PredictOptions<S>,
  ): VarianceDenoiser<S> => {
    const denoiser = predict(prediction, process, head(network, 0), { shape, preconditioning });
    const learned: Field = (x, t) => {
      const c = preconditioning.scalings(prediction, process)(t);
      return Sc.at('net', head(network, 1).apply(o.mul(c.in, x), c.noise, shape));
    };
    return having(
      learnedVariance,
      ownedField(denoiser.declaration, learned),
    )({ ...denoiser, spec: { ...denoiser.spec, type: 'predictWithVariance' } });
  },
);

/** A field whose parameters stand at a shared place. */
const sharedField =
  (sharing: Sharing) =>
  (field: Field): Field =>
  (x, t) =>
    Sc.sharedBy(sharing, field(x, t));

/**
 * A denoiser whose parameters stand at one absolute place, `shared/<place>`: the distributions made from it (a chain, a probability flow, a sampler) share
 * them, and a checkpoint of one fits the others.
 *
 * @example
 * sharedDenoiser('unet', predict('noise', vp(), resMlp([64, 64]), { shape: [2] }));
 */
export const sharedDenoiser = define(
  denoiserKind,
  {
    type: 'sharedDenoiser',
    about: 'A denoiser whose parameters stand at one place for all.',
    takes: ['place', 'denoiser'],
    required: { place: text, denoiser: nested(denoiserKind) },
    build: ({ place, denoiser }): Denoiser => sharedDenoiser(place, denoiser),
    examples: [
      {
        place: 'net',
        denoiser: { type: 'predict', prediction: 'noise', shape: [2], process: { type: 'vp' }, network: smallResMlp },
      },
    ],
  },
  <S extends Shape, T extends Terminal>(place: string, of: Denoiser<S, T>): Denoiser<S, T> => {
    const sharing = { name: place, by: of.declaration };
    return {
      ...movedDenoiser(changed('shared', of, sharing), sharedField(sharing)),
      spec: { type: 'sharedDenoiser', place, denoiser: of.spec },
    };
  },
);
