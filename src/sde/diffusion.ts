import { pipe } from 'fp-ts/lib/function.js';
import { approximationOf, refinedOf } from '../algebra/approximation.ts';
import { capability, type Having, having } from '../algebra/capability.ts';
import { type AnyDist, type Dist, distFrom } from '../algebra/dist.ts';
import type { Approximate, Denoises, Exact, Samples, Unbiased } from '../algebra/evidence.ts';
import type { Layer } from '../algebra/transport.ts';
import * as D from '../core/draw.ts';
import { add } from '../core/ops/elementwise.ts';
import { type Declaration, declare } from '../core/reading.ts';
import type { Shape } from '../core/shape.ts';
import type { TraceBy } from '../dynamics/index.ts';
import { type Denoiser, denoising } from './denoiser.ts';
import { type Grid, logSnrGrid } from './grid.ts';
import { ddim } from './path-samplers.ts';
import { type ProbabilityFlowOptions, probabilityFlow } from './probability-flow.ts';
import { type DiffusionSampler, resampling, type SampleOptions, type Sampling, sampleWith } from './sampler.ts';

/** The same distribution of another denoiser of the same events and process: what guidance of a distribution asks for. */
export const redenoising = capability<(denoiser: Denoiser) => AnyDist>()('denoisedBy');

/** A distribution that keeps its denoiser, and whose sampler is a choice. */
export type DiffusionDist = Having<typeof denoising> & Having<typeof resampling> & Having<typeof redenoising>;

/** What a trace leaves of the density of a flow. */
export type EvidenceOfTrace<V extends TraceBy> = V extends 'exact' ? Exact : Unbiased;

/** The distribution of a diffusion model: exact for its flow with an exact divergence, unbiased with a probe, up to the error of the solver. */
export type Diffused<S extends Shape, V extends TraceBy> = Dist<
  S,
  EvidenceOfTrace<V> & Samples & Denoises & Approximate
> &
  DiffusionDist;

/** Options of {@link diffusion}. */
export interface DiffusionOptions<V extends TraceBy = TraceBy> extends SampleOptions {
  /** How samples are made; default `ddim()`. */
  readonly sampler?: DiffusionSampler<'signal'>;
  /** The times of sampling; default `logSnrGrid(50)`. */
  readonly grid?: Grid;
  /** How the density is computed; default Rademacher's probe, `rk4()` over `logSnrGrid(40)`. */
  readonly likelihood?: ProbabilityFlowOptions<V>;
}

/**
 * The distribution of a diffusion model. A sample is `sampleWith(sampler, grid)`; log p is that of the probability flow, log prior(z) + ∫ div dt: unbiased with a probe, and
 * exact (for the flow, which has the model's own marginals where the score is exact) with `divergence: 'exact'`. It keeps its `denoiser`, which score matching
 * trains, under whatever fixed transports it is pushed through (dequantisation, scaling): bits per dimension are right by construction.
 * Throws `ArgumentError` where a grid does not fit the process.
 *
 * @example
 * diffusion(exactDenoiser(vp(), normal([2], { scale: 0.5 })), { sampler: dpmSolver(), grid: logSnrGrid(20) });
 */
export const diffusion = <S extends Shape, const V extends TraceBy = 'rademacher'>(
  denoiser: Denoiser<S, 'signal'>,
  options: DiffusionOptions<V> = {},
): Diffused<S, V> => {
  const { divergence = 'rademacher', ...rest }: ProbabilityFlowOptions = options.likelihood ?? {};
  const flow = probabilityFlow(denoiser, { divergence, ...rest });
  return diffusionBy<S, V>(denoiser, flow, divergence, options, declare('dist', 'diffusion'));
};

/** The distribution whose density is that of a flow. A distribution and its finer versions are one declaration: they read the same parameters. */
const diffusionBy = <S extends Shape, V extends TraceBy>(
  denoiser: Denoiser<S, 'signal'>,
  flow: Layer,
  divergence: TraceBy,
  options: DiffusionOptions,
  declaration: Declaration,
): Diffused<S, V> => {
  const { sampler = ddim(), grid = logSnrGrid(50), finish = 'denoised' } = options;
  const prior = denoiser.process.prior(denoiser.shape);
  const dist = distFrom<S, EvidenceOfTrace<V> & Samples & Denoises & Approximate>({
    shape: denoiser.shape,
    spec: {
      type: 'diffusion',
      denoiser: denoiser.spec,
      sampler: sampler.spec,
      grid: grid.spec,
      finish,
      solver: flow.spec.solver,
      solverGrid: flow.spec.grid,
      divergence,
      ...(flow.spec.gradient === undefined ? {} : { gradient: flow.spec.gradient }),
    },
    evidence: divergence === 'exact' ? 'exact' : 'unbiased',
    declaration,
    approximation: approximationOf([flow], () =>
      diffusionBy<S, V>(denoiser, refinedOf(flow), divergence, options, declaration),
    ),
    logDensity: (x) =>
      pipe(
        flow.encode(x),
        D.chain((step) =>
          D.map((l: Parameters<typeof add>[0]) => add(l, step.contribution))(prior.logDensity(step.value)),
        ),
      ),
    sample: sampleWith(sampler, grid, { finish })(denoiser),
  });
  return pipe(
    dist,
    having(denoising, denoiser as Denoiser),
    having(resampling, (sampling: Sampling) =>
      diffusionBy<S, V>(denoiser, flow, divergence, { ...options, ...sampling }, declaration),
    ),
    having(redenoising, (other: Denoiser): AnyDist => diffusion(other as Denoiser<S, 'signal'>, options)),
  );
};
