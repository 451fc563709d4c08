/** Modules of one's own on the command line: checked, described, trained, resumed, sampled, evaluated and exported, without a change of the library. */
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { call, isOneSentence, workFolder } from './helpers.ts';

const folder = workFolder();
const mine = join(import.meta.dirname, 'modules', 'my-model.mjs');
const broken = join(import.meta.dirname, 'modules', 'broken.mjs');
const run = join(folder, 'run');
const flags = ['--data', 'twoMoons', '--size', '400', '--test-size', '100', '--no-report'];

describe('a module of one’s own', () => {
  test('keeps its laws, or the law that it breaks is named', async () => {
    const good = await call('check', mine);
    expect([good.code, good.err]).toEqual([0, '']);
    for (const name of ['layer wobble', 'distribution spread', 'model tiny']) expect(good.out).toContain(`✓ ${name}`);
    const bad = await call('check', broken);
    expect(bad.code).toBe(1);
    expect(bad.out).toMatch(/✗ layer wrong: \d+ laws, \d+ broken\n.*contribution\(encode\) = log \|det ∂z\/∂x\|/);
  }, 60_000);

  test('describes, trains, resumes, samples, evaluates and exports', async () => {
    const described = await call('describe', mine, '--set', 'factor=3');
    expect([described.code, described.err]).toEqual([0, '']);
    expect(described.out).toContain('wobble');
    expect((await call('describe', mine, '--set', 'facto=3')).err).toContain("did you mean 'factor'?");
    const trained = await call('train', mine, ...flags, '--steps', '20', '--set', 'factor=3', '--out', run, '--json');
    expect([trained.code, trained.err]).toEqual([0, '']);
    expect((await call('train', mine, '--resume', run, '--steps', '30', '--no-report', '--json')).code).toBe(0);
    const without = await call('sample', run, '-n', '3');
    expect(isOneSentence(without.err)).toBe(true);
    expect(without.err).toMatch(/unknown (layer 'wobble'|distribution 'spread')/);
    const drawn = await call('sample', run, '-n', '3', '--with', mine);
    expect(drawn.out.trim().split('\n').length).toBe(4);
    const measured = await call('evaluate', run, '--with', mine, '--json');
    expect(JSON.parse(measured.out)).toMatchObject({ evidence: 'exact', events: 100 });
    expect((await call('describe', run, '--with', mine)).out).toContain('wobble');
    const file = join(folder, 'mine.onnx');
    const exported = await call('export', run, '--with', mine, '--out', file, '--json');
    expect([exported.code, exported.err]).toEqual([0, '']);
    expect(readFileSync(file).length).toBeGreaterThan(100);
  }, 60_000);

  test('is loaded only where it is named, and says what is wrong', async () => {
    for (const [args, said] of [
      [['check', join(folder, 'none.mjs')], 'there is no such file'],
      [['describe', `${mine}:nothing`], 'the module exports no such model or distribution'],
      [['train', mine, ...flags, '--layers', '3'], "unknown option 'layers'"],
    ] as const) {
      const wrong = await call(...args);
      expect(wrong.code).not.toBe(0);
      expect(isOneSentence(wrong.err), wrong.err).toBe(true);
      expect(wrong.err).toContain(said);
    }
    copyFileSync(mine, join(folder, 'elsewhere.mjs'));
    expect((await call('describe', join(folder, 'elsewhere.mjs'))).err).toContain('the module does not load');
  });

  test('options of a model are listed', async () => {
    expect((await call('models', 'nvae')).out).toContain('--set groups=…');
    expect(JSON.parse((await call('models', 'glow', '--json')).out).options.map((o: { option: string }) => o.option)).toContain('steps'); // biome-ignore format: one line
  });
});
