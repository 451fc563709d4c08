import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, describe, expect, it } from 'vitest';
import { type Failure, sentence } from '../../src/core/errors.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { allocate, type Tensor, type TensorType, tensor } from '../../src/core/tensor.ts';
import {
  type Checkpoint,
  type CheckpointParts,
  libraryVersion,
  loadCheckpoint,
  saveCheckpoint,
} from '../../src/inference/checkpoint.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  type Safetensors,
  writeSafetensors,
} from '../../src/inference/safetensors.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'pushforward-checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => path.join(folder, name);

const right = <A>(r: E.Either<Failure, A>): A => {
  if (E.isLeft(r)) throw new Error(sentence(r.left));
  return r.right;
};
/** The failure as `tag sentence`, the folder left out. */
const refused = <A>(r: E.Either<Failure, A>): string => {
  if (E.isRight(r)) throw new Error('it was not refused');
  return `${r.left._tag} ${sentence(r.left)}`.replaceAll(`${folder}/`, '');
};

const bytesOf = ({ data }: Tensor): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
/** A record of tensors as something `toEqual` compares bit by bit. */
const bits = (tensors: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(
    Object.entries(tensors).map(([k, t]) => [k, { shape: t.shape, type: t.type, bits: bytesOf(t).toString('hex') }]),
  );

const randomTensor: fc.Arbitrary<Tensor> = fc
  .tuple(
    fc.constantFrom<TensorType>('float32', 'float64', 'int32', 'bool'),
    fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
    fc.infiniteStream(fc.nat(255)),
    fc.nat(3),
  )
  .map(([type, shape, stream, shift]): Tensor => {
    // A view into a larger buffer, as the parameters of a training state are.
    const whole = allocate(type, sizeOf(shape) + shift);
    const raw = new Uint8Array(whole.buffer);
    for (let i = 0; i < raw.length; i++) raw[i] = type === 'bool' ? stream.next().value % 2 : stream.next().value;
    return tensor(whole.subarray(shift), shape);
  });
const name = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 6 }), fc.constantFrom('__proto__', 'a/b', '"', '1'));
const randomFile: fc.Arbitrary<Safetensors> = fc.record({
  tensors: fc.dictionary(name, randomTensor, { maxKeys: 4 }),
  metadata: fc.dictionary(fc.string(), fc.string({ unit: 'binary' }), { maxKeys: 3 }),
});

