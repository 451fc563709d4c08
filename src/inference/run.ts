/** A distribution with its parameters on a backend: sampling, densities and codes as functions of host arrays. */
import { type Conditional, distGiven, logDensityGiven, sampleGiven } from '../algebra/conditional.ts';
import { type AnyContext, type Context, type ContextValue, contextOfVector, contextSize } from '../algebra/context.ts';
import { type AnyDist, type Dist, isDist, type Scored } from '../algebra/dist.ts';
import type { Samples, Unnormalised } from '../algebra/evidence.ts';
import { encodeToBase } from '../algebra/pushed.ts';
import { grad } from '../core/differentiate/index.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { onnx } from '../core/interpreters/onnx/index.ts';
import { asTensor, type HostArray } from '../core/nested.ts';
import * as o from '../core/ops/index.ts';
import { type Backend, type Feeds, type Program, program } from '../core/program.ts';
import { type Shape, sizeOf } from '../core/shape.ts';
import { type Tensor, tensor } from '../core/tensor.ts';
import { vmapAll } from '../core/vectorize.ts';
import { ofRow } from '../distributions/jointly.ts';
import { type ContextArrays, contextNumbers, contextRows } from './context-arrays.ts';
import { eachProgram } from './each-program.ts';
import { countOf, rowsOf, seedOf } from './host-rows.ts';
import { chunkRunner } from './run-chunks.ts';
import { type RunningFacts, runningFacts } from './run-facts.ts';
import { isTrainingNoise } from './training/move-plan.ts';

/**
 * What can be asked of a distribution that has parameters and a backend. Arrays have a leading example axis. Rows go in as a tensor or as nested arrays
 * (`[[0.1, 0.2]]`); a tensor comes out, which `toNested` makes nested arrays of. Throws (a promise is rejected) with a `ShapeError` where rows do not fit the
 * event, with an `ArgumentError` where a number of samples is not 1, 2, 3, …, a seed no integer, or an array holds something that is no number.
 */
export interface Running {
  readonly dist: AnyDist;
  readonly parameters: Feeds;
  readonly backend: Backend;
  /** Any function of an event (over the distribution's parameters and noise), for each row: its results, `[n, …]` each. Compiled at every call. */
  readonly each: (
    f: (x: Expr) => D.Draw<readonly Expr[]>,
  ) => (x: HostArray, seed?: number) => Promise<readonly Tensor[]>;
  /** `n` samples, `[n, …]`: sample i is the same whatever n is. The default seed is 0. */
  readonly sample: (n: number, seed?: number) => Promise<Tensor>;
  /** Samples with their log-densities in nats. */
  readonly sampleAndLogDensity: (
    n: number,
    seed?: number,
  ) => Promise<{ readonly values: Tensor; readonly logDensity: Tensor }>;
  /** log p (or what the evidence says) of each row, in nats, `[n]`. */
  readonly logDensity: (x: HostArray, seed?: number) => Promise<Tensor>;
  /** ∇ₓ log p of each row, `[n, …]`. */
  readonly score: (x: HostArray, seed?: number) => Promise<Tensor>;
  /** The base distribution's side of each row, `[n, …]`; the rows themselves where nothing was pushed forward. */
  readonly encode: (x: HostArray, seed?: number) => Promise<Tensor>;
}

/** What can be asked of a distribution that is known up to a constant: no log p, so `evaluate` does not take it; no samples. */
export interface RunningUnnormalised extends Pick<Running, 'dist' | 'parameters' | 'backend' | 'each' | 'score'> {
  /** log p up to a constant that is the same for every row, in nats, `[n]`. */
  readonly unnormalisedLogDensity: Running['logDensity'];
  /** Cannot be called: its argument is the sentence that the compiler prints. */
  readonly sample: (
    why: 'a distribution known up to a constant has no sampler: run a Markov kernel on it (sampledBy)',
    ...rest: readonly never[]
  ) => never;
}

/** {@link RunningUnnormalised} with a chain for its sampler (`sampledBy`). */
export interface RunningChain extends Omit<RunningUnnormalised, 'sample'>, Pick<Running, 'sample'> {}

