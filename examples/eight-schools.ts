/**
 * Eight schools, centred and non-centred, by NUTS; and the same posterior by a flow.   npm run example eight-schools
 *
 * Rubin (1981): the effect of coaching on test scores in eight schools, each with its standard error. The model is a joint distribution of named quantities; the
 * posterior is a distribution over real numbers, so kernels and guides are interchangeable.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import {
  adam,
  adapted,
  affineCoupling,
  cauchy,
  compose,
  cosine,
  fit,
  joint,
  mlp,
  noData,
  normal,
  nuts,
  onnx,
  ops,
  posterior,
  pushforward,
  quantities,
  repeat,
  reverse,
  run,
  runChains,
  showChains,
  showSummaries,
  site,
  standardNormal,
  summaries,
  truncate,
  variationalPosterior,
} from 'pushforward';

const y = [28, 8, -3, 7, -1, 1, 18, 12];
const errors = [15, 10, 16, 11, 9, 11, 10, 18];

// What both versions share: μ ~ N(0, 5²), τ ~ half-Cauchy(5).
const population = pipe(
  joint,
  site('mu', () => normal([], { scale: 5 })),
  site('tau', () => truncate({ low: 0 })(cauchy([], { scale: 5 }))),
);

// θ ~ N(μ, τ²) as it is written …
const centred = pipe(
  population,
  site('theta', ({ mu, tau }) => normal([8], { loc: mu, scale: tau })),
  site('y', ({ theta }) => normal([8], { loc: theta, scale: errors })),
);
// … and as θ = μ + τ η, whose posterior has no funnel.
const nonCentred = pipe(
  population,
  site('eta', () => normal([8])),
  site('y', ({ mu, tau, eta }) => normal([8], { loc: ops.add(mu, ops.mul(tau, eta)), scale: errors })),
);

const wide = posterior(centred, { y });
const hard = await runChains({ target: wide, kernel: adapted(nuts, { steps: 500 }), samples: 500, seed: 1 })();
if (isLeft(hard)) throw new Error(hard.left.message);
console.log(`Centred: ${showChains(hard.right)}`);
console.log(showSummaries(summaries(await quantities(wide, hard.right.samples))));

const target = posterior(nonCentred, { y });
const chains = await runChains({
  target,
  kernel: adapted(nuts, { steps: 500, target: 0.95 }),
  samples: 1000,
  seed: 1,
})();
if (isLeft(chains)) throw new Error(chains.left.message);
const named = await quantities(target, chains.right.samples, ({ mu, tau, eta }) => ({
  mu,
  tau,
  theta: ops.add(mu, ops.mul(tau, eta)),
}));
console.log(`\nNon-centred: ${showChains(chains.right)}`);
console.log(showSummaries(summaries(named)));

// The same posterior by variational inference, with a flow as the guide: another word, the same target.
const guide = pipe(
  standardNormal([10]),
  pushforward(repeat(4, compose(affineCoupling({ conditioner: mlp([32]) }), reverse()))),
);
const fitted = await fit({
  objective: variationalPosterior(guide, target),
  data: noData(),
  optimizer: adam({ learningRate: cosine(0.005, 1000) }),
  steps: 1000,
  batchSize: 128,
})();
if (isLeft(fitted)) throw new Error(fitted.left.message);
const drawn = await run(guide, fitted.right.parameters, onnx('cpu')).sample(4000, 0);
const byFlow = await quantities(target, { ...drawn, shape: [4, 1000, 10] }, ({ mu, tau }) => ({ mu, tau }));
console.log(`\nA flow, log p(y) ≥ ${(-(fitted.right.history.at(-1)?.loss ?? Number.NaN)).toFixed(2)} nats`);
console.log(showSummaries(summaries(byFlow)));
