/** Checkpoints of every format: what older versions wrote is read and gone on with, and what is written now comes back bit for bit. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, describe, expect, it } from 'vitest';
import { buffer } from '../../src/core/buffer.ts';
import * as D from '../../src/core/draw.ts';
import { onnx } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import * as R from '../../src/core/random.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { type Tensor, tensor } from '../../src/core/tensor.ts';
import { fromRows } from '../../src/data/index.ts';
import { fromSafetensors, toSafetensors } from '../../src/inference/checkpoint.ts';
import {
  CHECKPOINT_FORMAT,
  type FitOptions,
  fit,
  loadCheckpoint,
  lossOf,
  momentum,
  type TrainingState,
  usedParameters,
  writeSafetensors,
} from '../../src/inference/index.ts';
import { outcome, right, said, scalar, stateBits } from './game-helpers.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'pushforward-formats-'));
afterAll(() => rmSync(folder, { recursive: true }));

const float32 = (xs: readonly number[], shape: readonly number[] = [xs.length]): Tensor =>
  tensor(Float32Array.from(xs), shape);
const float = (x: number): Tensor => float32([x], []);

/** What versions with formats 1 and 2 wrote into the metadata. */
const written = async (
  name: string,
  header: Readonly<Record<string, unknown>>,
  tensors: Readonly<Record<string, Tensor>>,
): Promise<string> => {
  const file = path.join(folder, `${name}.safetensors`);
  const common = { version: '0.1.0', seed: 5, step: 3, spec: { type: 'dist' }, training: { batchSize: 4 } };
  right(await writeSafetensors(file, tensors, { pushforward: JSON.stringify({ ...common, ...header }) })());
  return file;
};
const old = {
  header: { parameters: ['w', 'v'], slots: ['velocity'], averaged: true },
  tensors: {
    w: float(0.5),
    v: float32([1, 2], [2]),
    'optimizer/velocity': float32([0.1, 0.2, 0.3]),
    'average/w': float(0.25),
    'average/v': float32([3, 4], [2]),
  },
};

/** A loss with a buffer that counts and one that averages. */
const objective = lossOf('loss', [1] as const, (x) => (scope) => {
  const count = buffer('count', { initial: R.of(o.scalar(0, 'int32')) })(scope);
  const mean = buffer('mean', { initial: R.of(o.scalar(0)) })(scope);
  const next = o.add(o.mul(0.5, mean.now), o.mul(0.5, o.batchMean(o.sum(x))));
  const loss = o.add(o.square(o.sub(scalar('w', 1)(scope), mean.now)), o.mul(scalar('v', 1)(scope), o.sum(x)));
  return D.of(count.become(o.add(count.now, 1), mean.become(next, loss)))(scope);
});
const data = fromRows(
  'rows',
  Float32Array.from({ length: 12 }, (_, i) => Math.sin(i * i)),
  [1],
);
const goOn = (rest: Partial<FitOptions<readonly [1]>>) =>
  fit({ objective, data, batchSize: 4, seed: 5, steps: 7, optimizer: momentum({ learningRate: 0.1 }), ema: 0.9, backend: onnx('cpu'), ...rest })(); // biome-ignore format: one line

