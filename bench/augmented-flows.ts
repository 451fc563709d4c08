/**
 * Plain flows beside the same flows on more dimensions, on distributions whose support a plain flow cannot have: mean −log q of fresh points minus the entropy,
 * for at most as many parameters as the plain flow has. Where the number is a bound, the importance-weighted bound of 100 draws stands beside it.
 *
 *     node dist-bench/bench/augmented-flows.js [--steps 6000] [--seed 0] [--only cif/checkerboard] [--log scores.jsonl] [--table scores.jsonl]
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { type Dist, pushforward } from '../src/algebra/dist.ts';
import type { Bound, Samples } from '../src/algebra/evidence.ts';
import { shiftScale } from '../src/bijectors/index.ts';
import * as D from '../src/core/draw.ts';
import { PushforwardError } from '../src/core/errors.ts';
import type { Expr } from '../src/core/expr.ts';
import { onnx } from '../src/core/interpreters/onnx/index.ts';
import { sizeOf } from '../src/core/shape.ts';
import type { Tensor } from '../src/core/tensor.ts';
import { checkerboard, standardScaling, toyDatasetOf, twoSquares } from '../src/data/index.ts';
import { adam, clipByGlobalNorm, cosine, elbo, fit, importanceWeightedDensity, run } from '../src/inference/index.ts';
import { augmentedFlow, cif, realNVP, vflow } from '../src/models/index.ts';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '6000' },
    seed: { type: 'string', default: '0' },
    only: { type: 'string', multiple: true },
    log: { type: 'string' },
    table: { type: 'string' },
  },
});
const [steps, seed] = [Number(values.steps), Number(values.seed)];

type Plane = Dist<readonly [2], Bound & Samples>;
const toys = { checkerboard, twoSquares } as const;
const flows: { readonly [name: string]: () => Plane } = {
  plain: () => realNVP([2], { layers: 4, hidden: [64, 64] }),
  'plain, deeper': () => realNVP([2], { layers: 8, hidden: [43, 43] }),
  vflow: () => vflow(2, { layers: 4, hidden: [54, 54] }) as Plane,
  'vflow, deeper': () => vflow(2, { layers: 8, hidden: [39, 39] }) as Plane,
  anf: () => augmentedFlow(2, { layers: 4, hidden: [62, 62] }) as Plane,
  'anf, deeper': () => augmentedFlow(2, { layers: 8, hidden: [42, 42] }) as Plane,
  cif: () => cif(2, { layers: 4, hidden: [48, 48], indexHidden: [20, 20] }) as Plane,
  'cif, deeper': () => cif(2, { layers: 8, hidden: [34, 34], indexHidden: [12, 12] }) as Plane,
};

interface Score {
  readonly flow: string;
  readonly toy: string;
  readonly gap: number;
  readonly error: number;
  /** The gap by the importance-weighted bound of 100 draws; undefined where the density is exact. */
  readonly tight?: number;
  readonly parameters: number;
  readonly steps: number;
  /** Processor time of training, which a busy machine does not stretch. */
  readonly seconds: number;
}

const TEST = 20_000;

const score = async (flow: string, toyName: keyof typeof toys): Promise<Score> => {
  const toy = toys[toyName]();
  const data = toyDatasetOf(toy, { size: 200_000, seed });
  const dist = pipe(flows[flow](), pushforward(shiftScale(standardScaling(data)))) as Plane;
  const backend = onnx('cpu', { threads: 1 });
  const before = process.cpuUsage();
  const fitted = await fit({
    objective: elbo(dist),
    data,
    steps,
    batchSize: 256,
    seed,
    backend,
    ema: 0.998,
    optimizer: clipByGlobalNorm(10)(adam({ learningRate: cosine(3e-3, steps, 1e-6) })),
  })();
  const used = process.cpuUsage(before);
  if (E.isLeft(fitted)) throw new PushforwardError(fitted.left);
  const parameters = fitted.right.parameters;
  const running = run(dist, parameters, backend);
  const rows = (n: number): Tensor => ({ shape: [n, 2], type: 'float32', data: toy.sample(seed + 1000, n) });
  const nll = Array.from((await running.logDensity(rows(TEST))).data, (l) => -l);
  const mean = (v: ArrayLike<number>): number => Array.from(v).reduce((a, b) => a + b, 0) / v.length;
  const m = mean(nll);
  const tight =
    dist.evidence === 'exact'
      ? undefined
      : -mean(
          (
            await running.each((x) =>
              D.map((l: Expr): readonly Expr[] => [l])(importanceWeightedDensity(100, dist)(x)),
            )(rows(TEST / 4))
          )[0].data,
        );
  return {
    flow,
    toy: toyName,
    gap: m - toy.entropy,
    error: Math.sqrt(mean(nll.map((v) => (v - m) ** 2)) / TEST),
    ...(tight === undefined ? {} : { tight: tight - toy.entropy }),
    parameters: Object.values(parameters).reduce((n, p) => n + sizeOf(p.shape), 0),
    steps,
    seconds: (used.user + used.system) / 1e6,
  };
};

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const head = ['dist', 'flow', 'bound − entropy', 'IW-100 − entropy', 'parameters', 'steps', 'processor s'];
const line = (s: Score): string =>
  row([
    s.toy,
    s.flow,
    `${s.gap.toFixed(4)} ± ${s.error.toFixed(4)}${s.tight === undefined ? ' (exact)' : ''}`,
    s.tight === undefined ? '' : s.tight.toFixed(4),
    s.parameters.toLocaleString('en-US'),
    s.steps.toLocaleString('en-US'),
    s.seconds.toFixed(0),
  ]);

console.log(row(head));
console.log(row(head.map((_, i) => (i < 2 ? '---' : '---:'))));
if (values.table !== undefined)
  for (const l of readFileSync(values.table, 'utf8').trim().split('\n')) console.log(line(JSON.parse(l) as Score));
else
  for (const toy of Object.keys(toys) as (keyof typeof toys)[])
    for (const flow of Object.keys(flows)) {
      if (values.only !== undefined && !values.only.some((n) => [flow, toy, `${flow}/${toy}`].includes(n))) continue;
      const s = await score(flow, toy);
      console.log(line(s));
      if (values.log !== undefined) appendFileSync(values.log, `${JSON.stringify(s)}\n`);
    }
