import { pipe } from 'fp-ts/lib/function.js';
import { approximationOf, refinedOf } from '../algebra/approximation.ts';
import { capability, type Having, having } from '../algebra/capability.ts';
import { type AnyDist, type Dist, distFrom } from '../algebra/dist.ts';
import type { Approximate, Denoises, Exact, Samples, Unbiased } from '../algebra/evidence.ts';
import { distributionKind } from '../algebra/kinds.ts';
import type { Layer } from '../algebra/transport.ts';
import { oneOf } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { add } from '../core/ops/elementwise.ts';
import { type Declaration, declare } from '../core/reading.ts';
import type { Shape } from '../core/shape.ts';
import { nested } from '../core/specification.ts';
import type { TraceBy } from '../dynamics/index.ts';
import { solverKind } from '../dynamics/kinds.ts';
import { smallResMlp } from '../nn/small.ts';
import { flowFields } from '../transports/continuous.ts';
import { type Denoiser, denoising } from './denoiser.ts';
import { type Grid, logSnrGrid } from './grid.ts';
import { denoiserKind, gridKind, samplerKind } from './kinds.ts';
import { ddim } from './path-samplers.ts';
import { type ProbabilityFlowOptions, probabilityFlow } from './probability-flow.ts';
import { type DiffusionSampler, resampling, type SampleOptions, type Sampling, sampleWith } from './sampler.ts';

/**
 * The capability of a distribution to take another denoiser of the same events and process, with the same sampler and likelihood: guidance of a distribution
 * uses it.
 *
 * @example
 * const d = diffusion(exactDenoiser(vp(), standardNormal([2])));
 * capabilityOf(redenoising, d)?.(exactDenoiser(vp(), normal([2], { loc: 1 })));
 */
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
 * The distribution of a diffusion model. A sample is `sampleWith(sampler, grid)` of the denoiser. The log-density, in nats, is that of the probability flow,
 * log prior(z) + ∫ div dt: unbiased with a probe, and exact with `divergence: 'exact'`, both up to the error of the solver (the flow has the model's own
 * marginals where the score is exact). It keeps its `denoiser`, which score matching trains, under any fixed transports that it is pushed through
 * (dequantisation, scaling), so that bits per dimension are right by construction. Cost: the sampler's evaluations a sample; 4 evaluations and a derivative for
 * each of 40 steps a density by default. Throws `ArgumentError` where a grid does not fit the process. Source: Song et al. 2021, arXiv:2011.13456.
 *
 * @example
 * diffusion(exactDenoiser(vp(), normal([2], { scale: 0.5 })), { sampler: dpmSolver(), grid: logSnrGrid(20) });
 */
export const diffusion = define(
  distributionKind,
  {
    type: 'diffusion',
    about: 'The distribution of a denoiser, sampled and scored through its process.',
    takes: ['denoiser'],
    required: { denoiser: nested(denoiserKind) },
    optional: {
      sampler: nested(samplerKind),
      grid: nested(gridKind),
      finish: oneOf(['noisy', 'denoised']),
      solver: nested(solverKind),
      solverGrid: nested(gridKind),
      divergence: flowFields.divergence,
      gradient: flowFields.gradient,
    },
    unreadable: { likelihood: 'its parts are fields of their own: solver, solverGrid, divergence, gradient' },
    build: ({ denoiser, solver, solverGrid, divergence, gradient, ...rest }): AnyDist =>
      diffusion(denoiser as Denoiser<Shape, 'signal'>, {
        ...rest,
        likelihood: {
          ...(solver === undefined ? {} : { solver }),
          ...(solverGrid === undefined ? {} : { grid: solverGrid }),
          ...(divergence === undefined ? {} : { divergence }),
          ...(gradient === undefined ? {} : { gradient }),
        },
      }),
    examples: [
      {
        denoiser: { type: 'predict', prediction: 'noise', shape: [2], process: { type: 'vp' }, network: smallResMlp },
        sampler: { type: 'ddim', eta: 0 },
        grid: { type: 'logSnrGrid', steps: 3 },
        finish: 'denoised',
        solver: { type: 'rk4' },
        solverGrid: { type: 'logSnrGrid', steps: 3 },
        divergence: 'exact',
        gradient: 'checkpointed',
      },
    ],
  },
  <S extends Shape, const V extends TraceBy = 'rademacher'>(
    denoiser: Denoiser<S, 'signal'>,
    options: DiffusionOptions<V> = {},
  ): Diffused<S, V> => {
    const { divergence = 'rademacher', ...rest }: ProbabilityFlowOptions = options.likelihood ?? {};
    const flow = probabilityFlow(denoiser, { divergence, ...rest });
    return diffusionBy<S, V>(denoiser, flow, divergence, options, declare('dist', 'diffusion'));
  },
);

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
