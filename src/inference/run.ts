/** A law with its parameters on a backend: sampling, densities and codes as functions of host arrays. */
import { type Dist, encodeToBase, type Law } from '../algebra/dist.ts';
import type { Samples, Unnormalised } from '../algebra/evidence.ts';
import { grad } from '../core/differentiate/index.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Backend, type Feeds, type Program, program } from '../core/program.ts';
import { type ExampleRunner, exampleRunner } from '../core/run-segments.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import type { Tensor, TensorData } from '../core/tensor.ts';
import { vmapAll } from '../core/vectorize.ts';
import { isTrainingNoise } from './training/move-plan.ts';

/** What can be asked of a law that has parameters and a backend. Arrays have a leading example axis. */
export interface Running {
  readonly law: Law;
  readonly parameters: Feeds;
  readonly backend: Backend;
  /** Any function of an event (over the law's parameters and noise), for each row: its results, `[n, …]` each. Compiled at every call. */
  readonly each: (f: (x: Expr) => D.Draw<readonly Expr[]>) => (x: Tensor, seed?: number) => Promise<readonly Tensor[]>;
  /** `n` samples, `[n, …]`: sample i is the same whatever n is. */
  readonly sample: (n: number, seed: number) => Promise<Tensor>;
  /** Samples with their log-densities in nats. */
  readonly sampleAndLogDensity: (
    n: number,
    seed: number,
  ) => Promise<{ readonly values: Tensor; readonly logDensity: Tensor }>;
  /** log p (or what the evidence says) of each row, in nats, `[n]`. */
  readonly logDensity: (x: Tensor, seed?: number) => Promise<Tensor>;
  /** ∇ₓ log p of each row, `[n, …]`. */
  readonly score: (x: Tensor, seed?: number) => Promise<Tensor>;
  /** The base law's side of each row, `[n, …]`; the rows themselves where nothing was pushed forward. */
  readonly encode: (x: Tensor, seed?: number) => Promise<Tensor>;
}

/** What can be asked of a law that is known up to a constant: no log p, so `evaluate` does not take it; no samples. */
export interface RunningUnnormalised extends Pick<Running, 'law' | 'parameters' | 'backend' | 'each' | 'score'> {
  /** log p up to a constant that is the same for every row, in nats, `[n]`. */
  readonly unnormalisedLogDensity: Running['logDensity'];
  /** Cannot be called: its argument is the sentence that the compiler prints. */
  readonly sample: (
    why: 'a law known up to a constant has no sampler: run a Markov kernel on it (sampledBy)',
    ...rest: readonly never[]
  ) => never;
}

/** {@link RunningUnnormalised} with a chain for its sampler (`sampledBy`). */
export interface RunningChain extends Omit<RunningUnnormalised, 'sample'>, Pick<Running, 'sample'> {}

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

/** The vectorised expressions of a law, for `size` examples: what is compiled, and what `export` writes. */
export const lawPrograms = (law: Law, size: number, backend: Pick<Backend, 'precisions'>) => {
  const fresh = { fresh: isTrainingNoise };
  const perExample = (f: (v: Expr) => D.Draw<readonly Expr[]>): Program => eachProgram(f, law.shape, size, backend);
  const drawn = (d: D.Draw<readonly Expr[]>): Program =>
    program(vmapAll(() => D.runDraw(d), { ...fresh, size })(), backend.precisions[0]);
  return {
    sample: () => drawn(D.map((v: Expr) => [v])(law.sample)),
    sampleAndLogDensity: () =>
      drawn(D.map((s: { value: Expr; logDensity: Expr }) => [s.value, s.logDensity])(law.sampleAndLogDensity)),
    logDensity: () => perExample((v) => D.map((l: Expr) => [l])(law.logDensity(v))),
    score: () => perExample((v) => D.map((l: Expr) => grad(l, [v]))(law.logDensity(v))),
    encode: () => perExample((v) => D.map((z: Expr) => [z])(encodeToBase(law, v))),
  };
};

