/** Class-conditional flows and rewritten compositions on the command line. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generator, keyOf } from '../../src/core/prng.ts';
import { call, isOneSentence, workFolder } from '../cli/helpers.ts';

const folder = workFolder();
const csv = join(folder, 'classes.csv');
const g = generator(keyOf(0));
const rows = Array.from({ length: 600 }, () => {
  const k = g.integer(2);
  return [(k === 0 ? -2 : 2) + 0.5 * g.normal(), 0.5 * g.normal(), k === 0 ? 1 : 0, k === 0 ? 0 : 1].join(',');
});
writeFileSync(csv, `x,y,left,right\n${rows.join('\n')}\n`);

test('train --classes, with the class as the last columns', async () => {
  const flags = ['--layers', '2', '--hidden', '16', '--steps', '300', '--batch-size', '64', '--learning-rate', '0.01'];
  const run = join(folder, 'run');
  const trained = await call('train', 'classConditional', '--classes', '2', '--data', csv, ...flags, '--out', run, '--no-report', '--json'); // biome-ignore format: one call
  expect([trained.code, trained.err]).toEqual([0, '']);
  const evaluated = await call('evaluate', run, '--json');
  const { nats } = JSON.parse(evaluated.out) as { nats: number };
  // H(x | c) + log 2
  expect(nats).toBeLessThan(1 + Math.log(2 * Math.PI) + 2 * Math.log(0.5) + Math.log(2) + 0.25);
});

test('what does not fit is one sentence', async () => {
  const wide = await call('train', 'classConditional', '--classes', '4', '--data', csv);
  expect(wide.err).toMatch(/--classes: .*expected more than 4 columns, got events of shape \[4\]/);
  const blind = await call('train', 'realNVP', '--classes', '2', '--data', csv);
  expect(blind.err).toMatch(/do not fit realNVP \(expected events of shape \[2\], got \[4\]\)/);
  for (const { code, err } of [wide, blind]) expect([code > 0, isOneSentence(err)]).toEqual([true, true]);
});

test('describe --rewritten shows the composition before and after', async () => {
  const spec = join(folder, 'dist.json');
  const layers = [{ type: 'reverse' }, { type: 'identity' }, { type: 'reverse' }, { type: 'affine' }];
  const dist = {
    type: 'pushforward',
    base: { type: 'standardNormal', shape: [2] },
    transport: { type: 'compose', layers },
  };
  writeFileSync(spec, JSON.stringify(dist));
  const { code, out } = await call('describe', spec, '--rewritten');
  const [before, after] = out.split('rewritten:');
  expect([code, before.includes('identity'), after.includes('reverse'), after.includes('affine')]).toEqual([0, true, false, true]); // biome-ignore format: one idea
});
