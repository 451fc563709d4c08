/** Programs of examples on a backend: run as they stand, or in pieces where their noise is large. */
import { type Backend, type Feeds, noiseFeeds, type Program } from './program.ts';
import { pieceNoise, type Segments, segmentsOf } from './segments.ts';
import { sizeOf } from './shape.ts';
import type { Tensor, TensorData } from './tensor.ts';

/** Numbers of noise that a run holds (16 MiB in single precision); a loop that draws more runs in pieces. */
const LIMIT = 2 ** 22;

/** Which noise a run sees. */
export interface Examples {
  readonly seed: number;
  readonly firstExample: number;
}

/** Runs a program for some examples. */
export interface ExampleRunner {
  readonly run: (feeds: Feeds, examples: Examples) => Promise<Tensor[]>;
  readonly dispose: () => Promise<void>;
}

/** Rows of an array from one on. */
export const rowsFrom = ({ shape, type, data }: Tensor, at: number, rows: number): Tensor => {
  const width = sizeOf(shape.slice(1));
  return { shape: [rows, ...shape.slice(1)], type, data: data.subarray(at * width, (at + rows) * width) as TensorData };
};

const joined = (parts: readonly Tensor[]): Tensor => {
  const data = new (parts[0].data.constructor as { new (n: number): TensorData })(
    parts.reduce((n, t) => n + t.data.length, 0),
  );
  parts.reduce((at, t) => {
    data.set(t.data, at);
    return at + t.data.length;
  }, 0);
  const rows = parts.reduce((n, t) => n + t.shape[0], 0);
  return { shape: [rows, ...parts[0].shape.slice(1)], type: parts[0].type, data };
};

const inPieces =
  (s: Segments, go: (p: Program, feeds: Feeds) => Promise<Tensor[]>): ExampleRunner['run'] => {
    const programs = new Map<number, Program>();
    const pieceOf = (n: number): Program => {
      const p = programs.get(n) ?? s.piece(n);
      programs.set(n, p);
      return p;
    };
    return async (feeds, examples) => {
      const start = await go(s.before, { ...feeds, ...noiseFeeds(s.before, examples) });
      let carried: readonly Tensor[] = start.slice(0, s.carries);
      const stacked: Tensor[][] = [];
      for (let at = 0; at < s.length; at += s.pieceLength) {
        const n = Math.min(s.pieceLength, s.length - at);
        const p = pieceOf(n);
        const handed = s.handed.map(({ name, role }, i) => {
          const t = role === 'carry' ? carried[i] : role === 'sequence' ? rowsFrom(start[i], at, n) : start[i];
          return [name, t] as const;
        });
        const noise = pieceNoise(p, examples.seed, examples.firstExample, at);
        const out = await go(p, { ...feeds, ...Object.fromEntries(handed), ...noise });
        carried = out.slice(0, s.carries);
        stacked.push(out.slice(s.carries));
      }
      const last = [...carried, ...s.results.slice(s.carries).map((_, i) => joined(stacked.map((out) => out[i])))];
      const results = Object.fromEntries(s.results.map((name, i) => [name, last[i]]));
      return go(s.after, { ...feeds, ...noiseFeeds(s.after, examples), ...results });
    };
  }; // biome-ignore format: one idea

/**
 * A program of examples, compiled at its first run. Where one of its loops draws more than `limit` numbers of noise (default 2²², 16 MiB in single precision) it runs
 * in pieces of that loop, with the noise of one piece in memory: the results are the same.
 */
export const exampleRunner = (p: Program, backend: Backend, limit = LIMIT): ExampleRunner => {
  const compiled = new Map<Program, ReturnType<Backend['compile']>>();
  const go = async (part: Program, feeds: Feeds): Promise<Tensor[]> => {
    const made = compiled.get(part) ?? backend.compile(part);
    compiled.set(part, made);
    return (await made).run(feeds);
  };
  const s = segmentsOf(p, limit);
  return {
    run: s === undefined ? (feeds, examples) => go(p, { ...feeds, ...noiseFeeds(p, examples) }) : inPieces(s, go),
    dispose: async () => {
      for (const made of compiled.values()) await (await made).dispose();
    },
  };
};
