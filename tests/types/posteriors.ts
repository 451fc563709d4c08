/** Compile-time tests of kernels and posteriors: what must type-check, and what must not (`@ts-expect-error`). Nothing here runs. */
import { pipe } from 'fp-ts/lib/function.js';
import type { Bound, Unnormalised } from '../../src/algebra/index.ts';
import { affine } from '../../src/bijectors/index.ts';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { runRandom } from '../../src/core/random.ts';
import {
  bernoulli,
  categorical,
  type Dist,
  energy as energyOf,
  halfNormal,
  normal,
  poisson,
  pushforward,
  rbm,
  restrict,
  standardNormal,
} from '../../src/distributions/index.ts';
import { joint, type Objective, posterior, site, variationalPosterior } from '../../src/inference/index.ts';
import {
  adapted,
  alternate,
  gibbs,
  hmc,
  kernelMixture,
  logDensityOf,
  mala,
  metropolisHastings,
  nuts,
  parallelTempering,
  randomWalk,
  runChains,
  temper,
  ula,
  underdamped,
} from '../../src/mcmc/index.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <A, B>(_holds: Equal<A, B>): void => undefined;

declare const energy: <const S extends readonly number[]>(shape: S) => Dist<S, Unnormalised>;
declare const bounded: Dist<readonly [2], Bound>;

// ── a joint distribution knows its names and shapes ────────────────────────────────────────────────────────────────────────────
const model = pipe(
  joint,
  site('mu', () => normal([])),
  site('tau', () => halfNormal([])),
  site('theta', ({ mu, tau }) => normal([8], { loc: mu, scale: tau })),
  site('y', ({ theta }) => normal([8], { loc: theta })),
);
const target = posterior(model, { y: [1, 2, 3, 4, 5, 6, 7, 8] });
is<(typeof target.latents)['theta'], readonly [8]>(true);
is<(typeof target.latents)['mu'], readonly []>(true);
export const named = (z: Expr): Expr => target.constrain(z).tau;
export const dist: Dist<readonly [number], Unnormalised> = target;
export const objective: Objective<readonly [1]> = variationalPosterior(
  pipe(standardNormal([10]), pushforward(affine())),
  target,
);

// ── kernels are words that are swapped ────────────────────────────────────────────────────────────────────────────────
export const runs = [
  runChains({ target, kernel: adapted(nuts) }),
  runChains({ target, kernel: adapted((t) => hmc({ ...t, steps: 5 })) }),
  runChains({ target: energy([2]), kernel: adapted(mala) }),
  runChains({ target: normal([2]), kernel: ula({ stepSize: 0.1 }) }),
  runChains({ target: normal([2]), kernel: () => gibbs([(x) => (c) => [x, c]]) }),
];

// ── what needs no gradient walks on discrete distributions too ─────────────────────────────────────────────────────────────────
const flips = bernoulli([3]);
const machine = rbm([3], { hidden: 2 });
const cells = restrict({ kind: 'integers', low: 0, high: 3 })(energyOf([2]));
const boxed = restrict({ kind: 'interval', low: 0, high: 3 })(energyOf([2]));
const real = rbm([3], { hidden: 2, visible: 'normal' });
export const walks = [
  runChains({ target: flips, kernel: randomWalk({ stepSize: 1 }) }),
  runChains({ target: machine, kernel: () => gibbs([(x) => (c) => [x, c]]) }),
  runChains({ target: cells, kernel: metropolisHastings({ propose: (x) => (c) => [x, c] }) }),
  runChains({
    target: cells,
    kernel: parallelTempering({ ladder: [1, 0.5], kernel: () => randomWalk({ stepSize: 1 }) }),
  }),
  runChains({ target: boxed, kernel: adapted(nuts) }),
  runChains({ target: real, kernel: adapted(mala) }),
];
export const hot = randomWalk({ stepSize: 1 })(temper(0.5)(logDensityOf(flips)));
export const mixed = kernelMixture([hot, gibbs([(x) => (c) => [x, c]])], [1, 1]);

// ── states and infos of kernels in kernels are typed ─────────────────────────────────────────────────────────────────
const smooth = logDensityOf(normal([2]));
const both = alternate(
  adapted((t) => hmc({ ...t, steps: 5 }))(smooth),
  underdamped({ stepSize: 0.1, friction: 1 })(smooth),
);
export const inside = (x: Expr): readonly Expr[] => {
  const state = both.init(x);
  const { info } = runRandom(both.step(state));
  return [state.kernels[0].learned.averaging.logStep, state.kernels[0].kernel.gradient, state.kernels[1].momentum, info[0].stepSize, info[1].gradients];
}; // biome-ignore format: one list
// @ts-expect-error there are two kernels
export const third = (x: Expr) => both.init(x).kernels[2];
// @ts-expect-error what the first kernel keeps has no momentum
export const still = (x: Expr) => both.init(x).kernels[0].momentum;
// @ts-expect-error Langevin accepts everything and says nothing of it
export const accepted = (x: Expr) => runRandom(both.step(both.init(x))).info[1].acceptance;

// ── misuses ───────────────────────────────────────────────────────────────────────────────────────────────────────────
// @ts-expect-error no quantity of this name
posterior(model, { z: [1] });
pipe(
  joint,
  // @ts-expect-error a site may only depend on those before it
  site('y', ({ mu }) => normal([], { loc: mu })),
);
// @ts-expect-error what is observed is no latent
export const observed = (z: Expr): Expr => target.constrain(z).y;
// @ts-expect-error a bound is no density: chains on it would sample something else
runChains({ target: bounded, kernel: adapted(nuts) });
// @ts-expect-error a guide must be sampled
variationalPosterior(energy([2]), energy([2] as readonly number[] as readonly [number]));
// @ts-expect-error a kernel that accepts everything has no acceptance to tune
adapted(ula);
// @ts-expect-error HMC needs a number of steps
adapted(hmc);
// @ts-expect-error a step size is a number or an expression
nuts({ stepSize: 'small' });
// @ts-expect-error a distribution is not a log-density: logDensityOf makes one
hmc({ stepSize: 0.1, steps: 3 })(normal([2]));
export const right = hmc({ stepSize: o.scalar(0.1), steps: 3 })(logDensityOf(normal([2])));
// @ts-expect-error coin flips have no gradient to follow
hmc({ stepSize: 0.1, steps: 3 })(logDensityOf(flips));
// @ts-expect-error nor have counts
mala({ stepSize: 0.1 })(logDensityOf(poisson([2], { rate: 3 })));
// @ts-expect-error nor has a class
underdamped({ stepSize: 0.1, friction: 1 })(logDensityOf(categorical([2], { logits: [0, 1] })));
// @ts-expect-error nor have binary units
runChains({ target: machine, kernel: adapted(nuts) });
// @ts-expect-error nor has an energy on integers
runChains({ target: cells, kernel: ula({ stepSize: 0.1 }) });
// @ts-expect-error a tempered discrete distribution is discrete
nuts({ stepSize: 0.1 })(temper(0.5)(logDensityOf(machine)));
// @ts-expect-error replicas follow gradients too
parallelTempering({ ladder: [1, 0.5], kernel: () => mala({ stepSize: 0.1 }) })(logDensityOf(flips));
