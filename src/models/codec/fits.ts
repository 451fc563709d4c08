/** Whether a declaration that was read fits together, with the JSON path of the layer that does not. */
import * as E from 'fp-ts/lib/Either.js';
import type { AnyDist } from '../../algebra/dist.ts';
import type { Json } from '../../algebra/spec.ts';
import { isRecord, joinPath } from '../../core/codec.ts';
import * as D from '../../core/draw.ts';
import { type Failure, failure, toFailure } from '../../core/errors.ts';
import { input } from '../../core/ops/leaves.ts';
import type { Shape } from '../../core/shape.ts';
import { type AnyObjective, isBatchObjective } from '../../inference/objective.ts';

/** Keys under which a specification nests another at the same place of parameters. */
const transparent: { readonly [type: string]: string } = {
  inverse: 'of',
  maximumLikelihood: 'dist',
  elbo: 'dist',
  importanceWeighted: 'dist',
  sgvb: 'dist',
  stickingTheLanding: 'dist',
  dreg: 'dist',
  reweightedWakeSleep: 'dist',
  wakeSleep: 'dist',
  scoreFunction: 'dist',
  scoreFunctionWithAverage: 'dist',
  monteCarloEm: 'dist',
  ddpmSimple: 'dist',
  ddpmHybrid: 'dist',
  hybridScoreMatching: 'dist',
  denoisingScoreMatching: 'dist',
  denoisingScoreMatchingAt: 'dist',
  scoreMatching: 'dist',
  slicedScoreMatching: 'dist',
  varianceReducedSlicedScoreMatching: 'dist',
  contrastiveDivergence: 'dist',
  persistentContrastiveDivergence: 'dist',
  jemObjective: 'dist',
  noiseContrastive: 'dist',
  tempered: 'dist',
  restrict: 'dist',
  enumerated: 'dist',
  normalised: 'dist',
  sampledBy: 'dist',
  weighted: 'objective',
  dynamicallyBinarised: 'objective',
  fullVariationalBayes: 'objective',
  spectralPenalty: 'objective',
};

const pushes = (spec: unknown): number => (isRecord(spec) && spec.type === 'pushforward' ? 1 + pushes(spec.base) : 0);

/** From a place in a composition (`0.compose/1.affineCoupling`) to its JSON path (`transport.layers[1]`), as far as it goes. */
export const jsonPlace = (spec: Json, place: string): { readonly path: string; readonly rest: string } => {
  let at: unknown = spec;
  let path = '';
  let segments = place === '' ? [] : place.split('/');
  while (isRecord(at)) {
    const { type } = at;
    const through = typeof type === 'string' && Object.hasOwn(transparent, type) ? transparent[type] : undefined;
    if (through !== undefined) {
      at = at[through];
      path = joinPath(path, through);
      continue;
    }
    if (segments.length === 0) break;
    const [segment] = segments;
    const index = Number.parseInt(segment, 10);
    if (type === 'pushforward') {
      // Transports are counted from the base: the outermost of n is n − 1.
      const down = segment === 'base' ? pushes(at) : pushes(at) - 1 - index;
      if (!(down >= 0)) break;
      for (const key of [...Array<string>(down).fill('base'), ...(segment === 'base' ? [] : ['transport'])]) {
        at = (at as { readonly [key: string]: unknown })[key];
        path = joinPath(path, key);
      }
    } else if (type === 'compose' && Array.isArray(at.layers) && index < at.layers.length) {
      at = at.layers[index];
      path = `${joinPath(path, 'layers')}[${index}]`;
    } else if (type === 'repeat' && index >= 0) {
      at = at.layer;
      path = joinPath(path, 'layer');
    } else break;
    segments = segments.slice(1);
  }
  return { path, rest: segments.join('/') };
};

const built = <A extends { readonly spec: Json }>(a: A, build: (a: A) => unknown): E.Either<Failure, A> => {
  try {
    build(a);
    return E.right(a);
  } catch (e) {
    const { path: place, ...f } = toFailure('SpecError')(e);
    const { path, rest } = jsonPlace(a.spec, place);
    return E.left({ ...failure(f._tag, path, rest === '' ? f.message : `${rest}: ${f.message}`), ...details(f) });
  }
};

const details = (f: Omit<Failure, 'path'>): Pick<Failure, 'expected' | 'got'> => ({
  ...(f.expected === undefined ? {} : { expected: f.expected }),
  ...(f.got === undefined ? {} : { got: f.got }),
});

/** Builds a distribution's log-density (its sampler, where it has none) once, so that layers that do not fit are found when reading. */
export const distFits = (dist: AnyDist): E.Either<Failure, AnyDist> =>
  built(dist, (l) => D.runDraw(l.evidence === 'none' ? l.sample : l.logDensity(input('x', l.shape))));

/** Builds an objective's loss (on two events, where it is one of a batch) once. */
export const objectiveFits = (objective: AnyObjective<Shape>): E.Either<Failure, AnyObjective<Shape>> =>
  built(objective, (f) =>
    isBatchObjective(f)
      ? D.runDraw(f.batchLoss(input('batch', [2, ...f.shape])))
      : D.runDraw(f.loss(input('x', f.shape))),
  );
