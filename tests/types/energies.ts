/** Compile-time tests of distributions known up to a constant: what they lack cannot be asked of them. Nothing here runs. */
import type { Estimated, Exact, Samples, Unnormalised } from '../../src/algebra/index.ts';
import { bernoulli, type Dist, energy, enumerated, map, normal, productOfExperts, rbm, restrict, standardNormal, tempered } from '../../src/distributions/index.ts'; // biome-ignore format: one line
import {
  annealedImportanceSampling,
  type BatchObjective,
  blockGibbs,
  contrastiveDivergence,
  denoisingScoreMatchingAt,
  elbo,
  evaluate,
  maximumLikelihood,
  noiseContrastive,
  normalised,
  type Objective,
  persistentContrastiveDivergence,
  run,
  sampledBy,
} from '../../src/inference/index.ts';
import { mala } from '../../src/mcmc/index.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <A, B>(_holds: Equal<A, B>): void => undefined;

declare const parameters: Parameters<typeof run>[1];
declare const backend: Parameters<typeof run>[2];
declare const data: Parameters<typeof evaluate>[1];

const bumps = energy([2]);
is<typeof bumps, Dist<readonly [2], Unnormalised>>(true);
const tilted = productOfExperts([normal([2]), bumps]);
is<typeof tilted, Dist<readonly [2], Unnormalised>>(true);
const flat = tempered(0.5)(normal([2]));
is<typeof flat, Dist<readonly [2], Unnormalised>>(true);
const spins = restrict({ kind: 'integers', low: 0, high: 1 })(energy([3]));
const machine = rbm([3], { hidden: 2 });
const exact = enumerated(machine);
is<typeof exact, Dist<readonly [3], Exact & Samples>>(true);
const chained = sampledBy({ kernel: mala({ stepSize: 0.1 }), steps: 10 })(bumps);
const estimated = normalised({ logZ: 1, evidence: 'estimated' })(bumps);
is<typeof estimated, Dist<readonly [2], Estimated>>(true);

// ── what takes them ───────────────────────────────────────────────────────────────────────────────────────────────────
const kernel = mala({ stepSize: 0.1 });
export const plain: readonly Objective<readonly [2]>[] = [
  contrastiveDivergence({ kernel })(tilted),
  denoisingScoreMatchingAt(0.1)(tilted),
  noiseContrastive({ noise: standardNormal([2]) })(tilted),
];
export const carrying: BatchObjective<readonly [2]> = persistentContrastiveDivergence({ kernel, buffer: 10 })(tilted);
export const exactGradient: Objective<readonly [3]> = maximumLikelihood(exact);
export const lattice: Objective<readonly [3]> = maximumLikelihood(enumerated(spins));
export const gibbs = contrastiveDivergence({ kernel: blockGibbs() })(machine);
export const samples = () => run(chained, parameters, backend).sample(3, 0);
export const upToAConstant = () => run(bumps, parameters, backend).unnormalisedLogDensity;
export const judged = () => evaluate(run(estimated, parameters, backend), data);
export const annealed = annealedImportanceSampling({ from: standardNormal([2]), to: tilted, kernel });

// ── misuses ───────────────────────────────────────────────────────────────────────────────────────────────────────────
// @ts-expect-error an energy has no exact density
maximumLikelihood(bumps);
// @ts-expect-error nor has one whose log Z was estimated, or found at other parameters
maximumLikelihood(estimated);
// @ts-expect-error it has no bound either
elbo(tilted);
// @ts-expect-error it has no sampler
run(bumps, parameters, backend).sample(3, 0);
// @ts-expect-error a chain gives samples and still no normalised density
evaluate(run(chained, parameters, backend), data);
// @ts-expect-error nothing says −log p of a distribution known up to a constant
evaluate(run(tilted, parameters, backend), data);
// @ts-expect-error what cannot be sampled has no image
map((x) => x, [2])(bumps);
// @ts-expect-error a continuous energy has no states to sum over
enumerated(bumps);
// @ts-expect-error annealing starts from a distribution that is known
annealedImportanceSampling({ from: bumps, to: tilted, kernel });
// @ts-expect-error noise has an exact density
noiseContrastive({ noise: bumps })(tilted);
// @ts-expect-error noise has events of the distribution's shape
noiseContrastive({ noise: standardNormal([3]) })(tilted);
// @ts-expect-error experts have events of one shape
productOfExperts([normal([2]), energy([3])]);
// @ts-expect-error a kernel is no step size
contrastiveDivergence({ kernel: 0.1 });
// @ts-expect-error the buffer is said
persistentContrastiveDivergence({ kernel });
// @ts-expect-error a machine is no bernoulli distribution
export const wrong: Dist<readonly [3], Exact> = machine;
export const right: Dist<readonly [3], Exact> = bernoulli([3]);
