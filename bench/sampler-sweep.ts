/**
 * `npm run bench:samplers`: every sampler on every process with the *exact* score of eight Gaussians, so that what is seen is the error of the sampler alone: sliced
 * W₂ to the distribution against the number of evaluations of the score. Writes its tables into docs/maintainers/diffusion.md.
 *
 *   npm run bench:samplers                       the whole sweep, into docs/maintainers/diffusion.md
 *   npm run bench:samplers -- --only vp --print  one process, to the terminal
 *
 * The distance is the root mean, over 64 directions, of W₂² between the projected samples and the projected distribution, whose quantiles are known (a mixture of eight normal
 * distributions on the line). The floor is what as many fresh points of the distribution itself score.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as E from 'fp-ts/lib/Either.js';
import { PushforwardError } from '../src/core/errors.ts';
import { onnx } from '../src/core/interpreters/onnx/index.ts';
import * as o from '../src/core/ops/index.ts';
import { generator, keyOf } from '../src/core/prng.ts';
import { program } from '../src/core/program.ts';
import { vmapAll } from '../src/core/vectorize.ts';
import { mixture, normal } from '../src/distributions/index.ts';
import { dormandPrince, heun, rk4, solveAdaptive } from '../src/dynamics/index.ts';
import {
  ancestral,
  type Denoiser,
  type DiffusionSampler,
  ddim,
  dpmSolver,
  edm,
  edmHeun,
  eulerMaruyama,
  exactDenoiser,
  flowField,
  flowSampler,
  type Grid,
  karrasGrid,
  langevinCorrector,
  logSnrGrid,
  type Process,
  predictorCorrector,
  reverseDiffusion,
  runSampler,
  stochasticHeun,
  subVp,
  uniformGrid,
  ve,
  vp,
} from '../src/sde/index.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    points: { type: 'string', default: '4096' },
    print: { type: 'boolean', default: false },
    threads: { type: 'string', default: '1' },
  },
});
const POINTS = Number(values.points);
const backend = onnx('cpu', { threads: Number(values.threads) });
const BUDGETS = [10, 20, 35, 50, 100, 200, 1000];
const SEEDS = 6;
/** Samplers that draw no noise of their own. */
const deterministic = (s: DiffusionSampler<'signal'>): boolean => s.reversible || s.spec.type === 'dpmSolver';

/** Eight Gaussians of deviation ½ on a circle of radius 4, scaled to unit variance in each coordinate. */
const scale = 1 / Math.sqrt(4 ** 2 / 2 + 0.5 ** 2);
const [radius, deviation] = [4 * scale, 0.5 * scale];
const centres = Array.from({ length: 8 }, (_, k) => [radius * Math.cos((k * Math.PI) / 4), radius * Math.sin((k * Math.PI) / 4)]); // biome-ignore format: one line
const dist = mixture({
  logits: new Array<number>(8).fill(0),
  components: centres.map((loc) => normal([2], { loc, scale: deviation })),
});

const DIRECTIONS = Array.from({ length: 64 }, (_, k) => [Math.cos((k * Math.PI) / 64), Math.sin((k * Math.PI) / 64)]);
const mean = (v: ArrayLike<number>): number => Array.from(v).reduce((a, b) => a + b, 0) / v.length;

/** Quantiles (i + ½)/n of the distribution projected on a direction. */
const quantilesOf = (() => {
  const xs = Array.from({ length: 6001 }, (_, i) => -3 + i / 1000);
  const known = new Map<number, Float64Array>();
  return (direction: number): Float64Array => {
    const found = known.get(direction);
    if (found !== undefined) return found;
    const [c, s] = DIRECTIONS[direction];
    const cdf = xs.map((x) => mean(centres.map(([a, b]) => normalCdf((x - c * a - s * b) / deviation))));
    const out = new Float64Array(POINTS);
    for (let i = 0, j = 0; i < POINTS; i++) {
      const u = (i + 0.5) / POINTS;
      while (cdf[j + 1] < u) j++;
      out[i] = xs[j] + ((u - cdf[j]) / (cdf[j + 1] - cdf[j])) * (xs[j + 1] - xs[j]);
    }
    known.set(direction, out);
    return out;
  };
})();

function normalCdf(z: number): number {
  // Marsaglia 2004: a series that is exact to rounding for the |z| that count here.
  if (z < -8) return 0;
  if (z > 8) return 1;
  let [sum, term] = [z, z];
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum) && k < 400; k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return 0.5 + (sum * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI);
}

const distance = (points: ArrayLike<number>): number =>
  Math.sqrt(
    mean(
      DIRECTIONS.map(([c, s], k) => {
        const along = Float64Array.from({ length: POINTS }, (_, i) => c * points[2 * i] + s * points[2 * i + 1]).sort();
        const truth = quantilesOf(k);
        return mean(along.map((x, i) => (x - truth[i]) ** 2));
      }),
    ),
  );