describe('files of older versions', () => {
  it('format 1: parameters, an optimiser’s flat vectors, averages', async () => {
    const file = await written('one', { ...old.header, format: 1 }, old.tensors);
    const { state, training, spec, version, format } = right(await loadCheckpoint(file)());
    expect([spec, training, version, format]).toEqual([{ type: 'dist' }, { batchSize: 4 }, '0.1.0', 1]);
    const expected: TrainingState = {
      step: 3,
      seed: 5,
      parameters: { w: old.tensors.w, v: old.tensors.v },
      slots: { velocity: { w: float32([0.1], []), v: float32([0.2, 0.3], [2]) } },
      average: { w: float(0.25), v: float32([3, 4], [2]) },
    };
    expect(stateBits(state)).toEqual(stateBits(expected));
    expect(usedParameters(state)).toEqual({ w: state.average?.w, v: state.average?.v });
  });

  it('format 2: carried arrays are buffers', async () => {
    const carried = { 'carried/chains': float32([1, 2, 3, 4], [2, 2]), 'carried/n': tensor(Int32Array.of(7), []) };
    const file = await written(
      'two',
      { ...old.header, averaged: false, format: 2, carried: ['chains', 'n'] },
      { w: old.tensors.w, v: old.tensors.v, 'optimizer/velocity': old.tensors['optimizer/velocity'], ...carried },
    );
    const { state } = right(await loadCheckpoint(file)());
    expect(state.average).toBeUndefined();
    expect(state.buffers).toEqual({ chains: carried['carried/chains'], n: carried['carried/n'] });
    expect([state.validations, state.best, state.ended, state.stage]).toEqual(Array(4).fill(undefined));
  });

  it('are gone on with, bit for bit', async () => {
    const first = right(await goOn({ steps: 3 })).last;
    const straight = right(await goOn({}));
    const flat = float32([first.slots.velocity.w.data[0], first.slots.velocity.v.data[0]]);
    const average = first.average ?? {};
    const file = await written(
      'half',
      { format: 2, parameters: ['w', 'v'], slots: ['velocity'], averaged: true, carried: ['count', 'mean'] },
      {
        ...first.parameters,
        'optimizer/velocity': flat,
        'average/w': average.w,
        'average/v': average.v,
        'carried/count': first.buffers?.count ?? float(0),
        'carried/mean': first.buffers?.mean ?? float(0),
      },
    );
    const { state } = right(await loadCheckpoint(file)());
    expect(outcome(right(await goOn({ resume: state })))).toEqual(outcome(straight));
    // The order of an optimiser's vector is that of the file's names.
    const turned = await written(
      'turned',
      { format: 2, parameters: ['v', 'w'], slots: ['velocity'], averaged: true, carried: ['count', 'mean'] },
      {
        ...first.parameters,
        'optimizer/velocity': float32([flat.data[1], flat.data[0]]),
        'average/w': average.w,
        'average/v': average.v,
        'carried/count': first.buffers?.count ?? float(0),
        'carried/mean': first.buffers?.mean ?? float(0),
      },
    );
    const again = right(await loadCheckpoint(turned)());
    expect(outcome(right(await goOn({ resume: again.state })))).toEqual(outcome(straight));
  });

  it('whose statistics stood among the parameters have them as buffers', async () => {
    const first = right(await goOn({ steps: 3, ema: 0.9 })).last;
    const parameters = ['w', 'mean', 'v'];
    const file = await written(
      'statistics',
      { format: 1, parameters, slots: ['velocity'], averaged: true },
      {
        ...first.parameters,
        mean: float(42),
        'optimizer/velocity': float32([first.slots.velocity.w.data[0], 9, first.slots.velocity.v.data[0]]),
        'average/w': first.average?.w ?? float(0),
        'average/mean': float(41),
        'average/v': first.average?.v ?? float(0),
      },
    );
    const { state } = right(await loadCheckpoint(file)());
    const on = right(await goOn({ resume: state, steps: 4 })).last;
    const want = right(await goOn({ resume: { ...first, buffers: { mean: float(42), count: tensor(Int32Array.of(0), []) } }, steps: 4 })).last; // biome-ignore format: one line
    expect(stateBits(on)).toEqual(stateBits(want));
    expect(on.buffers?.mean.data[0]).not.toBe(42);
  });

  it.each<readonly [string, Readonly<Record<string, unknown>>, string]>([
    ['of the future', { format: CHECKPOINT_FORMAT + 1 }, 'newer version'],
    ['without slots', { format: 1, parameters: [], averaged: false }, "'slots' is missing"],
    ['of format 1 with slots of format 3', { format: 1, parameters: [], averaged: false, slots: [{ name: 'm', parameters: [] }] }, 'slots[0]: expected'], // biome-ignore format: one case
    ['of format 3 with slots of format 1', { format: 3, parameters: [], slots: ['m'], average: [], buffers: [], validations: [], best: null, ended: null, stage: null }, 'slots[0]'], // biome-ignore format: one case
  ])('%s are refused in a sentence', async (name, header, sentence) => {
    const file = await written(name.replaceAll(' ', '-'), header, {});
    expect(said(await loadCheckpoint(file)())).toContain(sentence);
  });
});