/** A function of one event of some shape, vectorised over `size` rows named `x`. */
const eachProgram = (
  f: (x: Expr) => D.Draw<readonly Expr[]>,
  event: Shape,
  size: number,
  backend: Pick<Backend, 'precisions'>,
): Program =>
  program(
    vmapAll((v) => D.runDraw(f(v)), { fresh: isTrainingNoise })(o.input('x', [size, ...event])),
    backend.precisions[0],
  );

/** How {@link run} reads the evidence of a law: what a law does not have, cannot be asked of it. */
export interface Run {
  (law: Dist<Shape, { readonly exactLogDensity: true } | { readonly estimatedLogDensity: true }>, parameters: Feeds, backend: Backend): Running; // biome-ignore format: one line a kind
  (law: Dist<Shape, Unnormalised & Samples>, parameters: Feeds, backend: Backend): RunningChain;
  (law: Dist<Shape, Unnormalised>, parameters: Feeds, backend: Backend): RunningUnnormalised;
  (law: Law, parameters: Feeds, backend: Backend): Running;
}

/**
 * Binds a law to parameters and a backend. Programs are compiled at first use, for chunks of rows of one size, so any number of
 * rows costs one compilation (two where given events are evaluated: a few at a time, and many). Loops that draw much noise (a thousand steps of DDPM on
 * images) run in pieces, with the noise of one piece in memory.
 *
 * @example
 * const running = run(realNVP, fitted.parameters, onnx('cpu'));
 * const x = await running.sample(1000, 0);
 */
export const run = ((law: Law, parameters: Feeds, backend: Backend): Running & RunningChain => {
  type Kind = keyof ReturnType<typeof lawPrograms>;
  interface Ready {
    readonly p: Program;
    readonly go: ExampleRunner['run'];
  }
  const made = new Map<string, Ready>();
  const get = (kind: Kind, size: number): Ready => {
    const known = made.get(`${kind} ${size}`);
    if (known !== undefined) return known;
    const p = lawPrograms(law, size, backend)[kind]();
    const ready = { p, go: exampleRunner(p, backend).run };
    made.set(`${kind} ${size}`, ready);
    return ready;
  };

  const chunked = async (kind: Kind, n: number, seed: number, x?: Tensor): Promise<Tensor[]> =>
    inChunks(get(kind, chunkFor(x)), n, seed, x);

  const inChunks = async ({ p, go }: Ready, n: number, seed: number, x?: Tensor): Promise<Tensor[]> => {
    const parts: Tensor[][] = [];
    const size = chunkFor(x);
    for (let at = 0; at < n; at += size) {
      const rows = x === undefined ? {} : { x: rowsOf(x, at, size) };
      parts.push(await go({ ...parameters, ...rows }, { seed, firstExample: at }));
    }
    return p.outputs.map((e, i) => joinRows(parts.map((r) => r[i]), n, e.shape.slice(1))); // biome-ignore format: one idea
  };

  const each: Running['each'] =
    (f) =>
    async (x, seed = 0) => {
      const p = eachProgram(f, x.shape.slice(1), chunkFor(x), backend);
      const e = exampleRunner(p, backend);
      try {
        return await inChunks({ p, go: e.run }, x.shape[0], seed, x);
      } finally {
        await e.dispose();
      }
    };

  const logDensity: Running['logDensity'] = async (x, seed = 0) =>
    (await chunked('logDensity', x.shape[0], seed, x))[0];
  return {
    law,
    parameters,
    backend,
    each,
    sample: async (n, seed) => (await chunked('sample', n, seed))[0],
    sampleAndLogDensity: async (n, seed) => {
      const [values, logDensity] = await chunked('sampleAndLogDensity', n, seed);
      return { values, logDensity };
    },
    logDensity,
    unnormalisedLogDensity: logDensity,
    score: async (x, seed = 0) => (await chunked('score', x.shape[0], seed, x))[0],
    encode: async (x, seed = 0) => (await chunked('encode', x.shape[0], seed, x))[0],
  };
}) as unknown as Run;

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