/** The distance of as many fresh points of the distribution: root mean square and spread over 16 sets. */
const floor = (() => {
  const found = Array.from({ length: 16 }, (_, seed) => {
    const g = generator(keyOf(seed + 1));
    return distance(
      Float64Array.from({ length: POINTS }, () => g.integer(8)).reduce(
        (out, k, i) => {
          out[2 * i] = centres[k][0] + deviation * g.normal();
          out[2 * i + 1] = centres[k][1] + deviation * g.normal();
          return out;
        },
        new Float64Array(2 * POINTS),
      ),
    );
  });
  const level = Math.sqrt(mean(found.map((v) => v * v)));
  return { level, spread: Math.sqrt(mean(found.map((v) => (v - level) ** 2))) };
})();

interface Method {
  readonly name: string;
  readonly sampler: DiffusionSampler<'signal'>;
  /** `t`: steps uniform in t (in σ by ρ = 7 for EDM, whose time is σ). */
  readonly grid: 't' | 'λ' | 'ρ';
}

const pc = predictorCorrector<'signal'>({
  corrector: langevinCorrector({ snr: 0.16 }),
  predictor: reverseDiffusion(),
});
const methods: readonly Method[] = [
  { name: 'Euler–Maruyama', sampler: eulerMaruyama(), grid: 't' },
  { name: 'stochastic Heun', sampler: stochasticHeun(), grid: 't' },
  { name: 'reverse diffusion', sampler: reverseDiffusion(), grid: 't' },
  { name: 'predictor–corrector', sampler: pc, grid: 't' },
  { name: 'ancestral (β̃)', sampler: ancestral(), grid: 'λ' },
  { name: 'ancestral (β)', sampler: ancestral({ variance: 'large' }), grid: 'λ' },
  { name: 'DDIM η = ½', sampler: ddim({ eta: 0.5 }), grid: 'λ' },
  { name: 'DDIM', sampler: ddim(), grid: 'λ' },
  { name: 'flow, Heun', sampler: flowSampler({ solver: heun() }), grid: 'λ' },
  { name: 'flow, RK4', sampler: flowSampler({ solver: rk4() }), grid: 'λ' },
  { name: 'EDM Heun', sampler: edmHeun(), grid: 'ρ' },
  { name: 'EDM Heun, log-SNR', sampler: edmHeun(), grid: 'λ' },
  { name: 'EDM Heun, γ = 0.1', sampler: edmHeun({ churn: 0.1 }), grid: 'ρ' },
  { name: 'DPM-Solver++(2M)', sampler: dpmSolver(), grid: 'λ' },
];

/** All stop where σ/α is about 0.01, so that what is left for the last denoising is the same. */
const processes: { readonly [name: string]: Process<'signal'> } = {
  vp: vp(),
  subVp: subVp({ start: 0.027 }),
  ve: ve({ sigmaMin: 0.01, sigmaMax: 10 }),
  edm: edm({ sigmaMin: 0.01, sigmaMax: 20 }),
};

const gridOf = (kind: Method['grid'], process: Process, steps: number): Grid =>
  kind === 'λ'
    ? logSnrGrid(steps)
    : kind === 'ρ' || process.spec.type === 'edm'
      ? karrasGrid(steps)
      : uniformGrid(steps);

const score = async (
  denoiser: Denoiser<readonly number[], 'signal'>,
  sampler: Method['sampler'],
  grid: Grid,
  seed = 0,
): Promise<number> => {
  const drawn = await runSampler({ denoiser, sampler, grid, n: POINTS, rows: POINTS, block: 100, seed, backend })();
  if (E.isLeft(drawn)) throw new PushforwardError(drawn.left);
  return distance(drawn.right.data);
};

/** Dormand–Prince chooses its steps: its distance, and the evaluations that a point cost on average. */
const adaptive = async (denoiser: Denoiser<readonly number[], 'signal'>, tolerance: number) => {
  const { start, end } = denoiser.process.span;
  const options = { rtol: tolerance, atol: tolerance };
  const w2 = await score(denoiser, flowSampler({ solver: dormandPrince(options) }), uniformGrid(1));
  const g = generator(keyOf(7));
  const x = Float32Array.from({ length: 512 }, () => denoiser.process.priorScale * g.normal());
  const [tried] = vmapAll((v) => {
    const field = flowField(denoiser, { path: '' });
    return [solveAdaptive(([z], t) => [field(z, t)], options)([v], o.scalar(end), o.scalar(start)).tried];
  })(o.input('x', [256, 2]));
  const executable = await backend.compile(program([tried], 'float32'));
  const [steps] = await executable.run({ x: { shape: [256, 2], type: 'float32', data: x } });
  await executable.dispose();
  return { w2, evaluations: 6 * mean(steps.data) + 2 };
};

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const shown = (w2: number): string => {
  const text = w2.toFixed(3);
  return w2 <= floor.level + 2 * floor.spread ? `**${text}**` : text;
};

