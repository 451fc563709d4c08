/** Models of every family by the command line: what is printed says what kind of number it is. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { onnx } from '../../src/core/interpreters/index.ts';
import { tensor } from '../../src/core/tensor.ts';
import { rbm } from '../../src/distributions/index.ts';
import { blockGibbs, sampledBy, withNormaliser } from '../../src/inference/energies/index.ts';
import { samplers } from '../../src/models/index.ts';
import { call, idxImages, workFolder } from './helpers.ts';

const folder = workFolder();
const at = (name: string): string => join(folder, name);
const small = ['--size', '400', '--test-size', '60', '--steps', '20', '--batch-size', '32', '--hidden', '8,8'];

describe('an energy', () => {
  it('is measured with its constant, and says how that was found', async () => {
    const done = await call('train', 'energy', '--data', 'eightGaussians', ...small, '--out', at('energy'));
    expect(done.code, done.err).toBe(0);
    expect(done.err).toContain('known up to a constant');
    expect(done.out).toMatch(/test +−log p ≈ [\d.]+ ± [\d.]+ nats/);
    expect(done.out).toMatch(/constant +log Z ≈ -?[\d.]+ nats, 95 % interval \[-?[\d.]+, -?[\d.]+\]/);
    expect(readdirSync(at('energy'))).toEqual(
      expect.arrayContaining(['chains.png', 'traces.png', 'ranks.png', 'density.png']),
    );
    const measured = JSON.parse((await call('evaluate', at('energy'), '--json')).out);
    expect(measured).toMatchObject({ evidence: 'estimated', partition: { evidence: 'estimated' } });
  });

  it('with few states has its constant summed', async () => {
    const machine = sampledBy({ kernel: blockGibbs(), steps: 3 })(rbm([3], { hidden: 2 }));
    const parameters = {
      'rbm/weights': tensor(Float32Array.of(0.5, -1, 2, 0.3, 0, 1), [3, 2]),
      'rbm/visibleBias': tensor(Float32Array.of(0.1, -0.2, 0.3), [3]),
      'rbm/hiddenBias': tensor(Float32Array.of(-0.4, 0.2), [2]),
    };
    const found = await withNormaliser(machine as never, { parameters, backend: onnx('cpu') })();
    let z = 0;
    const [w, b, c] = Object.values(parameters).map((t) => t.data);
    for (let k = 0; k < 8; k++)
      for (let h = 0; h < 4; h++) {
        const v = [k & 1, (k >> 1) & 1, k >> 2];
        const u = [h & 1, h >> 1];
        z += Math.exp(
          v.reduce((s, x, i) => s + x * (b[i] + u.reduce((r, y, j) => r + y * w[2 * i + j], 0)), 0) +
            u.reduce((s, y, j) => s + y * c[j], 0),
        );
      }
    expect(found).toMatchObject({ right: { partition: { evidence: 'exact' } } });
    if (found._tag === 'Right') expect(found.right.partition.logZ).toBeCloseTo(Math.log(z), 4);
  });
});

describe('a diffusion model', () => {
  it('is trained by its own objective, measured by an estimate, and sampled by any sampler', async () => {
    const out = at('vp');
    const done = await call('train', 'scoreSdeVp', '--data', 'twoMoons', ...small, '--set', 'steps=10', '--out', out);
    expect(done.code, done.err).toBe(0);
    expect(done.out).toMatch(/test +−log p ≈ [\d.]+ ± [\d.]+ nats \(an unbiased estimate/);
    expect(readdirSync(out)).toContain('paths.png');
    const sample = (...more: string[]) => call('sample', out, '-n', '2', '--json', ...more);
    const own = JSON.parse((await sample()).out).samples;
    const other = JSON.parse((await sample('--sampler', 'DDIM', '--steps', '5')).out).samples;
    expect(other).not.toEqual(own);
    expect(other.flat().every(Number.isFinite)).toBe(true);
    expect((await sample('--sampler', 'dim')).err).toContain('did you mean "ddim"');
    expect((await sample('--steps', '5')).err).toContain('say which sampler');
  });

  it('of levels draws levels, by its chain and by any other sampler', async () => {
    const file = at('images.idx');
    writeFileSync(file, idxImages(60, 8, 8));
    const out = at('ddpm');
    const flags = ['--steps', '3', '--batch-size', '8', '--set', 'steps=4', '--hidden', '8', '--no-report'];
    const done = await call('train', 'ddpm', '--data', file, ...flags, '--out', out);
    expect(done.code, done.err).toBe(0);
    for (const other of [[], ['--sampler', 'ddim', '--steps', '3'], ['--sampler', 'dpmSolver', '--steps', '3']]) {
      const drawn = await call('sample', out, '-n', '2', '--json', ...other);
      expect(drawn.code, drawn.err).toBe(0);
      const levels: number[] = JSON.parse(drawn.out).samples.flat(2);
      expect(levels.length).toBe(128);
      expect(levels.every((v) => Number.isInteger(v) && v >= 0 && v < 256)).toBe(true);
    }
    const picture = at('grid.png');
    await call('sample', out, '-n', '4', '--out', picture);
    // Four images of 8 × 8 pixels, enlarged, with two clear pixels between: no plot of columns.
    const { width, height } = decode(readFileSync(picture));
    expect([width, height]).toEqual([2 * 8 * 6 + 2, 2 * 8 * 6 + 2]);
  });

  it('lists its samplers', async () => {
    expect(JSON.parse((await call('samplers', '--json')).out).map((s: { name: string }) => s.name)).toEqual(
      Object.keys(samplers),
    );
  });

  it('alone has samplers to choose from', async () => {
    await call('train', 'realNVP', '--data', 'twoMoons', ...small, '--no-report', '--out', at('flow'));
    const done = await call('sample', at('flow'), '--sampler', 'ddim');
    expect([done.code, done.err]).toEqual([2, expect.stringContaining('only a diffusion model has samplers')]);
  });
});