describe('what is written', () => {
  const shape = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 });
  const floats = (s: readonly number[]): fc.Arbitrary<Tensor> =>
    fc.array(fc.float(), { minLength: sizeOf(s), maxLength: sizeOf(s) }).map((xs) => float32(xs, s));
  const any = shape.chain((s) =>
    fc.oneof(
      floats(s),
      fc
        .array(fc.integer(), { minLength: sizeOf(s), maxLength: sizeOf(s) })
        .map((xs) => tensor(Int32Array.from(xs), s)),
      fc.array(fc.boolean(), { minLength: sizeOf(s), maxLength: sizeOf(s) }).map((xs) => tensor(Uint8Array.from(xs, Number), s)), // biome-ignore format: one line
    ),
  );
  const name = fc.string({ minLength: 1, maxLength: 5 }).map((s) => `p:${s}`);
  const buffers = fc.dictionary(name, any, { maxKeys: 3, noNullPrototype: true });
  const value = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0);
  const state: fc.Arbitrary<TrainingState> = fc
    .tuple(fc.dictionary(name, shape, { minKeys: 1, maxKeys: 3, noNullPrototype: true }), buffers, fc.uniqueArray(fc.string({ maxLength: 5 }), { maxLength: 2 })) // biome-ignore format: one line
    .chain(([shapes, first, slots]) => {
      const like = (names: readonly string[] = Object.keys(shapes)): fc.Arbitrary<Record<string, Tensor>> =>
        fc.record(Object.fromEntries(names.map((n) => [n, floats(shapes[n])])), { noNullPrototype: true });
      const some = fc.subarray(Object.keys(shapes)).chain(like);
      return fc.record(
        {
          step: fc.nat(),
          seed: fc.maxSafeInteger(),
          parameters: like(),
          slots: fc.record(Object.fromEntries(slots.map((s) => [s, some])), { noNullPrototype: true }),
          average: like(),
          buffers: fc.constant(first),
          validations: fc.array(fc.record({ step: fc.nat(), value: fc.oneof(value, fc.constant(Number.NaN)) }), { minLength: 1, maxLength: 4 }), // biome-ignore format: one line
          best: fc.record({ step: fc.nat(), value, parameters: like(), buffers: buffers }),
          ended: value,
          stage: fc.record({ name: fc.string(), index: fc.nat(), previous: buffers }, { requiredKeys: ['name', 'index'], noNullPrototype: true }), // biome-ignore format: one line
        },
        { requiredKeys: ['step', 'seed', 'parameters', 'slots'], noNullPrototype: true },
      );
    });

  it('comes back bit for bit: slots by player, buffers of any type, validations, the best, the stage', () => {
    fc.assert(
      fc.property(state, (s) => {
        const file = toSafetensors({ state: s, spec: { type: 'dist' } });
        const again = right(fromSafetensors(file));
        expect(again.format).toBe(CHECKPOINT_FORMAT);
        // Nothing and no arrays are the same.
        expect(stateBits(again.state)).toEqual(stateBits(s));
        expect(Object.keys(again.state.parameters)).toEqual(Object.keys(s.parameters));
      }),
      { seed: Number(process.env.LAW_SEED ?? 12), numRuns: 200 },
    );
  });

  it('lacks nothing and holds nothing else: each array that is taken away or added is missed', () => {
    fc.assert(
      fc.property(state, fc.nat(), (s, i) => {
        const file = toSafetensors({ state: s, spec: { type: 'dist' } });
        const names = Object.keys(file.tensors);
        const { [names[i % names.length]]: _, ...less } = file.tensors;
        const missing = fromSafetensors({ ...file, tensors: less });
        expect(E.isLeft(missing) && missing.left._tag).toBe('FileError');
        const more = fromSafetensors({ ...file, tensors: { ...file.tensors, 'best/more': float(1) } });
        expect(said(more)).toContain("'best/more' that nothing asks for");
      }),
      { seed: Number(process.env.LAW_SEED ?? 12), numRuns: 50 },
    );
  });
});
