/** The distribution of a critically-damped Langevin diffusion: how it is sampled, and its likelihood by the probability flow. */

import { pipe } from 'fp-ts/lib/function.js';
import { capability, type Having, having } from '../algebra/capability.ts';
import { type AnyDist, type Dist, distribution } from '../algebra/dist.ts';
import type { Approximate, MeanBound, Samples } from '../algebra/evidence.ts';
import { distributionKind } from '../algebra/kinds.ts';
import { isReadable } from '../algebra/spec.ts';
import { oneOf, positiveInteger, shapeCodec, strict } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { hutchinson } from '../core/differentiate/index.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import { type Expr, substitute, variable } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import * as R from '../core/random.ts';
import { type Declaration, declare } from '../core/reading.ts';
import * as Sc from '../core/scope.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import { rk4, solveOde } from '../dynamics/index.ts';
import { noiseNetworkKind } from '../nn/kinds.ts';
import { smallResMlp } from '../nn/small.ts';
import type { Cld, PhasePoint } from './cld.ts';
import { cld, cldFields } from './cld.ts';
import {
  type PhaseDenoiser,
  type PhaseStep,
  phaseDenoiser,
  phaseEulerMaruyama,
  phaseScore,
  symmetricSplitting,
} from './phase-denoiser.ts';

/** How the reverse process is stepped: by Euler and Maruyama, or by a symmetric splitting whose other half is solved exactly. */
export type CldSampler = 'eulerMaruyama' | 'sscs';

/** Options of {@link cldDiffusion}. */
export interface CldDiffusionOptions {
  /** Default `sscs`. */
  readonly sampler?: CldSampler;
  /** Steps of sampling, shorter towards the data; default 100. */
  readonly steps?: number;
  /** Steps of the classical Runge–Kutta method for log-densities; default 50. */
  readonly likelihoodSteps?: number;
}

const samplers: { readonly [K in CldSampler]: (d: PhaseDenoiser) => PhaseStep } = {
  eulerMaruyama: phaseEulerMaruyama,
  sscs: symmetricSplitting,
};

/** n + 1 times from start to end, quadratic in their number: velocities start with so little noise that the first times matter most. */
const phaseTimes = ({ start, end }: Cld, n: number): number[] =>
  Array.from({ length: n + 1 }, (_, i) => start + (end - start) * (i / n) ** 2);

/**
 * Draws (x, v) at the first time of the process, each of the event's shape: from the stationary distribution N(0, diag(1, M)) at the last time by `steps`
 * reverse steps in one loop. Cost: `steps` evaluations of the network.
 *
 * @example
 * const { x, v } = value(samplePhase(phaseDenoiser(cld(), resMlp([4]), { shape: [2] }), { steps: 3 }), { seed: 0 });
 */
export const samplePhase =
  (d: PhaseDenoiser, { sampler = 'sscs', steps = 100 }: CldDiffusionOptions = {}): D.Draw<PhasePoint> =>
  (scope) => {
    const { mass } = d.process;
    const times = phaseTimes(d.process, steps).reverse();
    const step = samplers[sampler](d);
    return pipe(
      R.both(R.normal(d.shape), R.normal(d.shape)),
      R.chain(([x, z]) =>
        R.scanRandom({
          length: steps,
          init: [x, o.mul(Math.sqrt(mass), z)],
          xs: [o.constant(times.slice(0, steps)), o.constant(times.slice(1).map((t, i) => times[i] - t))],
          body: ([a, b], [t, dt]) =>
            pipe(
              step({ x: a, v: b }, t, dt)(scope),
              R.map((next) => ({ carry: [next.x, next.v] })),
            ),
        }),
      ),
      R.map(({ carry: [x, v] }) => ({ x, v })),
    );
  };

/**
 * The capability under which a distribution of {@link cldDiffusion} keeps its phase denoiser; hybrid score matching reads and trains it.
 *
 * @example
 * const d = cldDiffusion(phaseDenoiser(cld(), resMlp([16]), { shape: [2] }));
 * capabilityOf(phaseDenoising, d)?.shape;   // [2]
 */
export const phaseDenoising = capability<PhaseDenoiser>()('phaseDenoiser', {
  named: (d, place) => ({ ...d, noise: (at, t) => Sc.at(place, d.noise(at, t)) }),
  resampled: (d) => d,
});

