/**
 * Gradients of one bound by four estimators, and their variances: what reparameterisation is worth (Kingma & Welling 2014, §2.2–2.4).
 *
 *     node dist-bench/bench/gradient-variance.js
 *
 * z ~ N(0, I), x | z ~ N(z, s² I), q(z) = N(μ, σ² I) in D dimensions, one sample each; the gradient is that by μ, averaged over coordinates. The reparameterised
 * gradient by one coordinate knows nothing of the others; the score function multiplies its noise by the whole bound.
 */
import { pipe } from 'fp-ts/lib/function.js';
import { conditional } from '../src/algebra/conditional.ts';
import { grad } from '../src/core/differentiate/index.ts';
import * as D from '../src/core/draw.ts';
import { type Expr, substitute, topological } from '../src/core/expr.ts';
import { evaluateProgram } from '../src/core/interpreters/reference/index.ts';
import * as o from '../src/core/ops/index.ts';
import { zeros } from '../src/core/parameters.ts';
import { noiseFeeds, program } from '../src/core/program.ts';
import * as Sc from '../src/core/scope.ts';
import { tensorOf } from '../src/core/tensor.ts';
import { vmapAll } from '../src/core/vectorize.ts';
import { normal, pushforward, standardNormal } from '../src/distributions/index.ts';
import { elbo, type Objective, scoreFunction, sgvb, stickingTheLanding } from '../src/inference/index.ts';
import { stochastic } from '../src/transports/index.ts';

/** Where the posterior stands: its scale, and how far its mean is from the true posterior's, in those scales. */
interface Setting {
  readonly dimensions: number;
  readonly scale: number;
  readonly away: number;
}

const NOISE = 0.5;
const RUNS = 20_000;

const distOf = (d: number, scale: number) => {
  const encoder = conditional(
    [d] as readonly [number],
    () => (scope) => normal([d], { loc: Sc.parameter('mu', [d], { init: zeros })(scope), scale }),
  );
  const decoder = conditional([d] as readonly [number], (z) => () => normal([d], { loc: z, scale: NOISE }));
  return pipe(standardNormal([d] as readonly [number]), pushforward(stochastic({ encoder, decoder })));
};

/** Mean and variance of the gradient by μ, averaged over its coordinates. */
const measured = (
  objective: Objective<readonly [number]>,
  d: number,
  mu: number,
): { mean: number; variance: number } => {
  const open = D.runDraw(objective.loss(o.constant(Array<number>(d).fill(1))));
  const leaves = topological([open]).filter((e): e is Expr => e.op === 'parameter');
  const one = leaves[0];
  const [loss] = substitute([open], new Map(leaves.map((e) => [e, one])));
  const p = program(vmapAll(() => grad(loss, [one]), { size: RUNS, fresh: () => true })(), 'float64');
  const at = Object.fromEntries(p.slots.flatMap((s) => (s.noise === undefined ? [[s.name, tensorOf(Array<number>(d).fill(mu))]] : []))); // biome-ignore format: one idea
  const [g] = evaluateProgram(p, { ...at, ...noiseFeeds(p, { seed: 1 }) });
  let [mean, variance] = [0, 0];
  for (let j = 0; j < d; j++) {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < RUNS; i++) {
      const v = Number(g.data[i * d + j]);
      sum += v;
      squares += v * v;
    }
    mean += sum / RUNS / d;
    variance += (squares / RUNS - (sum / RUNS) ** 2) / d;
  }
  return { mean, variance };
};

const estimators = {
  'reparameterised (elbo)': elbo,
  'closed-form KL (sgvb)': sgvb(),
  'sticking the landing': stickingTheLanding(1),
  'score function': scoreFunction(),
  'score function, 2 samples, leave one out': scoreFunction({ samples: 2, baseline: 'leaveOneOut' }),
};

const settings: readonly Setting[] = [
  { dimensions: 1, scale: 0.2, away: 0 },
  { dimensions: 1, scale: 0.2, away: 3 },
  { dimensions: 1, scale: 0.2, away: 6 },
  { dimensions: 20, scale: 0.45, away: 1 },
];
for (const { dimensions, scale, away } of settings) {
  const dist = distOf(dimensions, scale);
  const mu = 1 / (1 + NOISE * NOISE) - away * scale;
  console.log(`\nD = ${dimensions}, σ = ${scale}, μ ${away} σ from the posterior's mean`);
  console.log(`${'estimator'.padEnd(42)}${'mean'.padStart(10)}${'variance'.padStart(14)}${'× elbo'.padStart(12)}`);
  const base = measured(elbo(dist), dimensions, mu).variance;
  for (const [name, estimator] of Object.entries(estimators)) {
    const { mean, variance } = measured(estimator(dist), dimensions, mu);
    const cells = [mean.toFixed(3).padStart(10), variance.toPrecision(4).padStart(14), (variance / base).toPrecision(3).padStart(12)]; // biome-ignore format: a row
    console.log(name.padEnd(42) + cells.join(''));
  }
}