/** A file from a header (JSON, or text as it is) and a number of bytes. */
const made = (header: unknown, bytes = 0): Uint8Array => {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(bytes)]);
};
const entry = (begin: number, end: number, shape: number[] = [(end - begin) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('safetensors', () => {
  it('reads back every bit that was written', () => {
    fc.assert(
      fc.property(randomFile, (file) => {
        const bytes = Buffer.concat(encodeSafetensors(file));
        const again = right(decodeSafetensors(bytes));
        expect(bits(again.tensors)).toEqual(bits(file.tensors));
        expect(Object.entries(again.metadata).sort()).toEqual(Object.entries(file.metadata).sort());
        expect(bytes.readBigUInt64LE() % 8n).toBe(0n);
      }),
    );
  });

  it('says in one sentence what is wrong with a file', () => {
    const cases: readonly (readonly [Uint8Array, string])[] = [
      [Buffer.alloc(3), 'f: truncated: a safetensors file begins with 8 bytes (got 3)'],
      [made({}, 0).subarray(0, 9), 'f: truncated: the file ends inside its header (expected 10 bytes, got 9)'],
      [Buffer.from('PK\x03\x04 some other file'), 'f: not a safetensors file: the length of its header makes no sense (expected at most 100000000 bytes, got 7885648053892500304)'], // biome-ignore format: one idea
      [made('{"a": '), 'f: the header is not right: not JSON: Unexpected end of JSON input'],
      [made('[]'), 'f: the header is not right: it is not a JSON object'],
      [made(' {}'), 'f: the header is not right: it is not a JSON object'],
      [Buffer.concat([made('{"\x00"}').subarray(0, 10), Buffer.from([0xff]), Buffer.from('"}')]), 'f: the header is not right: it is not UTF-8'], // biome-ignore format: one idea
      [
        made({ a: entry(0, 8) }, 4),
        "f: truncated: 'a' ends after the end of the file (expected 8 bytes of numbers, got 4)",
      ],
      [made({ a: entry(0, 4) }, 8), 'f: bytes follow the last array (expected 4 bytes of numbers, got 8)'],
      [made({ a: entry(0, 8), b: entry(4, 12) }, 12), "f: 'b' and 'a' overlap"],
      [made({ a: entry(0, 4), b: entry(8, 12) }, 12), "f: there is a hole of 4 bytes before 'b'"],
      [made({ a: entry(8, 4, [1]) }, 8), "f: the offsets of 'a' are out of order (got [8, 4])"],
      [
        made({ a: entry(0, 8, [3]) }, 8),
        "f: the bytes of 'a' do not fit its shape (expected 12 bytes for F32 [3], got 8)",
      ],
      [made({ a: entry(0, 8, [1], 'F8') }, 8), "f: the header is not right: ['a'].dtype: expected one of F64, F32, I32, BOOL, U8, got \"F8\""], // biome-ignore format: one idea
      [
        made({ a: entry(0, 8, [-2]) }, 8),
        "f: the header is not right: ['a'].shape[0]: expected an integer from 0, got -2",
      ],
      [made({ a: { ...entry(0, 8), dtyp: 1 } }, 8), "f: the header is not right: ['a']: unknown key 'dtyp'; none is expected here"], // biome-ignore format: one idea
      [made('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4), "f: the header is not right: the name 'a' is there twice"], // biome-ignore format: one idea
      [made({ __metadata__: { n: 1 } }), "f: the header is not right: the value of 'n' in __metadata__ is not a text"],
    ];
    for (const [bytes, said] of cases) expect(refused(decodeSafetensors(bytes, 'f'))).toBe(`FileError ${said}`);
  });

  it('refuses a file cut anywhere, and never throws whatever bytes are changed', () => {
    const file = {
      tensors: { 'a/b': tensor(new Float32Array(5), [5]), c: tensor(new Uint8Array(3), [3]) },
      metadata: { k: 'v' },
    };
    const bytes = Buffer.concat(encodeSafetensors(file));
    for (let n = 0; n < bytes.length; n++)
      expect(refused(decodeSafetensors(bytes.subarray(0, n), 'f'))).toMatch(/^FileError f: ./);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 24), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }),
        (flips) => {
          const copy = Buffer.from(bytes);
          for (const [i, by] of flips) copy[i] ^= by;
          const r = decodeSafetensors(copy, 'f');
          if (E.isLeft(r)) expect(refused(r)).toMatch(/^FileError f: ./);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

const state: CheckpointParts['state'] = {
  step: 17,
  seed: 3,
  parameters: {
    '0.repeat/0.affine/shift': tensor(Float32Array.of(1, -0, Number.NaN), [3]),
    'base/κ': tensor(Float32Array.of(1e-45, 3.4e38), [2, 1]),
  },
  slots: {
    'first moment': {
      '0.repeat/0.affine/shift': tensor(Float32Array.of(0.1, 0.2, 0.3), [3]),
      'base/κ': tensor(Float32Array.of(0.4, 0.5), [2, 1]),
    },
  },
  average: {
    '0.repeat/0.affine/shift': tensor(new Float32Array(3), [3]),
    'base/κ': tensor(new Float32Array(2), [2, 1]),
  },
};
/** An optimiser's arrays stand one after the other in the file. */
const firstMoment = tensor(Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5), [5]);
const parts: CheckpointParts = {
  state,
  spec: { type: 'standardNormal', shape: [2] },
  training: { batchSize: 64, data: 'moons "2"', history: [{ step: 1, loss: 2.5 }] },
};
const save = (where: string, p: CheckpointParts = parts) => saveCheckpoint(where, p)();
const load = (where: string) => loadCheckpoint(where)();

const compared = (c: CheckpointParts | Checkpoint) => ({
  ...c,
  state: {
    ...c.state,
    parameters: bits(c.state.parameters),
    slots: Object.fromEntries(Object.entries(c.state.slots).map(([slot, of]) => [slot, bits(of)])),
    average: bits(c.state.average ?? {}),
  },
});

describe('checkpoints', () => {
  it('come back bit for bit', async () => {
    right(await save(at('a.safetensors')));
    const again = right(await load(at('a.safetensors')));
    expect(compared(again)).toEqual({ ...compared(parts), version: libraryVersion(), format: 3 });
    expect(Object.keys(again.state.parameters)).toEqual(Object.keys(state.parameters));
    expect(libraryVersion()).toMatch(/^\d+\.\d+\.\d+/);
    const { average: _, ...plain } = state;
    right(await save(at('a.safetensors'), { spec: parts.spec, state: plain }));
    const second = right(await load(at('a.safetensors')));
    expect([second.state.average, second.training]).toEqual([undefined, {}]);
    expect(readdirSync(folder)).toEqual(['a.safetensors']);
  });

  it('are read by Python', (context) => {
    const numpy = ['/usr/bin/python3', 'python3', '/root/.pyenv/shims/python3'].find(
      (p) => spawnSync(p, ['-c', 'import numpy']).status === 0,
    );
    if (numpy === undefined) return context.skip('no Python with numpy is installed here');
    return (async () => {
      right(await save(at('p.safetensors')));
      const script = `
import json, struct, sys
import numpy as np
raw = open(sys.argv[1], 'rb').read()
n, = struct.unpack('<Q', raw[:8])
header = json.loads(raw[8:8 + n])
meta = json.loads(header.pop('__metadata__')['pushforward'])
arrays = {}
for name, h in header.items():
    a, b = h['data_offsets']
    arrays[name] = np.frombuffer(raw[8 + n + a:8 + n + b], {'F32': '<f4'}[h['dtype']]).reshape(h['shape'])
print(json.dumps([meta['step'], meta['spec'], {k: [list(v.shape), v.tobytes().hex()] for k, v in arrays.items()}]))
`;
      const [step, spec, arrays] = JSON.parse(
        execFileSync(numpy, ['-c', script, at('p.safetensors')], { encoding: 'utf8' }),
      );
      expect([step, spec]).toEqual([17, parts.spec]);
      const all = {
        ...state.parameters,
        'optimizer/first moment': firstMoment,
        ...Object.fromEntries(Object.entries(state.average ?? {}).map(([k, v]) => [`average/${k}`, v])),
      };
      expect(arrays).toEqual(
        Object.fromEntries(Object.entries(all).map(([k, v]) => [k, [v.shape, bytesOf(v).toString('hex')]])),
      );
    })();
  });

  it('that are not right are refused in one sentence', async () => {
    const where = at('bad.safetensors');
    const changed = async (change: (s: Safetensors) => Safetensors): Promise<string> => {
      right(await save(where));
      const { tensors, metadata } = change(right(await readSafetensors(where)()));
      right(await writeSafetensors(where, tensors, metadata)());
      return refused(await load(where));
    };
    const meta = (edit: (record: Record<string, unknown>) => unknown) =>
      changed(({ tensors, metadata }) => ({
        tensors,
        metadata: { pushforward: JSON.stringify(edit(JSON.parse(metadata.pushforward))) },
      }));
    const one = tensor(new Float32Array(1), [1]);
    expect(refused(await load(at('nowhere.safetensors')))).toBe('FileError nowhere.safetensors: there is no such file');
    expect(refused(await load(folder))).toMatch(/^FileError .*: not read: this is a folder$/);
    expect(await changed(({ tensors }) => ({ tensors, metadata: {} }))).toBe(
      "FileError bad.safetensors: not a checkpoint of pushforward: its metadata have no 'pushforward'",
    );
    expect(await changed(({ tensors: { 'base/κ': _, ...tensors }, metadata }) => ({ tensors, metadata }))).toBe(
      "FileError bad.safetensors: the checkpoint lacks 'base/κ'",
    );
    expect(await changed(({ tensors, metadata }) => ({ tensors: { ...tensors, one }, metadata }))).toBe(
      "FileError bad.safetensors: the checkpoint has an array 'one' that nothing asks for",
    );
    expect(
      await changed(({ tensors, metadata }) => ({ tensors: { ...tensors, 'optimizer/first moment': one }, metadata })),
    ).toBe(
      // biome-ignore format: one idea
      "FileError bad.safetensors: 'optimizer/first moment' does not fit the parameters (expected [5], got [1])",
    );
    expect(
      await changed(({ tensors, metadata }) => ({ tensors: { ...tensors, 'average/base/κ': one }, metadata })),
    ).toBe(
      // biome-ignore format: one idea
      "FileError bad.safetensors: 'average/base/κ' does not fit the parameter (expected [2, 1], got [1])",
    );
    expect(await meta((r) => ({ ...r, format: 4, version: '9.0.0' }))).toBe(
      'FileError bad.safetensors: the checkpoint was written by a newer version of pushforward (expected format 3, got format 4 of version 9.0.0)',
    );
    expect(await meta((r) => ({ ...r, step: '17' }))).toBe(
      'FileError bad.safetensors: step: expected an integer from 0, got "17"',
    );
    expect(await meta(({ spec: _, ...r }) => r)).toBe(
      "FileError bad.safetensors: 'spec' is missing: expected a specification: an object with a type",
    );
  });

  it('refuses a parameter under the name of something else', async () => {
    const parameters = { ...state.parameters, 'optimizer/first moment': firstMoment };
    expect(refused(await save(at('c.safetensors'), { ...parts, state: { ...state, parameters } }))).toBe(
      'ArgumentError optimizer/first moment: two arrays of the checkpoint have this name',
    );
  });

  it('leaves the old file when the disk is full', async (context) => {
    const disk = at('disk');
    mkdirSync(disk);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]).status !== 0)
      return context.skip('no small disk can be mounted here');
    try {
      const where = path.join(disk, 'kept.safetensors');
      right(await save(where));
      const before = readFileSync(where);
      const big = tensor(new Float32Array(1_000_000), [1_000_000]);
      expect(refused(await writeSafetensors(where, { big })())).toBe(
        'FileError disk/kept.safetensors: not written: the disk is full',
      );
      expect(readFileSync(where).equals(before)).toBe(true);
      expect(readdirSync(disk)).toEqual(['kept.safetensors']);
    } finally {
      spawnSync('umount', [disk]);
    }
  });

  it('says why a file cannot be written', async () => {
    expect(refused(await save(at('no/such/folder.safetensors')))).toBe(
      'FileError no/such/folder.safetensors: not written: the folder does not exist',
    );
    writeFileSync(at('file'), '');
    expect(refused(await save(at('file/inside')))).toMatch(/a part of the path is a file, not a folder$/);
    mkdirSync(at('folder.safetensors'));
    expect(refused(await save(at('folder.safetensors')))).toBe(
      'FileError folder.safetensors: not written: this is a folder',
    );
    expect(readdirSync(folder).filter((f) => f.startsWith('folder'))).toEqual(['folder.safetensors']);
  });
});
