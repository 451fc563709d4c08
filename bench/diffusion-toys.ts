/**
 * `npm run bench:diffusion`: diffusion models trained by denoising score matching on toy distributions whose entropy is known: VE, VP and sub-VP in turn. Judged by
 * what they draw (modes found; sliced W₂ to fresh points of the distribution against that of two fresh sets) and by the exact density of their probability flow.
 *
 *   npm run bench:diffusion                          every process on every toy
 *   npm run bench:diffusion -- --only vp/twoMoons    one; or a process, or a toy; may be repeated
 *   npm run bench:diffusion -- --steps 500 --json    fewer steps; one JSON document
 */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { pushforward } from '../src/algebra/dist.ts';
import { shiftScale } from '../src/bijectors/index.ts';
import { PushforwardError } from '../src/core/errors.ts';
import { onnx } from '../src/core/interpreters/onnx/index.ts';
import { eightGaussians, standardScaling, type Toy, toyDatasetOf, twoMoons } from '../src/data/index.ts';
import { rk4 } from '../src/dynamics/index.ts';
import { adam, clipByGlobalNorm, cosine, denoisingScoreMatching, fit, run } from '../src/inference/index.ts';
import { resMlp } from '../src/nn/index.ts';
import {
  diffusion,
  edmWeighting,
  flowSampler,
  logNormalTime,
  logSnrGrid,
  type Process,
  predict,
  subVp,
  ve,
  vp,
} from '../src/sde/index.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    steps: { type: 'string', default: '6000' },
    seed: { type: 'string', default: '0' },
    threads: { type: 'string', default: '1' },
    log: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log('npm run bench:diffusion -- [--only process|toy|process/toy]… [--steps N] [--seed N] [--threads N] [--log FILE] [--json]'); // biome-ignore format: one line
  process.exit(0);
}

/** Points that are drawn to compare with, and points that densities are averaged over. */
const [POINTS, TEST] = [4096, 8192];
const [steps, seed] = [Number(values.steps), Number(values.seed)];
const backend = onnx('cpu', { threads: Number(values.threads) });

/** Data have deviation 1 after standardisation, and no two points are further apart than about 5: VE's σ_max is twice that. */
const processes: { readonly [name: string]: Process<'signal'> } = {
  ve: ve({ sigmaMax: 10 }),
  vp: vp(),
  subVp: subVp(),
};

interface Case {
  readonly toy: Toy;
  readonly modes: number;
  /** The mode that a point belongs to, −1 for none. */
  readonly modeOf: (x: number, y: number) => number;
}

const toys: { readonly [name: string]: Case } = {
  twoMoons: {
    toy: twoMoons(),
    modes: 2,
    // three deviations of the noise around each half circle
    modeOf: (x, y) => {
      const outer = y > 0 ? Math.abs(Math.hypot(x, y) - 1) : Math.hypot(Math.abs(x) - 1, y);
      const inner = y < 0.5 ? Math.abs(Math.hypot(x - 1, y - 0.5) - 1) : Math.hypot(Math.abs(x - 1) - 1, y - 0.5);
      return Math.min(outer, inner) > 0.3 ? -1 : outer < inner ? 0 : 1;
    },
  },
  eightGaussians: {
    toy: eightGaussians(),
    modes: 8,
    modeOf: (x, y) => {
      const k = Math.round((Math.atan2(y, x) / (2 * Math.PI)) * 8);
      const angle = (k * Math.PI) / 4;
      return Math.hypot(x - 4 * Math.cos(angle), y - 4 * Math.sin(angle)) > 1.5 ? -1 : (k + 8) % 8;
    },
  },
};

const mean = (v: ArrayLike<number>): number => Array.from(v).reduce((a, b) => a + b, 0) / v.length;

/** √ of the mean over 64 directions of W₂² of the projections of two sets of as many points. */
const slicedW2 = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const along = (p: ArrayLike<number>, c: number, s: number): Float64Array =>
    Float64Array.from({ length: p.length / 2 }, (_, i) => c * p[2 * i] + s * p[2 * i + 1]).sort();
  const squares = Array.from({ length: 64 }, (_, k) => {
    const angle = (k * Math.PI) / 64;
    const [u, v] = [along(a, Math.cos(angle), Math.sin(angle)), along(b, Math.cos(angle), Math.sin(angle))];
    return mean(u.map((x, i) => (x - v[i]) ** 2));
  });
  return Math.sqrt(mean(squares));
};

interface Row {
  readonly process: string;
  readonly toy: string;
  readonly processorSeconds: number;
  readonly seconds: number;
  readonly modes: string;
  readonly least: number;
  readonly off: number;
  readonly w2: number;
  readonly floor: number;
  readonly nll: number;
  readonly error: number;
  readonly entropy: number;
  readonly kl: number;
}