/**
 * Critically-damped Langevin diffusion as a distribution of x (Dockhorn et al. 2022, arXiv:2112.07068). Samples run the reverse process and drop v. The
 * log-density is a bound, in nats, log p(x) ≥ E_v [log p(x, v) − log N(v; 0, γ M)], with log p(x, v) by the probability flow of the pair and Hutchinson's probe
 * (appendix B.4). Cost: `steps` evaluations of the network a sample; 4 `likelihoodSteps` of the network and its derivative a density. Throws `ArgumentError`
 * where a number of steps is not a positive integer.
 *
 * @example
 * cldDiffusion(phaseDenoiser(cld(), resMlp([64, 64]), { shape: [2] }), { sampler: 'eulerMaruyama', steps: 500 });
 */
export const cldDiffusion = define(
  distributionKind,
  {
    type: 'cldDiffusion',
    about: 'Critically-damped Langevin diffusion.',
    required: {
      denoiser: strict({ shape: shapeCodec, process: strict({}, cldFields), network: nested(noiseNetworkKind) }),
    },
    optional: { sampler: oneOf(['sscs', 'eulerMaruyama']), steps: positiveInteger, likelihoodSteps: positiveInteger },
    build: ({ denoiser: { shape, process, network }, ...options }): AnyDist =>
      cldDiffusion(phaseDenoiser(cld(process), network, { shape }), options),
    examples: [
      {
        denoiser: {
          shape: [2],
          process: { mass: 0.25, beta: 4, velocity: 0.04, start: 0.001, end: 1 },
          network: smallResMlp,
        },
        sampler: 'sscs',
        steps: 3,
        likelihoodSteps: 4,
      },
    ],
  },
  <const S extends Shape>(
    d: PhaseDenoiser<S>,
    options: CldDiffusionOptions = {},
  ): Dist<S, MeanBound & Samples & Approximate> & Having<typeof phaseDenoising> =>
    cldDiffusionOf(d, options, declare('dist', 'cldDiffusion')),
);

/** A distribution and its finer versions are one declaration: they read the same parameters. */
const cldDiffusionOf = <const S extends Shape>(
  d: PhaseDenoiser<S>,
  options: CldDiffusionOptions,
  declaration: Declaration,
): Dist<S, MeanBound & Samples & Approximate> & Having<typeof phaseDenoising> => {
  const { sampler = 'sscs', steps = 100, likelihoodSteps = 50 } = options;
  if (![steps, likelihoodSteps].every((n) => Number.isInteger(n) && n > 0))
    return raise('ArgumentError', 'cldDiffusion', 'needs a positive number of steps', {
      got: `${steps}, ${likelihoodSteps}`,
    });
  const { mass, beta, friction, velocity } = d.process;
  const size = sizeOf(d.shape);
  const log = (z: Expr, variance: number): Expr =>
    o.sub(o.mul(-0.5 / variance, o.sum(o.square(z))), 0.5 * size * Math.log(2 * Math.PI * variance));
  const dist = distribution<S, MeanBound & Samples & Approximate>({
    shape: d.shape,
    spec: {
      type: 'cldDiffusion',
      denoiser: d.spec,
      sampler,
      steps,
      likelihoodSteps,
      ...(isReadable(d.spec) ? {} : { opaque: 'its denoiser cannot be read back' }),
    },
    evidence: 'mean bound',
    declaration,
    approximation: {
      because: `${likelihoodSteps} steps of rk4`,
      order: 4,
      refined: () => cldDiffusionOf(d, { ...options, likelihoodSteps: 2 * likelihoodSteps }, declaration),
    },
    sample: D.map(({ x }: PhasePoint) => x)(samplePhase(d, { sampler, steps })),
    logDensity: (x0) => (scope) =>
      pipe(
        R.both(R.normal(d.shape), R.rademacher(d.shape)),
        R.map(([z, probe]) => {
          const v0 = o.mul(Math.sqrt(velocity * mass), z);
          const field = ([x, v]: readonly Expr[], t: Expr): readonly Expr[] => {
            const w = variable(d.shape);
            const score = phaseScore(d)({ x, v: w }, t)(scope);
            const trace = hutchinson(score, w, probe);
            const [s, div] = substitute([score, trace], new Map([[w, v]]));
            const push = o.add(x, o.mul(friction, o.add(o.mul(1 / mass, v), s)));
            return [
              o.mul(beta / mass, v),
              o.mul(-beta, push),
              o.sub((-beta * friction * size) / mass, o.mul(beta * friction, div)),
            ];
          };
          const [x, v, gained] = solveOde(rk4(), field)([x0, v0, o.scalar(0)], phaseTimes(d.process, likelihoodSteps));
          return o.sub(o.add(o.add(log(x, 1), log(v, mass)), gained), log(v0, velocity * mass));
        }),
      ),
  });
  return having(phaseDenoising, d as PhaseDenoiser)(dist);
};
