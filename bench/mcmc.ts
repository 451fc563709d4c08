/**
 * Effective draws by kernel: a second, and a gradient.   npx tsc -p tsconfig.bench.json && node dist-bench/bench/mcmc.js
 *
 * The smallest bulk effective size over coordinates (Vehtari et al. 2021) after warm-up. Debian packages no peer with NUTS, so the
 * figure to compare with publications is draws a gradient: it does not depend on the machine.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { truncate } from '../src/distributions/index.ts';
import {
  adapted,
  cauchy,
  type Dist,
  hmc,
  joint,
  mala,
  normal,
  nuts,
  onnx,
  ops,
  posterior,
  quantities,
  type RunChainsOptions,
  run,
  runChains,
  site,
  summaries,
  type Tensor,
  type Unnormalised,
} from '../src/index.ts';

type Target = Dist<readonly [number], Unnormalised>;

const schools = posterior(
  pipe(
    joint,
    site('mu', () => normal([], { scale: 5 })),
    site('tau', () => truncate({ low: 0 })(cauchy([], { scale: 5 }))),
    site('eta', () => normal([8])),
    site('y', ({ mu, tau, eta }) =>
      normal([8], { loc: ops.add(mu, ops.mul(tau, eta)), scale: [15, 10, 16, 11, 9, 11, 10, 18] }),
    ),
  ),
  { y: [28, 8, -3, 7, -1, 1, 18, 12] },
);
const scales = Array.from({ length: 50 }, (_, i) => 10 ** (-1 + (2 * i) / 49));

const targets: Readonly<Record<string, { readonly dist: Target; readonly read?: (x: Tensor) => Promise<Tensor> }>> = {
  'standard normal, 100-D': { dist: normal([100]) as unknown as Target },
  'normal, 50-D, scales 0.1–10': { dist: normal([50], { scale: scales }) as unknown as Target },
  'eight schools, non-centred': {
    dist: schools,
    read: async (x) =>
      (await quantities(schools, x, ({ mu, tau, eta }) => ({ all: ops.concat([ops.reshape(mu, [1]), ops.reshape(tau, [1]), eta]) }))).all, // biome-ignore format: one line
  },
};
const kernels: Readonly<Record<string, RunChainsOptions<readonly [number]>['kernel']>> = {
  nuts: adapted(nuts, { steps: 500 }),
  'hmc, 10 steps, jitter 0.2': adapted((t) => hmc({ ...t, steps: 10, jitter: 0.2 }), { steps: 500 }),
  mala: adapted(mala, { steps: 2000, target: 0.574 }),
};
const [chains, samples] = [16, 1000];

console.log(`${chains} chains, ${samples} draws each after warm-up, onnx-cpu, float32\n`);
console.log('| target | kernel | least bulk ESS | R-hat | gradients a draw | ESS a gradient | ESS a second |');
console.log('|---|---|---:|---:|---:|---:|---:|');
for (const [name, { dist, read }] of Object.entries(targets))
  for (const [kernel, sampler] of Object.entries(kernels)) {
    // seconds of sampling alone: from the first draw kept to the last
    let [from, to] = [0, 0];
    const ran = await runChains({
      target: dist,
      kernel: sampler,
      chains,
      samples,
      seed: 1,
      onProgress: ({ stage }) => {
        to = performance.now();
        if (stage === 'warm-up') from = to;
      },
    })();
    if (isLeft(ran)) throw new Error(ran.left.message);
    const { samples: drawn, gradients = 0 } = ran.right;
    const rows = summaries({ x: read === undefined ? drawn : await read(drawn) });
    const least = Math.min(...rows.map((r) => r.bulk));
    const worst = Math.max(...rows.map((r) => r.rHat));
    const figures = [
      least.toFixed(0),
      worst.toFixed(3),
      (gradients / (chains * samples)).toFixed(1),
      (least / gradients).toPrecision(2),
      (least / ((to - from) / 1000)).toFixed(0),
    ];
    console.log(`| ${name} | ${kernel} | ${figures.join(' | ')} |`);
  }

// A step size and a mass that nobody tuned: the errors of the kernel alone, as https://github.com/nsiccha/NUTS.jl publishes them for Stan and its kin.
const [many, draws, size] = [100, 1000, 100];
const round = normal([size]);
const drawn = await run(round, {}, onnx('cpu')).sample(many, 2);
const fixed = await runChains({ target: round, kernel: nuts({ stepSize: 1 }), chains: many, samples: draws, initial: drawn, seed: 1 })(); // biome-ignore format: one run
if (isLeft(fixed)) throw new Error(fixed.left.message);
const { samples: chain, gradients: leapfrogs = 0 } = fixed.right;
const moments = Array.from({ length: many * size }, (_, k) => {
  const column = Array.from({ length: draws }, (_, t) => chain.data[(Math.floor(k / size) * draws + t) * size + (k % size)]);
  const mean = column.reduce((a, x) => a + x / draws, 0);
  return { mean, excess: column.reduce((a, x) => a + (x - mean) ** 2 / (draws - 1), 0) - 1 };
}); // biome-ignore format: one idea
/** The Euclidean norm over coordinates, averaged over chains. */
const norm = (f: (m: (typeof moments)[number]) => number): number =>
  Array.from({ length: many }, (_, c) => Math.hypot(...moments.slice(c * size, (c + 1) * size).map(f))).reduce((a, x) => a + x / many, 0); // biome-ignore format: one idea
console.log(
  `\nstandard normal, ${size}-D, NUTS at step size 1, ${many} chains of ${draws} draws from the distribution itself`,
);
console.log(`gradients a draw ${(leapfrogs / (many * draws)).toFixed(1)}, error of the mean ${norm((m) => m.mean).toFixed(3)}, of the variance ${norm((m) => m.excess).toFixed(2)}`); // biome-ignore format: one line
