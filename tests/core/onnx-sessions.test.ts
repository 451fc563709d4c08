/** What has been compiled is compiled once, whatever objects it is declared by. */
import { afterAll, beforeEach, expect, test } from 'vitest';
import { cachedSessions, onnx, releaseSessions } from '../../src/core/interpreters/onnx/index.ts';
import { kept, sessionOptions } from '../../src/core/interpreters/onnx/sessions.ts';
import * as o from '../../src/core/ops/index.ts';
import { program } from '../../src/core/program.ts';
import { tensor } from '../../src/core/tensor.ts';
import { adam, maximumLikelihood } from '../../src/inference/index.ts';
import { trainingProgram } from '../../src/inference/training/program.ts';
import { realNVP } from '../../src/models/index.ts';

beforeEach(releaseSessions);
afterAll(releaseSessions);

const training = (width: number) =>
  trainingProgram({
    objective: maximumLikelihood(realNVP([2], { layers: 2, hidden: [width] })),
    optimizer: adam(),
    batchSize: 8,
    steps: 3,
  }).program;

test('a declaration made again finds its session; another one, other settings and another precision do not', async () => {
  const backend = onnx('cpu', { threads: 1 });
  await backend.compile(training(4));
  expect(cachedSessions()).toBe(1);
  await backend.compile(training(4));
  await onnx('cpu', { threads: 1 }).compile(training(4));
  expect(cachedSessions()).toBe(1);
  await backend.compile(training(5));
  expect(cachedSessions()).toBe(2);
  await onnx('cpu', { threads: 2 }).compile(training(4));
  expect(cachedSessions()).toBe(3);
  await backend.compile(program(training(4).outputs, 'float64'));
  expect(cachedSessions()).toBe(4);
});

test('programs that simplify to one share its session, and each is fed by its own names', async () => {
  const backend = onnx('cpu');
  const x = o.input('x', [2]);
  const programs = [o.exp(x), o.exp(o.add(o.mul(x, 1), 0)), o.exp(o.input('y', [2]))].map((e) => program([e]));
  const [plain, padded, renamed] = await Promise.all(programs.map(backend.compile));
  expect(cachedSessions()).toBe(2);
  const values = tensor(Float32Array.of(0, 1), [2]);
  const [a] = await plain.run({ x: values });
  const [b] = await padded.run({ x: values });
  const [c] = await renamed.run({ y: values });
  expect(Array.from(a.data)).toEqual([1, Math.fround(Math.E)]);
  expect(b.data).toEqual(a.data);
  expect(c.data).toEqual(a.data);
  await expect(renamed.run({ x: values })).rejects.toThrow('nothing was fed');
});

test('released sessions are made anew', async () => {
  const p = program([o.exp(o.input('x', [2]))]);
  await onnx('cpu').compile(p);
  await releaseSessions();
  expect(cachedSessions()).toBe(0);
  const e = await onnx('cpu').compile(p);
  const [y] = await e.run({ x: tensor(Float32Array.of(0, 0), [2]) });
  expect(Array.from(y.data)).toEqual([1, 1]);
});

test('a table keeps what was made, and no failure', async () => {
  const table = new Map<string, Promise<number>>();
  let made = 0;
  const make = async (): Promise<number> => {
    made++;
    if (made === 1) throw new Error('not yet');
    return made;
  };
  await expect(kept(table, 'a', make)).rejects.toThrow('not yet');
  expect(await kept(table, 'a', make)).toBe(2);
  expect(await kept(table, 'a', make)).toBe(2);
  expect(made).toBe(2);
});

test('large programs run without a memory pattern, wherever what is large is computed', () => {
  const pattern = (e: Parameters<typeof sessionOptions>[3]): boolean | undefined =>
    sessionOptions('cpu', 1, false, e).enableMemPattern;
  const large = o.exp(o.input('x', [17, 2 ** 20]));
  expect(pattern([o.exp(o.input('x', [2 ** 10]))])).toBe(true);
  expect(pattern([o.sum(large)])).toBe(false);
  const loop = o.scan({
    length: 2,
    init: [o.scalar(0)],
    xs: [],
    body: ([s]) => ({ carry: [o.sum(o.exp(o.broadcastTo(s, [17, 2 ** 20])))], ys: [] }),
  });
  expect(pattern(loop.carry)).toBe(false);
  expect(sessionOptions('webgpu', 1, false, [large]).enableMemPattern).toBeUndefined();
});
