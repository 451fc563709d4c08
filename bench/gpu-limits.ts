/** How fast a backend multiplies matrices and moves arrays, apart from any model: programs whose data are made on the device and whose answer is one number. */
import * as o from '../src/core/ops/index.ts';
import { type Backend, type Program, program } from '../src/core/program.ts';
import { range } from '../src/core/shape.ts';

const feeds = { s: { shape: [], type: 'float32', data: Float32Array.of(0.37) } } as const;

/** An n × n matrix of sines of nothing simple, computed where the program runs. */
const matrix = (n: number, frequency: number) => {
  const s = o.input('s', []);
  const column = o.reshape(o.sin(o.mul(o.add(s, frequency), o.constant(range(n), [n]))), [n, 1]);
  const row = o.reshape(o.cos(o.mul(o.add(s, 2 * frequency), o.constant(range(n), [n]))), [1, n]);
  return o.mul(o.broadcastTo(column, [n, n]), o.broadcastTo(row, [n, n]));
};

/** `count` products, one after the other; each result is scaled so that numbers stay within range. */
export const productsProgram = (n: number, count: number): Program => {
  const w = o.mul(4 / n, matrix(n, 0.7));
  const last = range(count).reduce((m) => o.matmul(m, w), matrix(n, 0.3));
  return program([o.sum(last)], 'float32');
};

/** `count` times x ← |x − ½| of an n × n array: two operations each, that read the array and write it. */
export const chainProgram = (n: number, count: number): Program => {
  const last = range(count).reduce((x) => o.abs(o.sub(x, 0.5)), matrix(n, 0.3));
  return program([o.sum(last)], 'float32');
};

/** The best of some runs of a program, in seconds, after one that compiles its kernels. */
const seconds = async (backend: Backend, p: Program, runs: number): Promise<number> => {
  const executable = await backend.compile(p);
  try {
    await executable.run(feeds);
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < runs; i++) {
      const from = performance.now();
      await executable.run(feeds);
      best = Math.min(best, (performance.now() - from) / 1000);
    }
    return best;
  } finally {
    await executable.dispose();
  }
};

/** Seconds for one more repetition: the difference of a long and a short program, so that what every run costs falls out. */
const perRepetition = async (
  backend: Backend,
  make: (count: number) => Program,
  [few, many]: readonly [number, number],
): Promise<number> => {
  const short = await seconds(backend, make(few), 5);
  const long = await seconds(backend, make(many), 5);
  if (long <= short) throw new Error('too quick to tell: a longer program took no longer');
  return (long - short) / (many - few);
};

/** TFLOP/s of products of n × n matrices in single precision. Rejects where the clock cannot tell. */
export const productSpeed = async (backend: Backend, n: number): Promise<number> =>
  (2 * n ** 3) / (await perRepetition(backend, (c) => productsProgram(n, c), n >= 2048 ? [1, 6] : [2, 42])) / 1e12;

/** GB/s through the memory of elementwise operations on an n × n array, reads and writes counted. Rejects where the clock cannot tell. */
export const chainSpeed = async (backend: Backend, n: number): Promise<number> =>
  (4 * 4 * n * n) / (await perRepetition(backend, (c) => chainProgram(n, c), [2, 42])) / 1e9;

/** Milliseconds of a run that does next to nothing: what a call costs. */
export const callCost = async (backend: Backend): Promise<number> =>
  1000 * (await seconds(backend, chainProgram(2, 1), 20));
