import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, distribution } from '../algebra/dist.ts';
import type { Unnormalised } from '../algebra/evidence.ts';
import * as D from '../core/draw.ts';
import { neg } from '../core/ops/elementwise.ts';
import type { Shape } from '../core/shape.ts';
import { mlp } from '../nn/mlp.ts';
import type { Network } from '../nn/network.ts';

/**
 * An energy: log p(x) = −E(x) − log Z nats with E(x) from a network and log Z unknown, so `logDensity` gives −E(x) and its evidence is
 * `unnormalised` (LeCun et al. 2006; Du & Mordatch 2019, arXiv:1903.08689). There is no sampler: `maximumLikelihood`, `elbo` and `run(…).sample` of it
 * do not compile; contrastive divergence, score matching and noise-contrastive estimation train it, Markov kernels sample it, annealed importance
 * sampling finds log Z. Nothing makes exp(−E) integrable on its own: {@link productOfExperts} with a normal distribution, or `restrict` to a box, does. The
 * network reads an event of the shape and gives one number, at the place `energy`. Cost: one pass.
 *
 * @example
 * const bumps = energy([2], mlp([64, 64], { activation: 'silu', zeroLast: false }));
 * const proper = productOfExperts([normal([2], { scale: 2 }), bumps]);   // N(0, 4) e^{−E}: integrable where E is bounded below
 */
export const energy = <const S extends Shape>(
  shape: S,
  network: Network = mlp([64, 64], { activation: 'silu', zeroLast: false }),
): Dist<S, Unnormalised> =>
  distribution<S, Unnormalised>({
    shape,
    spec: { type: 'energy', shape, network: network.spec },
    evidence: 'unnormalised',
    logDensity: (x) => pipe(D.at('energy', D.fromScoped(network.apply(x, []))), D.map(neg)),
  });
