/** The entries of noising processes, denoisers, samplers and what they are made of; of the distribution of a diffusion model, and of its flow as a layer. */
import {
  finite,
  list,
  nonNegative,
  oneOf,
  positiveInteger,
  positiveNumber,
  shapeCodec,
  strict,
  text,
} from '../../core/codec.ts';
import * as dynamics from '../../dynamics/index.ts';
import * as sde from '../../sde/index.ts';
import { type Tables, variant } from './variant.ts';

const numbers = list(finite, 'a list of numbers');
const vpFields = { betaMin: positiveNumber, betaMax: positiveNumber, start: nonNegative };
const levels = { sigmaMin: positiveNumber, sigmaMax: positiveNumber };
const traces = oneOf(['exact', 'rademacher', 'gaussian']);
const gradients = oneOf(['throughSteps', 'checkpointed', 'backsolve']);
const tolerances = { rtol: positiveNumber, atol: positiveNumber, maxSteps: positiveInteger };

const tableauCodec = strict(
  { name: text, nodes: numbers, rows: list(numbers), weights: numbers, order: positiveInteger },
  { embedded: strict({ error: numbers, order: positiveInteger }) },
  { name: 'a tableau' },
);
const controllerCodec = strict({ kind: oneOf(['fixed', 'adaptive']) }, tolerances, { name: 'a controller' });

/** Processes by type. */
export const processesTable: Tables['processes'] = {
  vp: () => variant({}, vpFields, sde.vp),
  subVp: () => variant({}, vpFields, sde.subVp),
  ve: () => variant({}, { ...levels, start: nonNegative }, sde.ve),
  edm: () => variant({}, levels, sde.edm),
  ddpmProcess: () =>
    variant(
      {},
      {
        schedule: oneOf(['linear', 'quadratic', 'cosine']),
        steps: positiveInteger,
        first: positiveNumber,
        last: positiveNumber,
      },
      sde.ddpmProcess,
    ),
  fromBetas: () => variant({ betas: numbers }, {}, ({ betas }) => sde.fromBetas(betas)),
  zeroTerminalSnr: (read) =>
    variant({ process: read.process }, {}, ({ process }) => sde.zeroTerminalSnr(process as sde.Process<'signal'>)),
};

/** Preconditionings by type. */
export const preconditioningsTable: Tables['preconditionings'] = {
  standard: () => variant({}, { sigmaData: positiveNumber }, sde.standard),
  unscaled: () => variant({}, { times: positiveNumber }, sde.unscaled),
};

/** Denoisers by type. */
export const denoisersTable: Tables['denoisers'] = {
  predict: (read) =>
    variant(
      {
        prediction: oneOf(['noise', 'data', 'score', 'velocity']),
        shape: shapeCodec,
        process: read.process,
        network: read.noiseNetwork,
      },
      { preconditioning: read.preconditioning },
      ({ prediction, process, network, ...rest }) => sde.predict(prediction as 'data', process, network, rest),
    ),
  exactDenoiser: (read) =>
    variant({ process: read.process, dist: read.dist }, {}, ({ process, dist }) =>
      sde.exactDenoiser(process, dist as Parameters<typeof sde.exactDenoiser>[1]),
    ),
};

/** Grids by type. */
export const gridsTable: Tables['grids'] = {
  uniformGrid: () => variant({ steps: positiveInteger }, {}, ({ steps }) => sde.uniformGrid(steps)),
  quadraticGrid: () => variant({ steps: positiveInteger }, {}, ({ steps }) => sde.quadraticGrid(steps)),
  logSnrGrid: () => variant({ steps: positiveInteger }, {}, ({ steps }) => sde.logSnrGrid(steps)),
  karrasGrid: () =>
    variant({ steps: positiveInteger }, { rho: positiveNumber }, ({ steps, ...rest }) => sde.karrasGrid(steps, rest)),
  subSequence: () =>
    variant({ times: positiveInteger }, { spacing: oneOf(['linear', 'quadratic']) }, ({ times, spacing }) =>
      sde.subSequence(times, spacing),
    ),
  givenGrid: () => variant({ times: numbers }, {}, ({ times }) => sde.givenGrid(times)),
};

