/** Every command once, end to end: what it prints is true, and what it writes can be read. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { optimizerNames, optimizerOf } from '../../src/cli/training-optimizer.ts';
import { onnx } from '../../src/core/interpreters/index.ts';
import { allRows, loadDataset } from '../../src/data/index.ts';
import { loadCheckpoint } from '../../src/inference/checkpoint.ts';
import { run as runDist } from '../../src/inference/run.ts';
import { usedParameters } from '../../src/inference/training/state.ts';
import { models, readDist } from '../../src/models/index.ts';
import { call, idxImages, tiny, workFolder } from './helpers.ts';

const folder = workFolder();
const at = (name: string): string => join(folder, name);
const run = at('moons');

const json = async (...args: string[]) => {
  const done = await call(...args, '--json');
  expect(done.code, done.err).toBe(0);
  return JSON.parse(done.out);
};

const opened = async (path: string) => {
  const read = await loadCheckpoint(join(path, 'checkpoint.safetensors'))();
  if (read._tag === 'Left') throw new Error(read.left.message);
  const dist = readDist(read.right.spec);
  if (dist._tag === 'Left') throw new Error(dist.left.message);
  return { ...read.right, dist: dist.right };
};

beforeAll(async () => {
  const done = await call(
    'train',
    'realnvp',
    '--data',
    'twomoons',
    ...tiny,
    '--validation',
    '0.2',
    '--ema',
    '--out',
    run,
  );
  expect(done.code, done.err).toBe(0);
  expect(done.err).toMatch(/320 to train, 80 to validate, 500 to test/);
  expect(done.err).toMatch(/step 40\/40 {2}loss [\d.]+ nats {2}validation [\d.]+ .* done/);
  expect(done.out).toMatch(/test +−log p = [\d.]+ ± [\d.]+ nats \(exact, 500 events\)\nentropy +1\.0076 nats/);
});

describe('train', () => {
  it('leaves a whole run in its folder', () => {
    const figures = ['loss', 'samples', 'density', 'latent', 'composition'].flatMap((f) => [`${f}.svg`, `${f}.png`]);
    const files = [
      'checkpoint.safetensors',
      'spec.json',
      'history.json',
      'evaluation.json',
      'samples.npy',
      'report.html',
    ];
    expect(readdirSync(run).sort()).toEqual([...figures, ...files].sort());
    const page = readFileSync(join(run, 'report.html'), 'utf8');
    expect(page).toContain('Gap to the entropy');
    expect(page).toContain('pushforward train realnvp --data twomoons');
    expect(JSON.parse(readFileSync(join(run, 'history.json'), 'utf8')).at(-1).step).toBe(40);
  });

  it('writes JSON lines and nothing else with --json', async () => {
    const done = await call(
      'train',
      'realNVP',
      '--data',
      'twoMoons',
      ...tiny,
      '--out',
      at('json'),
      '--no-report',
      '--json',
    );
    expect(done.err).toBe('');
    const lines = done.out
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l));
    expect(lines[0]).toMatchObject({
      event: 'start',
      model: 'realNVP',
      backend: 'onnx-cpu',
      evidence: 'exact',
      steps: 40,
    });
    expect(lines.slice(1, -1).every((l) => l.event === 'progress' && Number.isFinite(l.loss))).toBe(true);
    expect(lines.at(-1)).toMatchObject({ event: 'end', ending: 'finished', step: 40, evaluation: { events: 500 } });
  });

  it('takes a declaration from a file, and a table whose columns it standardises inside the model', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => `${1000 + 50 * Math.sin(i)},${0.01 * Math.cos(2.3 * i)}`);
    writeFileSync(at('table.csv'), `height,width\n${rows.join('\n')}\n`);
    const flags = [
      '--steps',
      '60',
      '--layers',
      '2',
      '--hidden',
      '8',
      '--standardise',
      '--patience',
      '50',
      '--out',
      at('table'),
    ];
    const done = await call('train', 'realNVP', '--data', at('table.csv'), ...flags);
    expect(done.code, done.err).toBe(0);
    const drawn = await json('sample', at('table'), '-n', '200');
    const mean = drawn.samples.reduce((s: number, r: number[]) => s + r[0], 0) / 200;
    expect(Math.abs(mean - 1000)).toBeLessThan(30);
    const again = await call(
      'train',
      join(at('table'), 'spec.json'),
      '--data',
      at('table.csv'),
      '--steps',
      '20',
      '--out',
      at('again'),
      '--no-report',
    );
    expect(again.code, again.err).toBe(0);
    expect(readFileSync(at('again/spec.json'), 'utf8')).toBe(readFileSync(at('table/spec.json'), 'utf8'));
  });

  it('images: levels, bits a dimension, a grid of samples', async () => {
    writeFileSync(at('img-idx3-ubyte'), idxImages(200, 6, 5));
    const flags = [
      '--train-rows',
      '0:150',
      '--test-rows',
      '150:200',
      '--epochs',
      '2',
      '--batch-size',
      '32',
      '--layers',
      '2',
      '--hidden',
      '8',
    ];
    const done = await call('train', 'realNVP', '--data', at('img-idx3-ubyte'), ...flags, '--out', at('img'));
    expect(done.code, done.err).toBe(0);
    expect(done.err).toMatch(/\[6, 5\], 256 levels; 150 to train, 50 to test\n.*8 steps of 32/);
    expect(done.out).toMatch(/≤ [\d.]+ ± [\d.]+ bits\/dim, −log P ≤ [\d.]+ nats \(an upper bound, 50 events\)/);
    const grid = decode(readFileSync(at('img/samples.png')));
    expect(grid.width).toBeGreaterThan(100);
    const drawn = await json('sample', at('img'), '-n', '3');
    expect(drawn.shape).toEqual([3, 6, 5]);
    expect(drawn.samples.flat(2).every((v: number) => Number.isInteger(v) && v >= 0 && v < 256)).toBe(true);
    expect((await call('sample', at('img'), '-n', '9', '--out', at('nine.png'))).code).toBe(0);
    expect(decode(readFileSync(at('nine.png'))).width).toBe(3 * 5 * 6 + 2 * 2);
  });

  it('goes on bit for bit: 40 steps, then 40 more, are 80', async () => {
    const flags = [...tiny, '--schedule', 'constant', '--ema', '--no-report'];
    const to = (steps: string, out: string) => [
      'train',
      'realNVP',
      '--data',
      'circles',
      ...flags,
      '--steps',
      steps,
      '--out',
      at(out),
    ];
    expect((await call(...to('80', 'straight'))).code).toBe(0);
    expect((await call(...to('40', 'half'))).code).toBe(0);
    const done = await call('train', '--resume', at('half'), '--steps', '80', '--out', at('whole'), '--no-report');
    expect(done.code, done.err).toBe(0);
    expect(done.err).toMatch(/resumed +at step 40/);
    expect(
      readFileSync(at('whole/checkpoint.safetensors')).equals(readFileSync(at('straight/checkpoint.safetensors'))),
    ).toBe(true);
  });
});

describe('optimisers', () => {
  const flags = [
    '--optimizer',
    'lion',
    '--schedule',
    'plateau',
    '--warm-up',
    '5',
    '--weight-decay',
    '0.1',
    '--no-report',
  ];
  const base = ['train', 'realNVP', '--data', 'circles', ...tiny, ...flags];

  it('of choice are declared in the checkpoint, and a resumed run keeps them', async () => {
    const done = await call(...base, '--steps', '20', '--out', at('lion'));
    expect(done.code, done.err).toBe(0);
    expect(done.err).toMatch(/20 steps of \d+, Lion 0\.0001, plateau/);
    expect(done.err).toMatch(/to validate/);
    const bytes = readFileSync(at('lion/checkpoint.safetensors'));
    const header = bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString('utf8');
    const { training, slots } = JSON.parse(JSON.parse(header).__metadata__.pushforward);
    expect(training).toMatchObject({ optimizer: 'lion', schedule: 'plateau', warmUp: 5, weightDecay: 0.1 });
    expect([training.learningRate, slots.map((s: { name: string }) => s.name)]).toEqual([1e-4, ['mean']]);
    const other = await call('train', '--resume', at('lion'), '--steps', '30', '--optimizer', 'sgd');
    expect([other.code, other.err]).toEqual([
      2,
      expect.stringMatching(/--optimizer: .*keeps .*expected lion, got sgd/),
    ]);
    const on = await call('train', '--resume', at('lion'), '--steps', '30', '--optimizer', 'lion', '--no-report');
    expect(on.code, on.err).toBe(0);
  });

  it('decay by the learning rate times the weight decay', () => {
    const record = {
      model: 'm',
      data: { source: 's', seed: 0 },
      steps: 100,
      batchSize: 1,
      learningRate: 0.1,
      backend: 'b',
    };
    const warm = { ...record, schedule: 'oneCycle', warmUp: 10, weightDecay: 0.5 } as const;
    for (const optimizer of optimizerNames) {
      const { coefficients, at: coefficientsAt, selectors } = optimizerOf({ ...warm, optimizer, clip: 1 });
      expect([coefficients.at(-1), selectors?.length]).toEqual(['decay', 1]);
      // One cycle over what the warm-up leaves: 0.1 at the peak, at step 10 + 0.3 · 90.
      expect(coefficientsAt(37).at(-1)).toBeCloseTo(1 - 0.1 * 0.5, 12);
      expect(coefficientsAt(4).at(-1)).toBeCloseTo(1 - (0.1 / 25) * 0.5 * 0.5, 12);
    }
  });
});

describe('sample', () => {
  it('gives sample i whatever n is, as CSV, JSON and NPY', async () => {
    const five = (await call('sample', run, '-n', '5', '--seed', '3')).out.trim().split('\n');
    expect(five[0]).toBe('x1,x2');
    const two = await json('sample', run, '-n', '2', '--seed', '3');
    expect(two.samples.map((r: number[]) => r.join(','))).toEqual(five.slice(1, 3));
    expect((await call('sample', run, '-n', '5', '--seed', '3', '--out', at('five.npy'))).code).toBe(0);
    const npy = await loadDataset(at('five.npy'))();
    if (npy._tag === 'Left') throw new Error(npy.left.message);
    Array.from(allRows(npy.right)).forEach((v, i) => {
      expect(v).toBeCloseTo(Number(five[1 + (i >> 1)].split(',')[i % 2]), 6);
    });
    expect((await call('sample', run, '--out', at('dots.png'))).code).toBe(0);
    expect(decode(readFileSync(at('dots.png'))).width).toBe(1280);
  });
});

describe('evaluate', () => {
  it('repeats the result of the run without flags, and measures other data with them', async () => {
    const own = JSON.parse(readFileSync(join(run, 'evaluation.json'), 'utf8'));
    expect(await json('evaluate', run)).toMatchObject({ data: 'twoMoons', ...own });
    const other = await json('evaluate', run, '--data', 'circles', '--size', '300');
    expect(other).toMatchObject({ data: 'circles', events: 300, evidence: 'exact' });
    expect(other.gap).toBeGreaterThan(0);
    expect((await call('evaluate', run)).out).toMatch(/^twoMoons +−log p = [\d.]+ ± /);
  });
});

describe('describe and the lists', () => {
  it('text, JSON, declaration and pictures', async () => {
    expect((await call('describe', 'realNVP')).out).toMatch(/8 × compose .* 35,344 /);
    expect(await json('describe', run)).toMatchObject({ shape: [2], evidence: 'exact', spec: { type: 'pushforward' } });
    const spec = (await call('describe', 'realNVP', '--shape', '3', '--layers', '4', '--format', 'spec')).out;
    const dist = readDist(JSON.parse(spec));
    expect(dist._tag === 'Right' && dist.right.shape).toEqual([3]);
    expect((await call('describe', 'realNVP', '--format', 'svg')).out).toMatch(/^<svg /);
    expect((await call('describe', 'realNVP', '--out', at('graph.png'))).code).toBe(0);
    expect(decode(readFileSync(at('graph.png'))).width).toBe(1920);
  });

  it('models, toys with their entropies, backends', async () => {
    expect((await json('models')).map((m: { name: string }) => m.name)).toEqual(Object.keys(models));
    const toys = await json('toys');
    expect(toys.find((t: { name: string }) => t.name === 'eightGaussians').entropy).toBeCloseTo(3.5247, 4);
    expect((await json('backends')).find((b: { name: string }) => b.name === 'onnx-cpu').available).toBe(true);
  });

  it('help has examples for every command', async () => {
    for (const c of ['train', 'sample', 'evaluate', 'describe', 'export', 'models', 'toys', 'backends']) {
      const { out, code } = await call(c, '--help');
      expect(code).toBe(0);
      expect(out.match(/\$ pushforward /g)?.length ?? 0).toBeGreaterThanOrEqual(2);
    }
    expect((await call()).out).toMatch(/^Usage: pushforward/);
    expect((await call('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('export', () => {
  it.each([
    ['sampler', 'samples', [7, 2]],
    ['log-density', 'log_density', [7]],
    ['score', 'score', [7, 2]],
    ['encode', 'codes', [7, 2]],
  ] as const)('%s: the file alone gives the library’s numbers', async (what, output, shape) => {
    const path = at(`${what}.onnx`);
    const told = await json('export', run, '--what', what, '--batch', '7', '--out', path);
    expect(told).toMatchObject({ part: what, outputs: [{ name: output, shape }] });
    expect(told.difference).toBeLessThan(1e-4);
    const session = await ort.InferenceSession.create(path, { logSeverityLevel: 3 });
    const { dist, state } = await opened(run);
    const running = runDist(dist, usedParameters(state), onnx('cpu'));
    const x = Float32Array.from({ length: 14 }, (_, i) => Math.sin(i));
    const feeds = { [told.inputs[0].name]: new ort.Tensor('float32', x, [7, 2]) };
    const got = (await session.run(feeds))[output].data as Float32Array;
    const tensor = { shape: [7, 2], type: 'float32' as const, data: x };
    if (what === 'sampler') {
      // The base of this distribution is N(0, I), so encoding a sample gives back the noise that was fed.
      const back = await running.encode({ ...tensor, data: got });
      back.data.forEach((v, i) => expect(v).toBeCloseTo(x[i], 3));
      return;
    }
    const kind = what === 'log-density' ? 'logDensity' : what;
    const want = await running[kind](tensor);
    want.data.forEach((v, i) => expect(got[i]).toBeCloseTo(v, 3));
  });
});