/** The distribution of a diffusion over standardised events, and its training: one declaration. */
const trained = async (noising: Process<'signal'>, toy: Toy) => {
  const data = toyDatasetOf(toy, { size: 200_000, seed });
  const denoiser = predict('data', noising, resMlp([128, 128, 128]), { shape: [2] });
  const dist = pipe(
    diffusion(denoiser, {
      sampler: flowSampler(),
      grid: logSnrGrid(50),
      likelihood: { divergence: 'exact', solver: rk4(), grid: logSnrGrid(50) },
    }),
    pushforward(shiftScale(standardScaling(data))),
  );
  const [from, before] = [performance.now(), process.cpuUsage()];
  const fitted = await fit({
    objective: denoisingScoreMatching(dist, {
      weighting: edmWeighting(),
      time: logNormalTime({ mean: -1, deviation: 1.4 }),
    }),
    data,
    steps,
    batchSize: 512,
    seed,
    backend,
    ema: 0.999,
    optimizer: clipByGlobalNorm(10)(adam({ learningRate: cosine(3e-3, steps, 1e-6) })),
  })();
  if (E.isLeft(fitted)) throw new PushforwardError(fitted.left);
  const used = process.cpuUsage(before);
  return {
    running: run(dist, fitted.right.parameters, backend),
    seconds: (performance.now() - from) / 1000,
    processorSeconds: (used.user + used.system) / 1e6,
  };
};

/** Sliced W₂ of pairs of fresh sets of points. */
const floorOf = (toy: Toy): number =>
  Math.sqrt(mean(Array.from({ length: 8 }, (_, i) => slicedW2(toy.sample(500 + 2 * i, POINTS), toy.sample(501 + 2 * i, POINTS)) ** 2))); // biome-ignore format: one line

const row = async (processName: string, toyName: string): Promise<Row> => {
  const { toy, modes, modeOf } = toys[toyName];
  const { running, seconds, processorSeconds } = await trained(processes[processName], toy);
  const { data: drawn } = await running.sample(POINTS, seed + 1);
  const counts = new Array<number>(modes).fill(0);
  for (let i = 0; i < POINTS; i++) {
    const k = modeOf(drawn[2 * i], drawn[2 * i + 1]);
    if (k >= 0) counts[k]++;
  }
  const against = Array.from({ length: 8 }, (_, i) => slicedW2(drawn, toy.sample(900 + i, POINTS)) ** 2);
  const points = toy.sample(seed + 1000, TEST);
  const { data: logs } = await running.logDensity({ shape: [TEST, 2], type: 'float32', data: points });
  const nll = Array.from(logs, (l) => -l);
  const centre = mean(nll);
  return {
    process: processName,
    toy: toyName,
    seconds,
    processorSeconds,
    modes: `${counts.filter((c) => c > POINTS / modes / 2).length}/${modes}`,
    least: (Math.min(...counts) * modes) / POINTS,
    off: 1 - counts.reduce((a, b) => a + b, 0) / POINTS,
    w2: Math.sqrt(mean(against)),
    floor: floorOf(toy),
    nll: centre,
    error: Math.sqrt(mean(nll.map((v) => (v - centre) ** 2)) / TEST),
    entropy: toy.entropy,
    kl: mean(nll.map((v, i) => v + toy.logDensity(points[2 * i], points[2 * i + 1]))),
  };
};

const showTable = (rows: readonly Row[]): string => {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const head = ['process', 'toy', 'modes', 'smallest mode', 'off the modes', 'sliced W₂', 'two-sample floor', 'ratio', 'NLL', 'entropy', 'NLL − entropy', 'KL by pairs', 'processor s', 'wall s']; // biome-ignore format: one line
  return [
    line(head),
    line(head.map((_, i) => (i < 2 ? '---' : '---:'))),
    ...rows.map((r) =>
      line([
        r.process,
        r.toy,
        r.modes,
        `${(100 * r.least).toFixed(0)} %`,
        `${(100 * r.off).toFixed(1)} %`,
        r.w2.toFixed(4),
        r.floor.toFixed(4),
        (r.w2 / r.floor).toFixed(2),
        `${r.nll.toFixed(4)} ± ${r.error.toFixed(4)}`,
        r.entropy.toFixed(4),
        (r.nll - r.entropy).toFixed(4),
        r.kl.toFixed(4),
        r.processorSeconds.toFixed(0),
        r.seconds.toFixed(0),
      ]),
    ),
  ].join('\n');
};

const rows: Row[] = [];
for (const p of Object.keys(processes))
  for (const t of Object.keys(toys)) {
    if (values.only !== undefined && !values.only.some((o) => [p, t, `${p}/${t}`].includes(o))) continue;
    const r = await row(p, t);
    rows.push(r);
    if (values.log !== undefined) appendFileSync(values.log, `${JSON.stringify(r)}\n`);
    console.error(`${p} ${t}: W₂ ${(r.w2 / r.floor).toFixed(2)} × floor, NLL − entropy ${(r.nll - r.entropy).toFixed(4)} (KL ${r.kl.toFixed(4)}), ${r.modes} modes, ${r.processorSeconds.toFixed(0)} processor s`); // biome-ignore format: one line
  }
console.log(values.json ? JSON.stringify(rows, null, 2) : showTable(rows));
process.exit(0);