const out: string[] = [
  `Made by \`npm run bench:samplers\`: ${POINTS} samples, single precision, the same seed everywhere; every run ends with the last denoising, which is counted. The floor, for as many fresh points of the distribution, is ${floor.level.toFixed(3)} ± ${floor.spread.toFixed(3)}; what is not above it by two spreads is in bold. Steps are uniform in t (Euler–Maruyama, stochastic Heun, reverse diffusion, predictor–corrector; ρ = 7 for EDM), in log-SNR, or by ρ = 7 in σ/α (EDM Heun).`,
];
const headline: string[] = [];
const levels = new Map<string, { readonly heun: number; readonly euler: number }>();
for (const [name, process] of Object.entries(processes)) {
  if (values.only !== undefined && !values.only.includes(name)) continue;
  const denoiser = exactDenoiser(process, dist);
  out.push('', `**${name}** \`${JSON.stringify(process.spec)}\``, '');
  out.push(line(['sampler', ...BUDGETS.map((b) => `${b}`)]), line(['---', ...BUDGETS.map(() => '---:')]));
  for (const { name: method, sampler, grid } of methods) {
    const row: number[] = [];
    for (const budget of BUDGETS) {
      // Deterministic samplers have converged by then: their last number would be that before it.
      if (budget === 1000 && deterministic(sampler)) break;
      const steps = Math.floor((budget - 1) / sampler.evaluations);
      row.push(await score(denoiser, sampler, gridOf(grid, process, steps)));
      console.error(name, method, budget, row[row.length - 1].toFixed(4));
    }
    out.push(line([method, ...BUDGETS.map((_, i) => (row[i] === undefined ? '' : shown(row[i])))]));
  }
  const free = [];
  for (const tolerance of [1e-2, 1e-3, 1e-5]) {
    const { w2, evaluations } = await adaptive(denoiser, tolerance);
    console.error(name, 'Dormand–Prince', tolerance, evaluations, w2);
    free.push(`${shown(w2)} at ${evaluations.toFixed(0)} (tolerance ${tolerance})`);
  }
  out.push('', `Flow by Dormand–Prince, evaluations as it chooses: ${free.join('; ')}.`);
  const often = async (sampler: Method['sampler'], grid: Grid) => {
    const squares: number[] = [];
    for (let seed = 10; seed < 10 + SEEDS; seed++) squares.push((await score(denoiser, sampler, grid, seed)) ** 2);
    const level = Math.sqrt(mean(squares));
    // The error of a root mean square.
    const error = Math.sqrt(mean(squares.map((v) => (v - level ** 2) ** 2)) / (SEEDS - 1)) / (2 * level);
    return { level, error };
  };
  const heun35 = await often(edmHeun(), karrasGrid(17));
  const dpm20 = await often(dpmSolver(), logSnrGrid(19));
  const em1000 = await often(eulerMaruyama(), gridOf('t', process, 999));
  const text = ({ level, error }: typeof heun35): string => `${level.toFixed(4)} ± ${error.toFixed(4)}`;
  headline.push(line([name, text(heun35), text(dpm20), text(em1000)]));
  console.error(headline[headline.length - 1]);
  levels.set(name, { heun: heun35.level, euler: em1000.level });
}
out.push(
  '',
  `Over ${SEEDS} seeds each (root mean square of W₂; the floor is ${floor.level.toFixed(4)} ± ${(floor.spread / 4).toFixed(4)}):`,
  '',
  line(['process', 'EDM Heun, 35', 'DPM-Solver++(2M), 20', 'Euler–Maruyama, 1000']),
  line(['---', '---:', '---:', '---:']),
  ...headline,
);

const text = out.join('\n');
if (values.print) console.log(text);
else {
  const file = 'docs/maintainers/diffusion.md';
  const [from, to] = ['<!-- sampler sweep -->', '<!-- end of the sampler sweep -->'];
  const page = readFileSync(file, 'utf8');
  const [a, b] = [page.indexOf(from), page.indexOf(to)];
  if (a < 0 || b < a) throw new Error(`${file} has no place for the sampler sweep`);
  writeFileSync(file, `${page.slice(0, a + from.length)}\n${text}\n${page.slice(b)}`);
}
// In its own coordinates EDM's Heun at 35 evaluations is held to be no worse than Euler–Maruyama at 1000 on any process.
const own = levels.get('edm')?.heun ?? 0;
const worse = [...levels].filter(([, { euler }]) => own > euler).map(([name]) => name);
if (worse.length > 0)
  console.error(`EDM Heun at 35 evaluations (${own}) is worse than Euler–Maruyama at 1000 on ${worse.join(', ')}`);
process.exit(worse.length > 0 ? 1 : 0);
