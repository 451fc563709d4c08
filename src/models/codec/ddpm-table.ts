/** The entries of denoising diffusion (its distribution, its chain as layers, denoisers made from denoisers) and of critically-damped Langevin diffusion. */
import { finite, list, oneOf, positiveInteger, positiveNumber, shapeCodec, strict, text } from '../../core/codec.ts';
import { raise } from '../../core/errors.ts';
import type { Shape } from '../../core/shape.ts';
import * as sde from '../../sde/index.ts';
import { type Readers, type Tables, variant } from './variant.ts';

const cldFields = {
  mass: positiveNumber,
  beta: positiveNumber,
  velocity: positiveNumber,
  start: positiveNumber,
  end: positiveNumber,
};

const range = list(finite, 'two numbers');
const ends = (given: readonly number[]): readonly [number, number] =>
  given.length === 2
    ? [given[0], given[1]]
    : raise('ArgumentError', 'range', 'a range has two ends', { got: `${given.length} numbers` });

/** A reverse chain, as its fields. */
const chainFields = (read: Readers) =>
  strict(
    { denoiser: read.denoiser },
    { steps: positiveInteger, variance: oneOf(['large', 'small', 'learned']), range },
    { ignored: ['type'] },
  );

const chainOf = ({
  denoiser,
  variance = 'large',
  range: given,
  ...rest
}: ReturnType<typeof chainFields>['_A']): sde.ReverseChain<Shape> => {
  const options = { ...rest, ...(given === undefined ? {} : { range: ends(given) }) };
  return variance === 'learned'
    ? sde.reverseChain(denoiser as unknown as sde.VarianceDenoiser, { ...options, variance })
    : sde.reverseChain(denoiser, { ...options, variance: variance as 'large' | 'small' });
};

/** The distribution of denoising diffusion. */
export const ddpmDistsTable: Tables['dists'] = {
  ddpm: (read) =>
    variant(
      { reverse: chainFields(read) },
      {
        levels: positiveInteger,
        terms: oneOf(['one', 'all']),
        sampling: strict({ sampler: read.sampler, grid: read.grid }, {}),
      },
      ({ reverse, ...options }) => sde.ddpm(chainOf(reverse), options),
    ),
};

const cldEntry: Tables['dists'][string] = (read) =>
  variant(
    {
      denoiser: strict({ shape: shapeCodec, process: strict({}, cldFields), network: read.noiseNetwork }),
    },
    { sampler: oneOf(['sscs', 'eulerMaruyama']), steps: positiveInteger, likelihoodSteps: positiveInteger },
    ({ denoiser: { shape, process, network }, sampler, ...options }) =>
      sde.cldDiffusion(sde.phaseDenoiser(sde.cld(process), network, { shape }), {
        ...options,
        ...(sampler === undefined ? {} : { sampler: sampler as sde.CldSampler }),
      }),
  );

/** The distribution of critically-damped Langevin diffusion, whose denoiser belongs to it. */
export const cldDistsTable: Tables['dists'] = {
  cldDiffusion: cldEntry,
  // Files of before.
  cldLaw: cldEntry,
};

/** Its chain as layers. */
export const ddpmLayersTable: Tables['layers'] = {
  ddpmLayers: (read) =>
    variant({ reverse: chainFields(read) }, { levels: positiveInteger, place: text }, ({ reverse, ...options }) =>
      sde.ddpmLayers(chainOf(reverse), options),
    ),
};

/** Denoisers that are made from denoisers, and those that say their variances. */
export const derivedDenoisersTable: Tables['denoisers'] = {
  predictWithVariance: (read) =>
    variant(
      {
        prediction: oneOf(['noise', 'data', 'score', 'velocity']),
        shape: shapeCodec,
        process: read.process,
        network: read.noiseNetwork,
      },
      { preconditioning: read.preconditioning },
      ({ prediction, process, network, ...rest }) =>
        sde.predictWithVariance(prediction as sde.Prediction, process as sde.Process<'signal'>, network, rest),
    ),
  sharedDenoiser: (read) =>
    variant({ place: text, denoiser: read.denoiser }, {}, ({ place, denoiser }) => sde.sharedDenoiser(place, denoiser)),
  clipData: (read) =>
    variant({ range, denoiser: read.denoiser }, {}, ({ range: given, denoiser }) =>
      sde.clipData(denoiser, ends(given)),
    ),
  classifierFreeGuidance: (read) =>
    variant(
      { conditional: read.denoiser, unconditional: read.denoiser },
      { scale: finite },
      sde.classifierFreeGuidance<Shape>,
    ),
};
