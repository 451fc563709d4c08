/**
 * `npm run bench:energies`: neural energies on toy distributions by three estimators, one word apart; a Boltzmann machine and a classifier read as a distribution on digits.
 *
 *   npm run bench:energies                                    all six fits, then the digits where they are there
 *   npm run bench:energies -- --only twoMoons/persistent      one; or a toy, an estimator, `rbm`, `jem`; may be repeated
 *   npm run bench:energies -- --data ../shared/data           where t10k-images-idx3-ubyte.gz lies
 *   npm run bench:energies -- --log energies.jsonl            each score is written as soon as it is known
 *   npm run bench:energies -- --out docs                      pictures, and the table between the marks of docs/maintainers/energies.md
 *
 * Toys are judged on 20,000 fresh points: mean −log p with log Z from annealed importance sampling (≈), beside log Z by the midpoint rule (=). The machine is
 * judged on the last 2,000 of the 10,000 images.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { type Failure, sentence } from '../src/core/errors.ts';
import { onnx } from '../src/core/interpreters/onnx/index.ts';
import { machineOnDigits } from './energies-digits.ts';
import { jemOnDigits } from './energies-jem.ts';
import { showEnergyTable, type ToyScore } from './energies-table.ts';
import { estimators, scoreToy, toySetups } from './energies-toys.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    data: { type: 'string', default: '../shared/data' },
    seed: { type: 'string', default: '0' },
    threads: { type: 'string', default: '1' },
    log: { type: 'string' },
    table: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log(
    'npm run bench:energies -- [--only toy|estimator|toy/estimator|rbm|jem]… [--data FOLDER] [--seed N] [--threads N] [--log FILE] [--table FILE] [--out FOLDER]',
  );
  process.exit(0);
}

/** What a task gives; a failure ends the benchmark with its sentence. */
const done = async <A>(task: TaskEither<Failure, A>): Promise<A> => {
  const r = await task();
  if (isLeft(r)) throw new Error(sentence(r.left));
  return r.right;
};

const backend = onnx('cpu', { threads: Number(values.threads) });
const seed = Number(values.seed);
const wanted = (...names: readonly string[]): boolean =>
  values.only === undefined || values.only.some((o) => names.includes(o));

/** Puts text between two marks of a file. */
const between = (path: string, mark: string, text: string): void => {
  const [open, close] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`];
  const page = readFileSync(path, 'utf8');
  const [a, b] = [page.indexOf(open), page.indexOf(close)];
  if (a >= 0 && b > a) writeFileSync(path, `${page.slice(0, a + open.length)}\n${text}\n${page.slice(b)}`);
};

const scores: ToyScore[] =
  values.table === undefined
    ? []
    : readFileSync(values.table, 'utf8')
        .trim()
        .split('\n')
        .map((l) => JSON.parse(l) as ToyScore);
if (values.table === undefined)
  for (const toy of Object.keys(toySetups) as (keyof typeof toySetups)[])
    for (const estimator of Object.keys(estimators) as (keyof typeof estimators)[]) {
      if (!wanted(toy, estimator, `${toy}/${estimator}`)) continue;
      const score = await scoreToy(toy, estimator, { seed, backend, done, told: (t) => console.error(t) });
      scores.push(score);
      if (values.log !== undefined) appendFileSync(values.log, `${JSON.stringify(score)}\n`);
    }
if (scores.length > 0) {
  const table = showEnergyTable(scores);
  console.log(table);
  if (values.out !== undefined) between(join(values.out, 'energies.md'), 'toys', table);
}

const [images, labels] = ['t10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz'].map((f) => join(values.data, f));
const tools = { seed, backend, done, told: (s: string) => console.error(s) };
/** A picture beside the page, where one is asked for. */
const picture = (name: string, png: Uint8Array): void => {
  if (values.out === undefined) return;
  mkdirSync(join(values.out, 'figures'), { recursive: true });
  writeFileSync(join(values.out, 'figures', name), png);
};
const onDigits = async (name: string, found: () => Promise<{ readonly text: string }>): Promise<void> => {
  if (!wanted(name) || values.table !== undefined) return;
  if (!existsSync(images)) return console.error(`no ${images}: ${name} on digits is left out`);
  const { text } = await found();
  console.log(text);
  if (values.out !== undefined) between(join(values.out, 'energies.md'), name, text);
};
await onDigits('rbm', async () => {
  const found = await machineOnDigits(images, tools);
  picture('rbm-samples.png', found.samples);
  picture('rbm-weights.png', found.weights);
  return found;
});
await onDigits('jem', async () => {
  const found = await jemOnDigits(images, labels, tools);
  picture('jem-samples.png', found.samples);
  return found;
});
process.exit(0);
