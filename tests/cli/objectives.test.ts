/** Estimators by name, and data that become coin flips: what a run is trained by, kept in its checkpoint. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { binarised, fromRows, readRows } from '../../src/data/index.ts';
import { maximumLikelihood } from '../../src/inference/index.ts';
import { models, objectiveNamed, objectives } from '../../src/models/index.ts';
import { call, idxImages, narrow, tiny, workFolder } from './helpers.ts';

const folder = workFolder();
const at = (name: string): string => join(folder, name);
const flow = models.realNVP.build({ shape: [2] });
const bounded = models.vae.build({ shape: [2] });

describe('objectives', () => {
  it('lists every estimator', async () => {
    const { code, out } = await call('objectives', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out).map((o: { name: string }) => o.name)).toEqual(Object.keys(objectives));
    const text = (await call('objectives')).out;
    for (const name of Object.keys(objectives)) expect(text).toContain(name);
  });

  it('are found by name, in any case, with a number where they take one', () => {
    expect(objectiveNamed('MaximumLikelihood')(flow)).toMatchObject({ _tag: 'Right' });
    expect(objectiveNamed('importanceWeighted:7')(bounded)).toMatchObject({ right: { spec: { samples: 7 } } });
    const [byName, byHand] = [objectiveNamed('maximumLikelihood')(flow), maximumLikelihood(flow as never)];
    expect(byName).toMatchObject({ right: { spec: byHand.spec, evidence: 'exact' } });
  });

  it('refuse what they cannot use with a sentence', () => {
    const said = (text: string, dist = bounded): unknown => objectiveNamed(text)(dist);
    expect(said('elbow')).toMatchObject({
      left: { _tag: 'UnknownName', message: expect.stringContaining('did you mean "elbo"') },
    });
    expect(said('elbo:3')).toMatchObject({ left: { message: 'elbo takes no number' } });
    for (const n of ['0', '-1', '2.5', 'x', '', '3:4'])
      expect(said(`importanceWeighted:${n}`)).toMatchObject({ left: { expected: 'importanceWeighted:<samples>' } });
    expect(said('maximumLikelihood')).toMatchObject({
      left: { message: expect.stringContaining('no exact log-density') },
    });
  });

  it('train a model, and the checkpoint says by which', async () => {
    const out = at('iwae');
    const done = await call(
      'train',
      'vae',
      '--data',
      'twoMoons',
      ...narrow,
      '--objective',
      'importanceWeighted:3',
      '--no-report',
      '--out',
      out,
    );
    expect(done.code, done.err).toBe(0);
    expect(done.out).toContain('an upper bound');
    const other = await call('train', '--resume', out, '--steps', '60', '--objective', 'elbo');
    expect(other.code).not.toBe(0);
    expect(other.err).toContain('--objective: a resumed run keeps what its checkpoint says');
    const again = await call('train', '--resume', out, '--steps', '60', '--no-report');
    expect(again.code, again.err).toBe(0);
  });
});

describe('evaluate --importance-samples', () => {
  const bits = async (...more: string[]): Promise<number> =>
    JSON.parse((await call('evaluate', at('iwae'), ...more, '--json')).out).nats;

  it('tightens a bound', async () => {
    expect(await bits('--importance-samples', '30')).toBeLessThan(await bits());
  });

  it('is refused where the density is exact', async () => {
    const out = at('exact');
    await call('train', 'realNVP', '--data', 'twoMoons', ...tiny, '--no-report', '--out', out);
    const done = await call('evaluate', out, '--importance-samples', '5');
    expect(done.err).toContain('only a bound gets tighter');
    expect(done.code).not.toBe(0);
  });
});

describe('--latent', () => {
  it('says how large the codes are', async () => {
    const spec = async (...flags: string[]) =>
      JSON.stringify(JSON.parse((await call('describe', ...flags, '--shape', '4', '--format', 'spec')).out));
    expect(await spec('vae', '--latent', '3')).toContain('"event":[3]');
    expect(await spec('hvae', '--set', 'latents=5,3')).toMatch(/"event":\[5\].*"event":\[3\]/);
    expect((await call('describe', 'vae', '--latent', 'three')).err).toContain('--latent');
  });
});

describe('--binarise', () => {
  it('throws each pixel once for the test, by seed and row alone', () => {
    const grey = fromRows(
      'grey',
      Float32Array.from({ length: 4000 }, (_, i) => i % 4),
      [4],
      { levels: 4 },
    );
    const a = binarised(grey, 1);
    const all = readRows(
      a,
      Int32Array.from({ length: 1000 }, (_, i) => i),
    );
    expect([a.levels, new Set(all)]).toEqual([2, new Set([0, 1])]);
    expect(readRows(a, [17, 3])).toEqual(Float32Array.of(...all.subarray(68, 72), ...all.subarray(12, 16)));
    const chance = (j: number): number => all.filter((_, i) => i % 4 === j).reduce((x, y) => x + y, 0) / 1000;
    for (const j of [0, 1, 2, 3]) expect(Math.abs(chance(j) - j / 3)).toBeLessThan(0.06);
    expect(readRows(binarised(grey, 2), [0, 1, 2, 3])).not.toEqual(readRows(a, [0, 1, 2, 3]));
    expect(() => binarised(fromRows('reals', Float32Array.of(0.5), [1]), 0)).toThrow(
      'only grey levels can be binarised',
    );
  });

  it('trains a model of binary images on grey ones', async () => {
    const file = at('images.idx');
    writeFileSync(file, idxImages(60, 4, 4));
    const done = await call(
      'train',
      'vae',
      '--data',
      file,
      '--binarise',
      '--hidden',
      '8',
      '--steps',
      '20',
      '--batch-size',
      '10',
      '--out',
      at('binary'),
    );
    expect(done.code, done.err).toBe(0);
    expect(done.out).toMatch(/test +≤ [\d.]+ ± [\d.]+ bits\/dim/);
    const measured = await call('evaluate', at('binary'));
    expect(measured.out).toContain('binarised');
    const numbers = (text: string): string | undefined => text.match(/≤ [\d.]+ ± [\d.]+ bits/)?.[0];
    expect(numbers(measured.out)).toBe(numbers(done.out));
  });
});
