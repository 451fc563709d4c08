/** Compile-time tests of score matching: what each estimator takes. Nothing here runs. */
import { pipe } from 'fp-ts/lib/function.js';
import type { Denoises } from '../../src/algebra/index.ts';
import { shiftScale } from '../../src/bijectors/index.ts';
import { type Dist, energy, pushforward, standardNormal } from '../../src/distributions/index.ts';
import {
  denoisingScoreMatching,
  denoisingScoreMatchingAt,
  gaussian,
  maximumLikelihood,
  type Objective,
  rademacher,
  scoreMatching,
  scoreNetwork,
  slicedScoreMatching,
  sphere,
  varianceReducedSlicedScoreMatching,
} from '../../src/inference/index.ts';
import { resMlp } from '../../src/nn/index.ts';
import { diffusion, predict, subVp, ve, vp } from '../../src/sde/index.ts';
import { dequantise } from '../../src/transports/index.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <A, B>(_holds: Equal<A, B>): void => undefined;

const bumps = energy([2]);
const field = scoreNetwork([2]);

// Energies and fields have scores; the shape goes through.
is<ReturnType<typeof ofEnergy>, Objective<readonly [2]>>(true);
const ofEnergy = () => scoreMatching(bumps);
scoreMatching(field);
denoisingScoreMatchingAt(0.1)(bumps);
slicedScoreMatching({ projection: sphere })(field);
varianceReducedSlicedScoreMatching({ projection: rademacher })(field);
varianceReducedSlicedScoreMatching({ projection: gaussian, projections: 3 })(bumps);

// @ts-expect-error: the sphere's second moment is I/D, and the second term is not sliced
varianceReducedSlicedScoreMatching({ projection: sphere });
// @ts-expect-error: a network is no score of a distribution
scoreMatching(resMlp([8]));

// One-word swaps: processes and predictions.
const denoisers = [vp(), subVp(), ve()].map((p) => predict('noise', p, resMlp([8]), { shape: [2] }));
denoisers.map((d) => denoisingScoreMatching(d));
denoisingScoreMatching(predict('velocity', vp(), resMlp([8]), { shape: [2] }));

// A diffusion distribution denoises under whatever it is pushed through.
const dist = diffusion(predict('data', vp(), resMlp([8]), { shape: [2] }));
const levels = pipe(dist, pushforward(shiftScale({ shift: [-1, -1], scale: [2, 2] })), pushforward(dequantise()));
const stays: Dist<readonly [2], Denoises> = levels;
is<ReturnType<typeof ofLevels>, Objective<readonly [2]>>(true);
const ofLevels = () => denoisingScoreMatching(levels);
// @ts-expect-error: a normal distribution has no denoiser
denoisingScoreMatching(standardNormal([2]));
// @ts-expect-error: a diffusion distribution has no exact density for maximum likelihood
maximumLikelihood(dist);

void stays;
