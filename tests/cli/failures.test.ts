/** Whatever is wrong: one sentence that names it, an exit code, and earlier output as it was. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeNpy } from '../../src/data/index.ts';
import { loadCheckpoint } from '../../src/inference/checkpoint.ts';
import { call, idxImages, isOneSentence, tiny, workFolder } from './helpers.ts';

const folder = workFolder();
const at = (name: string): string => join(folder, name);
const run = at('run');

beforeAll(async () => {
  const made = await call('train', 'realNVP', '--data', 'twoMoons', ...tiny, '--out', run, '--no-report');
  expect(made.code, made.err).toBe(0);
  const npy = encodeNpy({ shape: [50, 2], type: 'float32', data: new Float32Array(100) });
  writeFileSync(at('cut.npy'), npy.subarray(0, 300));
  writeFileSync(at('cut-idx3-ubyte'), idxImages(20, 4, 4).subarray(0, 100));
  writeFileSync(at('cut.safetensors'), readFileSync(join(run, 'checkpoint.safetensors')).subarray(0, -100));
  writeFileSync(at('text.csv'), 'a,b\n1,2\n3,x\n');
  writeFileSync(at('ragged.csv'), '1,2\n3,4\n3\n');
  writeFileSync(at('nan.csv'), 'a,b\n1,2\n3,NaN\n');
  writeFileSync(at('three.csv'), '1,2,3\n4,5,6\n'.repeat(20));
  writeFileSync(at('one.csv'), `a,b\n${Array.from({ length: 40 }, (_, i) => `${i % 7},5\n`).join('')}`);
  const spec = readFileSync(join(run, 'spec.json'), 'utf8');
  writeFileSync(at('misspelt.json'), spec.replace('affineCoupling', 'afineCoupling'));
  writeFileSync(at('broken.json'), spec.slice(0, 60));
  writeFileSync(at('plain'), 'a file');
});

const train = (...args: string[]): string[] => ['train', 'realNVP', ...args];
const toy = (...args: string[]): string[] => train('--data', 'twoMoons', ...args);

type Case = readonly [name: string, args: () => string[], code: number, says: RegExp];
const cases: readonly Case[] = [
  ['missing file', () => train('--data', at('nothere.csv')), 1, /nothere\.csv: there is no such file/],
  ['missing folder', () => train('--data', at('no/where.csv')), 1, /no such file, nor the folder/],
  ['truncated NPY', () => train('--data', at('cut.npy')), 1, /cut\.npy: truncated/],
  ['truncated IDX', () => train('--data', at('cut-idx3-ubyte')), 1, /cut-idx3-ubyte: truncated/],
  ['truncated checkpoint', () => ['sample', at('cut.safetensors')], 1, /cut\.safetensors: truncated/],
  ['not a checkpoint', () => ['sample', at('plain')], 1, /plain: /],
  ['folder without a checkpoint', () => ['evaluate', folder], 1, /checkpoint\.safetensors: there is no such file/],
  ['text in a CSV', () => train('--data', at('text.csv')), 1, /text\.csv:3: column "b" .*got "x"/],
  ['ragged CSV', () => train('--data', at('ragged.csv')), 1, /ragged\.csv:3: .*expected 2, got 1/],
  ['NaN in data', () => train('--data', at('nan.csv')), 1, /nan\.csv:3: .*NaN/],
  [
    'data of another dimension for a checkpoint',
    () => ['evaluate', run, '--data', at('three.csv')],
    1,
    /do not fit the model .*\[2\].*\[3\]/,
  ],
  [
    'data of another dimension for a declaration',
    () => ['train', join(run, 'spec.json'), '--data', at('three.csv')],
    1,
    /do not fit .*\[2\].*\[3\]/,
  ],
  ['unknown model', () => ['train', 'realNPV', '--data', 'twoMoons'], 2, /no model "realNPV"; did you mean "realNVP"/],
  ['unknown toy', () => train('--data', 'twoMons'), 2, /"twoMons"; did you mean "twoMoons"/],
  [
    'unknown backend',
    () => toy('--backend', 'onnx-cup', '--out', at('never')),
    2,
    /onnx-cup: .*did you mean 'onnx-cpu'/,
  ],
  ['unknown flag', () => toy('--stesp', '5'), 2, /--stesp.*did you mean --steps/],
  ['unknown command', () => ['tran'], 2, /'tran'; did you mean train/],
  ['unknown choice', () => toy('--schedule', 'cosin'), 2, /--schedule: .*did you mean "cosine"/],
  ['unknown optimiser', () => toy('--optimizer', 'adm'), 2, /--optimizer: .*did you mean "adam"/],
  [
    'nothing but warm-up',
    () => toy('--steps', '5', '--warm-up', '5'),
    2,
    /--warm-up: .*expected fewer than 5 steps, got 5/,
  ],
  ['unknown part', () => ['export', run, '--what', 'samplr'], 2, /did you mean "sampler"/],
  ['unknown column', () => train('--data', at('text.csv'), '--columns', 'a,bb'), 2, /no column "bb"; did you mean "b"/],
  [
    'misspelt layer',
    () => ['train', at('misspelt.json'), '--data', 'twoMoons'],
    1,
    /misspelt\.json: transport\.layer\.layers\[0\]: .*'afineCoupling'; did you mean 'affineCoupling'/,
  ],
  ['not JSON', () => ['describe', at('broken.json')], 1, /broken\.json: not JSON/],
  ['missing declaration', () => ['train', at('no.json'), '--data', 'twoMoons'], 1, /no\.json: there is no such file/],
  ['zero steps', () => toy('--steps', '0'), 2, /--steps: .*positive integer, got "0"/],
  ['negative steps', () => toy('--steps', '-5'), 2, /--steps: .*positive integer, got "-5"/],
  ['steps and epochs', () => toy('--steps', '5', '--epochs', '1'), 2, /--epochs: /],
  ['a share above one', () => toy('--validation', '1.5'), 2, /--validation: .*between 0 and 1/],
  ['widths that are no numbers', () => toy('--hidden', '64,x'), 2, /--hidden: .*"64,x"/],
  [
    'rows that overlap',
    () => train('--data', at('three.csv'), '--train-rows', '0:20', '--test-rows', '19:30'),
    2,
    /trained on and tested on/,
  ],
  [
    'rows beyond the end',
    () => train('--data', at('three.csv'), '--train-rows', '0:20', '--test-rows', '20:99'),
    2,
    /rows 20 to 99 of 40/,
  ],
  ['a file’s flag for a toy', () => toy('--test-rows', '0:5'), 2, /--test-rows: .*twoMoons is not a file/],
  ['no data', () => train(), 2, /--data: /],
  ['no model', () => ['train', '--data', 'twoMoons'], 2, /model: /],
  ['no checkpoint', () => ['sample'], 2, /missing required argument 'checkpoint'/],
  ['too many arguments', () => ['toys', 'x'], 2, /too many arguments for 'toys' \(expected 0, got 1\)/],
  ['unknown format', () => ['sample', run, '--out', at('x.xyz')], 2, /--out: .*\.npy, \.csv or \.png/],
  ['no shape fits', () => ['describe', 'realNVP', '--shape', '1'], 1, /./],
  ['nothing left to do', () => ['train', '--resume', run], 2, /has done 40 steps already/],
  [
    'another declaration on resume',
    () => ['train', '--resume', run, '--steps', '60', '--learning-rate', '1'],
    2,
    /--learning-rate: .*expected 0\.002, got 1/,
  ],
  ['layers on resume', () => ['train', '--resume', run, '--steps', '60', '--layers', '3'], 2, /--layers: /],
  ['an impossible folder', () => toy(...tiny, '--out', '/proc/x'), 1, /\/proc\/x: the folder cannot be made/],
  ['a folder inside a file', () => toy(...tiny, '--out', join(at('plain'), 'x')), 1, /plain\/x: .*not a folder/],
  ['a file in a file', () => ['sample', run, '--out', join(at('plain'), 'x.csv')], 1, /not a folder/],
];

describe('one sentence and an exit code', () => {
  it.each(cases)('%s', async (_, args, code, says) => {
    const before = readFileSync(join(run, 'checkpoint.safetensors'));
    const done = await call(...args());
    expect(done.err).toMatch(says);
    expect(isOneSentence(done.err), done.err).toBe(true);
    expect(done.code).toBe(code);
    expect(done.out).toBe('');
    expect(readFileSync(join(run, 'checkpoint.safetensors')).equals(before)).toBe(true);
    expect(existsSync(at('never'))).toBe(false);
  });

  it('with --json the failure is a document too', async () => {
    const done = await call('train', 'realNVP', '--data', 'twoMons', '--json');
    expect(JSON.parse(done.out)).toMatchObject({
      error: { tag: 'UnknownName', message: expect.stringContaining('twoMoons') },
    });
    expect(JSON.parse((await call('toys', '--json', '--foo')).out)).toMatchObject({ error: { tag: 'UsageError' } });
  });

  it('--debug shows where', async () => {
    expect((await call('train', 'realNVP', '--data', 'twoMons', '--debug')).err).toMatch(/\n {4}at /);
  });
});

describe('numbers that are not finite', () => {
  it('a hopeless learning rate: step and layer are named, nothing earlier is replaced', async () => {
    const before = readFileSync(join(run, 'checkpoint.safetensors'));
    const flags = ['--size', '1000', '--learning-rate', '1e6', '--clip', '1e30', '--steps', '200', '--out', run];
    const done = await call('train', 'realNVP', '--data', 'twoMoons', ...flags);
    expect(done.code).toBe(1);
    expect(done.err).toMatch(/error: \S*affineCoupling\S*: the loss stopped being finite at step \d+/);
    expect(readFileSync(join(run, 'checkpoint.safetensors')).equals(before)).toBe(true);
  });

  it('a run that breaks later keeps its last good step', async () => {
    // One number so large that its square is not finite, met in the second half of the first epoch.
    const rows = Array.from({ length: 400 }, (_, i) => `${Math.sin(i)},${Math.cos(3 * i)}\n`);
    rows[17] = '1e30,0\n';
    writeFileSync(at('outlier.csv'), rows.join(''));
    const flags = [
      '--steps',
      '90',
      '--batch-size',
      '4',
      '--layers',
      '2',
      '--hidden',
      '8',
      '--seed',
      '5',
      '--out',
      at('outlier'),
    ];
    const done = await call('train', 'realNVP', '--data', at('outlier.csv'), ...flags);
    expect(done.code).toBe(1);
    const [, failed, good] = /finite at step (\d+); the parameters of step (\d+)/.exec(done.err) ?? [];
    expect(Number(failed)).toBeGreaterThan(20);
    expect(done.err).toContain(`step ${good} is saved in ${at('outlier/checkpoint.safetensors')}`);
    const kept = await loadCheckpoint(at('outlier/checkpoint.safetensors'))();
    if (kept._tag === 'Left') throw new Error(kept.left.message);
    expect(kept.right.state.step).toBe(Number(good));
    for (const t of Object.values(kept.right.state.parameters)) expect(t.data.every(Number.isFinite)).toBe(true);
  });
});

describe('folders', () => {
  it('a full disk: a sentence, and the earlier checkpoint as it was', async (context) => {
    mkdirSync(at('disk'));
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', at('disk')]).status !== 0)
      return context.skip('no small disk can be mounted here');
    try {
      const to = (...flags: string[]) => call(...toy(...tiny, ...flags, '--out', at('disk/run'), '--no-report'));
      expect((await to()).code).toBe(0);
      const before = readFileSync(at('disk/run/checkpoint.safetensors'));
      const done = await to('--hidden', '128,128');
      expect(done.err).toMatch(/error: .*checkpoint\.safetensors: not written: the disk is full/);
      expect(done.code).toBe(1);
      expect(readFileSync(at('disk/run/checkpoint.safetensors')).equals(before)).toBe(true);
    } finally {
      spawnSync('umount', [at('disk')]);
    }
  });

  it('a run without --out never writes into the folder of another', async () => {
    const cwd = process.cwd();
    mkdirSync(at('here'));
    process.chdir(at('here'));
    try {
      for (let i = 0; i < 2; i++)
        expect((await call('train', 'realNVP', '--data', 'circles', ...tiny, '--no-report')).code).toBe(0);
      expect(readdirSync('runs').sort()).toEqual(['realNVP-circles', 'realNVP-circles-2']);
    } finally {
      process.chdir(cwd);
    }
  });

  it('columns of one value are remarked on when standardising', async () => {
    const done = await call(
      'train',
      'realNVP',
      '--data',
      at('one.csv'),
      '--standardise',
      '--steps',
      '20',
      '--layers',
      '2',
      '--hidden',
      '4',
      '--out',
      at('flat'),
      '--no-report',
    );
    expect(done.err).toMatch(/note: column "b" has one value only/);
  });
});
