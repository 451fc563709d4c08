/** The entries of score matching, and of models of a score. */
import { oneOf, positiveInteger, positiveNumber, shapeCodec } from '../../core/codec.ts';
import { raise } from '../../core/errors.ts';
import {
  denoisingScoreMatching,
  denoisingScoreMatchingAt,
  gaussian,
  type HasDenoiser,
  type HasScore,
  ladderTime,
  rademacher,
  scoreMatching,
  scoreNetwork,
  slicedScoreMatching,
  sphere,
  varianceReducedSlicedScoreMatching,
} from '../../inference/scores/index.ts';
import { type Denoiser, variationalDiffusion } from '../../sde/index.ts';
import { type Readers, type Tables, variant } from './variant.ts';

const projections = { rademacher, gaussian, sphere } as const;

/** One of two keys. */
const either = (owner: string, a: object | undefined, b: object | undefined, names: string): object =>
  (a === undefined) === (b === undefined)
    ? raise('SpecError', '', `${owner}: one of ${names} is needed`, { got: a === undefined ? 'neither' : 'both' })
    : (a ?? b)!;

const scored = (read: Readers) => ({ dist: read.dist, model: read.scoreModel });
const hasScore = (
  owner: string,
  { dist, model }: { readonly dist?: object; readonly model?: object },
): HasScore<readonly number[]> => either(owner, dist, model, "'dist' and 'model'") as HasScore<readonly number[]>;

/** Models of a score by type. */
export const scoreModelsTable: Tables['scoreModels'] = {
  scoreNetwork: (read) =>
    variant({ shape: shapeCodec, network: read.network }, {}, ({ shape, network }) => scoreNetwork(shape, network)),
};

/** The bound of a reverse equation as a distribution. */
export const variationalDiffusionTable: Tables['dists'] = {
  variationalDiffusion: (read) =>
    variant(
      { denoiser: read.denoiser },
      { sampler: read.sampler, grid: read.grid, times: positiveInteger },
      ({ denoiser, ...options }) => variationalDiffusion(denoiser as Denoiser<readonly number[], 'signal'>, options),
    ),
};

/** NCSN's ladder of noise scales. */
export const ladderTable: Tables['timeDists'] = {
  ladderTime: () => variant({ levels: positiveInteger }, {}, ({ levels }) => ladderTime(levels)),
};

/** Objectives of score matching by type. */
export const scoreObjectivesTable: Tables['objectives'] = {
  denoisingScoreMatching: (read) =>
    variant(
      {},
      {
        dist: read.dist,
        denoiser: read.denoiser,
        weighting: read.weighting,
        time: read.timeDist,
        drawnBy: read.timeDist,
      },
      ({ dist, denoiser, ...options }) =>
        denoisingScoreMatching(
          either('denoisingScoreMatching', dist, denoiser, "'dist' and 'denoiser'") as HasDenoiser<readonly number[]>,
          options,
        ),
    ),
  denoisingScoreMatchingAt: (read) =>
    variant({ scale: positiveNumber }, scored(read), ({ scale, ...source }) =>
      denoisingScoreMatchingAt(scale)(hasScore('denoisingScoreMatchingAt', source)),
    ),
  scoreMatching: (read) => variant({}, scored(read), (source) => scoreMatching(hasScore('scoreMatching', source))),
  slicedScoreMatching: (read) =>
    variant(
      {},
      { ...scored(read), projection: oneOf(['rademacher', 'gaussian', 'sphere']), projections: positiveInteger },
      ({ projection = 'rademacher', projections: count = 1, ...source }) =>
        slicedScoreMatching({ projection: projections[projection], projections: count })(
          hasScore('slicedScoreMatching', source),
        ),
    ),
  varianceReducedSlicedScoreMatching: (read) =>
    variant(
      {},
      { ...scored(read), projection: oneOf(['rademacher', 'gaussian']), projections: positiveInteger },
      ({ projection = 'rademacher', projections: count = 1, ...source }) =>
        varianceReducedSlicedScoreMatching({ projection: projections[projection], projections: count })(
          hasScore('varianceReducedSlicedScoreMatching', source),
        ),
    ),
};