/** What can be asked of a conditional distribution that has parameters and a backend; R is what can be asked of it at a context. */
export interface RunningConditional<R> {
  readonly conditional: Conditional<Context, Shape>;
  readonly parameters: Feeds;
  readonly backend: Backend;
  /**
   * The distribution at one context: an array of its shape, the number of a class, or a struct of these. The context is an input of the programs: another one compiles
   * nothing. Throws `ShapeError` where it does not fit.
   */
  readonly given: (context: ContextArrays) => R;
  /** One sample for each row of contexts `[n, …]`: `[n, …event]`. */
  readonly sampleGiven: (contexts: ContextArrays, seed?: number) => Promise<Tensor>;
  /** log p(x | c) (or what the evidence says) of each row of events and its row of contexts, in nats, `[n]`. */
  readonly logDensityGiven: (contexts: ContextArrays, x: HostArray, seed?: number) => Promise<Tensor>;
}

/** The name of the input that a context is fed by. */
const CONTEXT = 'given context';

/**
 * The vectorised programs of a distribution for batches of `size` events (log-density, sample, encoding, …), before compilation: what {@link run} compiles and `export`
 * writes. The precision is the first one of the backend.
 *
 * @example
 * const { outputs } = distPrograms(normal([2]), 16, onnx('cpu')).logDensity();
 * outputs[0].shape;   // [16]
 */
export const distPrograms = (dist: AnyDist, size: number, backend: Pick<Backend, 'precisions'>) => {
  const fresh = { fresh: isTrainingNoise };
  const perExample = (f: (v: Expr) => D.Draw<readonly Expr[]>): Program => eachProgram(f, dist.shape, size, backend);
  const drawn = (d: D.Draw<readonly Expr[]>): Program =>
    program(vmapAll(() => D.runDraw(d), { ...fresh, size })(), backend.precisions[0]);
  return {
    sample: () => drawn(D.map((v: Expr) => [v])(dist.sample)),
    sampleAndLogDensity: () =>
      drawn(D.map((s: { value: Expr; logDensity: Expr }) => [s.value, s.logDensity])(dist.sampleAndLogDensity)),
    logDensity: () => perExample((v) => D.map((l: Expr) => [l])(dist.logDensity(v))),
    score: () => perExample((v) => D.map((l: Expr) => grad(l, [v]))(dist.logDensity(v))),
    encode: () => perExample((v) => D.map((z: Expr) => [z])(encodeToBase(dist, v))),
  };
};

/** How {@link run} reads the evidence of a distribution: what a distribution does not have, cannot be asked of it. */
export interface Run {
  <L extends Dist<Shape, { readonly exactLogDensity: true } | { readonly estimatedLogDensity: true }>>(dist: L, parameters?: ParameterArrays, backend?: Backend): Running & RunningFacts<L>; // biome-ignore format: one line a kind
  (dist: Dist<Shape, Unnormalised & Samples>, parameters?: ParameterArrays, backend?: Backend): RunningChain;
  (dist: Dist<Shape, Unnormalised>, parameters?: ParameterArrays, backend?: Backend): RunningUnnormalised;
  (dist: Conditional<Context, Shape, { readonly exactLogDensity: true } | { readonly estimatedLogDensity: true }>, parameters?: ParameterArrays, backend?: Backend): RunningConditional<Running>; // biome-ignore format: one line a kind
  (dist: Conditional<Context, Shape, Unnormalised & Samples>, parameters?: ParameterArrays, backend?: Backend): RunningConditional<RunningChain>; // biome-ignore format: one line a kind
  (dist: Conditional<Context, Shape, Unnormalised>, parameters?: ParameterArrays, backend?: Backend): RunningConditional<RunningUnnormalised>; // biome-ignore format: one line a kind
  (dist: Conditional<Context, Shape>, parameters?: ParameterArrays, backend?: Backend): RunningConditional<Running>;
  (dist: AnyDist, parameters?: ParameterArrays, backend?: Backend): Running;
}

/** Arrays by name, as tensors or nested arrays. */
export type ParameterArrays = { readonly [name: string]: HostArray };

/**
 * Binds a distribution to parameters (default none) and a backend (default `onnx('cpu')`). Beside what every distribution can be asked ({@link Running}), facts that it has in
 * closed form are asked by their names: `mean()`, `cdf(x)`, … ({@link RunningFacts}). Programs are compiled at first use, for chunks of rows of one size, so any number of
 * rows costs one compilation (two where given events are evaluated: a few at a time, and many). Loops that draw much noise (a thousand steps of DDPM on
 * images) run in pieces, with the noise of one piece in memory.
 *
 * @example
 * const running = run(realNVP, fitted.parameters, onnx('cpu'));
 * const x = await running.sample(1000, 0);
 * const p = conditional([1], (c) => normal([1], { loc: c }));
 * const right = await run(p, {}, onnx('cpu')).given([2]).sample(1000, 0);
 * toNested(await run(normal([2], { loc: [1, 2] })).mean());   // [1, 2]
 */