/** Solvers of ordinary differential equations by type. */
export const solversTable: Tables['solvers'] = {
  euler: () => variant({}, {}, dynamics.euler),
  heun: () => variant({}, {}, dynamics.heun),
  rk4: () => variant({}, {}, dynamics.rk4),
  midpoint: () => variant({}, {}, dynamics.midpoint),
  dormandPrince: () => variant({}, tolerances, dynamics.dormandPrince),
  bogackiShampine: () => variant({}, tolerances, dynamics.bogackiShampine),
  tsit5: () => variant({}, tolerances, dynamics.tsit5),
  rungeKutta: () =>
    variant({ tableau: tableauCodec, controller: controllerCodec }, {}, ({ tableau, controller }) =>
      dynamics.rungeKutta(tableau, controller.kind === 'fixed' ? dynamics.fixed() : dynamics.adaptive(controller)),
    ),
};

/** Samplers by type. */
export const samplersTable: Tables['samplers'] = {
  eulerMaruyama: () => variant({}, { churn: nonNegative }, sde.eulerMaruyama),
  stochasticHeun: () => variant({}, { churn: nonNegative }, sde.stochasticHeun),
  reverseDiffusion: () => variant({}, {}, sde.reverseDiffusion),
  ancestral: () => variant({}, { variance: oneOf(['small', 'large']) }, sde.ancestral),
  ddim: () => variant({}, { eta: nonNegative }, sde.ddim),
  dpmSolver: () => variant({}, {}, sde.dpmSolver),
  edmHeun: () =>
    variant({}, { churn: nonNegative, noise: nonNegative, between: numbers }, ({ between, ...rest }) =>
      sde.edmHeun({
        ...rest,
        ...(between === undefined ? {} : { between: [between[0], between[1] ?? Number.POSITIVE_INFINITY] }),
      }),
    ),
  langevinCorrector: () =>
    variant(
      {},
      { snr: positiveNumber, steps: positiveInteger, size: oneOf(['level', 'norms']) },
      sde.langevinCorrector,
    ),
  annealedLangevin: () => variant({ stepSize: positiveNumber }, { steps: positiveInteger }, sde.annealedLangevin),
  predictorCorrector: (read) =>
    variant({ corrector: read.sampler, predictor: read.sampler }, {}, sde.predictorCorrector<'signal'>),
  flowSampler: (read) => variant({}, { solver: read.solver }, sde.flowSampler),
};

/** Weightings of noise levels by type. */
export const weightingsTable: Tables['weightings'] = {
  simpleWeighting: () => variant({}, {}, () => sde.simpleWeighting),
  likelihoodWeighting: () => variant({}, {}, () => sde.likelihoodWeighting),
  edmWeighting: () => variant({}, { sigmaData: positiveNumber }, sde.edmWeighting),
  minSnrWeighting: () => variant({}, { gamma: positiveNumber }, sde.minSnrWeighting),
};

/** Distributions of the time of a loss by type. */
export const timeDistsTable: Tables['timeDists'] = {
  uniformTime: () => variant({}, {}, () => sde.uniformTime),
  discreteTime: () => variant({}, {}, () => sde.discreteTime),
  importanceTime: () => variant({}, {}, () => sde.importanceTime),
  logNormalTime: () => variant({}, { mean: finite, deviation: positiveNumber }, sde.logNormalTime),
};

/** The distribution of a diffusion model. */
export const diffusionDistsTable: Tables['dists'] = {
  diffusion: (read) =>
    variant(
      { denoiser: read.denoiser },
      {
        sampler: read.sampler,
        grid: read.grid,
        finish: oneOf(['noisy', 'denoised']),
        solver: read.solver,
        solverGrid: read.grid,
        divergence: traces,
        gradient: gradients,
      },
      ({ denoiser, solver, solverGrid, divergence, gradient, ...rest }) =>
        sde.diffusion(denoiser as sde.Denoiser<readonly number[], 'signal'>, {
          ...rest,
          likelihood: {
            ...(solver === undefined ? {} : { solver }),
            ...(solverGrid === undefined ? {} : { grid: solverGrid }),
            ...(divergence === undefined ? {} : { divergence }),
            ...(gradient === undefined ? {} : { gradient }),
          },
        }),
    ),
};

/** Continuous flows as layers: of a network, and of a denoiser. */
export const flowLayersTable: Tables['layers'] = {
  probabilityFlow: (read) =>
    variant(
      { denoiser: read.denoiser },
      { solver: read.solver, grid: read.grid, divergence: traces, gradient: gradients },
      ({ denoiser, ...options }) => sde.probabilityFlow(denoiser as sde.Denoiser<readonly number[], 'signal'>, options),
    ),
};
