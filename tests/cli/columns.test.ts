/** Rows of another file mean what those that were trained on meant: columns are found by name. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generator, keyOf } from '../../src/core/prng.ts';
import { readSafetensors, writeSafetensors } from '../../src/inference/index.ts';
import { call, isOneSentence, workFolder } from './helpers.ts';

const folder = workFolder();
const g = generator(keyOf(1));
const rows = Array.from({ length: 400 }, () => [g.normal(), 10 + 3 * g.normal(), -5 + 0.1 * g.normal()]);
const file = (name: string, head: readonly string[] | undefined, order: readonly number[]): string => {
  const path = join(folder, name);
  const lines = rows.map((r) => order.map((j) => (j < 3 ? r[j] : 7)).join(','));
  writeFileSync(path, `${[...(head === undefined ? [] : [head.join(',')]), ...lines].join('\n')}\n`);
  return path;
};
const nats = async (run: string, ...rest: readonly string[]): Promise<number> => {
  const said = await call('evaluate', run, '--json', ...rest);
  expect([said.code, said.err]).toEqual([0, '']);
  return (JSON.parse(said.out) as { nats: number }).nats;
};

test('columns in another order are found by name; without names they stand as they stand', async () => {
  const plain = file('plain.csv', ['a', 'b', 'c'], [0, 1, 2]);
  const run = join(folder, 'run');
  const trained = await call('train', 'realNVP', '--data', plain, '--standardise', '--layers', '2', '--hidden', '8', '--steps', '60', '--no-report', '--out', run, '--json'); // biome-ignore format: one call
  expect([trained.code, trained.err]).toEqual([0, '']);
  const exact = await nats(run, '--data', plain);
  expect(await nats(run, '--data', file('turned.csv', ['c', 'a', 'b'], [2, 0, 1]))).toBe(exact);
  expect(await nats(run, '--data', file('more.csv', ['c', 'x', 'a', 'b'], [2, 3, 0, 1]))).toBe(exact);
  expect(await nats(run, '--data', file('bare.csv', undefined, [0, 1, 2]))).toBe(exact);
  // Said in another order, they are the same columns.
  const turned = join(folder, 'turned.csv');
  expect(await nats(run, '--data', turned, '--columns', 'a,b,c')).toBe(exact);
  expect(await nats(run, '--data', turned, '--columns', 'b,a,c')).toBe(exact);
  // Columns of other names are what was asked for.
  const other = file('other.csv', ['c', 'x', 'y', 'b'], [2, 0, 0, 1]);
  expect(await nats(run, '--data', other, '--columns', 'x,b,c')).toBe(exact);
  // A column of text that nobody chose is not read.
  const text = join(folder, 'text.csv');
  writeFileSync(text, `id,b,a,c\n${rows.map((r, i) => [`row${i}`, r[1], r[0], r[2]].join(',')).join('\n')}\n`);
  expect(await nats(run, '--data', text)).toBe(exact);
  const renamed = await call('evaluate', run, '--data', file('renamed.csv', ['a', 'b', 'z'], [0, 1, 2]));
  expect(isOneSentence(renamed.err)).toBe(true);
  expect(renamed.err).toContain('the model was trained on a column "c"');

  // A run of before kept no names: columns by place.
  const checkpoint = join(run, 'checkpoint.safetensors');
  const saved = await readSafetensors(checkpoint)();
  if (saved._tag === 'Left') throw new Error(saved.left.message);
  const { tensors, metadata } = saved.right;
  const names = /,?\s*"names":\s*\["a","b","c"\]/;
  expect(Object.values(metadata).some((v) => names.test(v))).toBe(true);
  const older = Object.fromEntries(Object.entries(metadata).map(([k, v]) => [k, v.replace(names, '')]));
  await writeSafetensors(join(folder, 'older.safetensors'), tensors, older)();
  expect(await nats(join(folder, 'older.safetensors'), '--data', plain)).toBe(exact);
  expect(await nats(join(folder, 'older.safetensors'), '--data', turned)).not.toBe(exact);
}, 60_000);
