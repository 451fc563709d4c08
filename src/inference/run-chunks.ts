/** Programs of many rows, run in chunks of one size. */
import type { Backend, Feeds, Program } from '../core/program.ts';
import { type ExampleRunner, exampleRunner } from '../core/run-segments.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import type { Tensor, TensorData } from '../core/tensor.ts';

/**
 * Rows in one run of the backend, always: fewer are padded. A runtime may pick another kernel for another number of rows, and with it other last
 * digits; with one size, sample i is the same, bit for bit, whatever the number of samples.
 */
const CHUNK = 256;

/** Rows in one run where many small given events are evaluated: up to eight times as many, as long as they hold 2¹⁵ numbers at most. */
const chunkFor = (x: Tensor | undefined): number => {
  if (x === undefined) return CHUNK;
  const wide = CHUNK * Math.max(1, Math.min(8, Math.floor(2 ** 15 / (CHUNK * Math.max(1, sizeOf(x.shape.slice(1)))))));
  return x.shape[0] < wide ? CHUNK : wide;
};

/** Programs by kind and number of rows, compiled at first use; `with` binds parameters (and other inputs that all rows share). */
export const chunkRunner = <K extends string>(
  programs: (size: number) => { readonly [kind in K]: () => Program },
  backend: Backend,
): {
  readonly with: (shared: Feeds) => (kind: K, n: number, seed: number, x?: Tensor) => Promise<Tensor[]>;
  readonly dispose: () => Promise<void>;
} => {
  const made = new Map<string, { readonly p: Program; readonly runner: ExampleRunner }>();
  const get = (kind: K, size: number) => {
    const key = `${kind} ${size}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const p = programs(size)[kind]();
    const ready = { p, runner: exampleRunner(p, backend) };
    made.set(key, ready);
    return ready;
  };
  return {
    with: (shared) => async (kind, n, seed, x) => {
      const size = chunkFor(x);
      const { p, runner } = get(kind, size);
      const parts: Tensor[][] = [];
      for (let at = 0; at < n; at += size) {
        const rows = x === undefined ? {} : { x: rowsOf(x, at, size) };
        parts.push(await runner.run({ ...shared, ...rows }, { seed, firstExample: at }));
      }
      return p.outputs.map((e, i) =>
        joinRows(
          parts.map((r) => r[i]),
          n,
          e.shape.slice(1),
        ),
      );
    },
    dispose: async () => {
      for (const { runner } of made.values()) await runner.dispose();
    },
  };
};

/** Rows `at … at+size−1`; past the end the last row is repeated, so that every chunk has one shape. */
const rowsOf = (x: Tensor, at: number, size: number): Tensor => {
  const width = sizeOf(x.shape.slice(1));
  const n = x.shape[0];
  const data = x.data.slice(at * width, Math.min(n, at + size) * width) as TensorData;
  if (at + size <= n) return { ...x, shape: [size, ...x.shape.slice(1)], data };
  const full = new (x.data.constructor as { new (n: number): TensorData })(size * width);
  full.set(data);
  for (let i = n - at; i < size; i++) full.set(x.data.subarray((n - 1) * width, n * width), i * width);
  return { ...x, shape: [size, ...x.shape.slice(1)], data: full };
};

const joinRows = (parts: readonly Tensor[], n: number, event: Shape): Tensor => {
  const width = sizeOf(event);
  const data = new (parts[0].data.constructor as { new (n: number): TensorData })(n * width);
  let at = 0;
  for (const p of parts) {
    const take = Math.min(p.data.length, data.length - at);
    data.set(p.data.subarray(0, take), at);
    at += take;
  }
  return { shape: [n, ...event], type: parts[0].type, data };
};