export const run = ((
  dist: AnyDist | Conditional<Context, Shape>,
  given: ParameterArrays = {},
  backend: Backend = onnx('cpu'),
) => {
  const parameters = Object.fromEntries(Object.entries(given).map(([name, x]) => [name, asTensor(x, name)]));
  return isDist(dist) ? bind(dist, backend)(parameters) : runConditional(dist, parameters, backend);
}) as Run;

/** {@link run} in two steps: programs are compiled once, whatever the parameters. */
const bind = (dist: AnyDist, backend: Backend): ((parameters: Feeds) => Running & RunningChain) => {
  const runner = chunkRunner((size) => distPrograms(dist, size, backend), backend);
  const facts = runningFacts(dist, backend);
  return (parameters) => {
    const chunked = runner.with(parameters);
    const each: Running['each'] =
      (f) =>
      async (given, seed = 0) => {
        const x = asTensor(given, 'each');
        const once = chunkRunner((size) => ({ f: () => eachProgram(f, x.shape.slice(1), size, backend) }), backend);
        try {
          return await once.with(parameters)('f', x.shape[0], seedOf('each', seed), x);
        } finally {
          await once.dispose();
        }
      };
    const drawn = (name: 'sample' | 'sampleAndLogDensity', n: number, seed: number): Promise<Tensor[]> =>
      chunked(name, countOf(name, n), seedOf(name, seed));
    const ofRows =
      (name: 'logDensity' | 'score' | 'encode'): Running['logDensity'] =>
      async (given, seed = 0) => {
        const x = rowsOf(name, given, dist.shape);
        return (await chunked(name, x.shape[0], seedOf(name, seed), x))[0];
      };
    const logDensity = ofRows('logDensity');
    return {
      ...facts(parameters),
      dist,
      parameters,
      backend,
      each,
      sample: async (n, seed = 0) => (await drawn('sample', n, seed))[0],
      sampleAndLogDensity: async (n, seed = 0) => {
        const [values, logs] = await drawn('sampleAndLogDensity', n, seed);
        return { values, logDensity: logs };
      },
      logDensity,
      unnormalisedLogDensity: logDensity,
      score: ofRows('score'),
      encode: ofRows('encode'),
    } as Running & RunningChain;
  };
};

const runConditional = (
  part: Conditional<Context, Shape>,
  parameters: Feeds,
  backend: Backend,
): RunningConditional<Running> => {
  const { context, event } = part;
  const size = contextSize(context);
  const value = (c: Expr): AnyContext => contextOfVector(context, c) as AnyContext;
  const array = (data: Float64Array, shape: Shape): Tensor =>
    tensor(backend.precisions[0] === 'float64' ? data : Float32Array.from(data), shape);
  const at = bind(distGiven(part, value(o.input(CONTEXT, [size])) as ContextValue<Context>), backend);
  const rows = chunkRunner(
    (n) => ({
      logDensity: () =>
        eachProgram(
          (row) => {
            const { x, c } = ofRow(part, row);
            return D.map((l: Expr) => [l])(logDensityGiven(part, value(c), x));
          },
          [sizeOf(event) + size],
          n,
          backend,
        ),
      sample: () =>
        eachProgram((c) => D.map((s: Scored) => [s.value])(sampleGiven(part, value(c))), [size], n, backend),
    }),
    backend,
  ).with(parameters);
  return {
    conditional: part,
    parameters,
    backend,
    given: (c) => at({ ...parameters, [CONTEXT]: array(contextNumbers(context, c), [size]) }),
    sampleGiven: async (contexts, seed = 0) => {
      const { n, data } = contextRows(context, contexts);
      return (await rows('sample', n, seed, array(data, [n, size])))[0];
    },
    logDensityGiven: async (contexts, given, seed = 0) => {
      const x = rowsOf('logDensityGiven', given, event);
      const { n, data } = contextRows(context, contexts);
      if (x.shape[0] !== n)
        raise('ShapeError', 'logDensityGiven', 'one context an event', { expected: `${x.shape[0]}`, got: `${n}` });
      const both = new Float64Array(data.length + x.data.length);
      const width = sizeOf(event);
      for (let i = 0; i < n; i++) {
        both.set(x.data.subarray(i * width, (i + 1) * width), i * (width + size));
        both.set(data.subarray(i * size, (i + 1) * size), i * (width + size) + width);
      }
      return (await rows('logDensity', n, seed, array(both, [n, sizeOf(event) + size])))[0];
    },
  };
};
