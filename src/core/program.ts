/**
 * Programs: finished expressions with their free leaves named, ready for an interpreter.
 *
 * An interpreter sees tensors only. It does not differentiate, draw random numbers or know what a distribution is: noise reaches it
 * as one more named array, filled by {@link noiseFeeds} from (seed, step, path, example index), the same on every interpreter.
 */

import { withoutAdvances } from './advances.ts';
import { checkClaims, type Parameter } from './claims.ts';
import { withoutCustom } from './custom.ts';
import { type Failure, failure, raise } from './errors.ts';
import { type ElementType, type Expr, type Node, type NoiseDist, topological } from './expr.ts';
import { kindOf } from './kind-of.ts';
import { fillNoise } from './noise.ts';
import { foldIn, keyOf, type PrngKey } from './prng.ts';
import { range, type Shape, sameShape, showShape, sizeOf } from './shape.ts';
import type { Tensor, TensorType } from './tensor.ts';

/** Floating-point width of a program's `real`s. */
export type Precision = 'float32' | 'float64';

/** A free leaf of a program. Noise is fed under the name `noise:<path>`. */
export interface Slot {
  readonly name: string;
  readonly shape: Shape;
  readonly type: ElementType;
  readonly noise?: { readonly dist: NoiseDist; readonly path: string; readonly batch: number };
}

/** Outputs with their free leaves. */
export interface Program {
  readonly outputs: readonly Expr[];
  readonly slots: readonly Slot[];
  readonly precision: Precision;
}

/** Arrays by slot name. */
export type Feeds = Readonly<Record<string, Tensor>>;

/** What an interpreter makes of a program. Dispose it when it is no longer needed. */
export interface Executable {
  readonly program: Program;
  /** Runs once. Rejects with a `BackendError` where a feed is missing or has another shape. */
  readonly run: (feeds: Feeds) => Promise<Tensor[]>;
  readonly dispose: () => Promise<void>;
}

/** An interpreter: a name, what it can do, and how it runs a program. */
export interface Backend {
  readonly name: string;
  readonly precisions: readonly Precision[];
  readonly compile: (program: Program) => Promise<Executable>;
}

/** The element type of host arrays for an expression type under a precision. */
export const hostType = (type: ElementType, precision: Precision): TensorType => (type === 'real' ? precision : type);

type Leaf = Node<'input'> | Node<'parameter'> | Node<'noise'>;
const isLeaf = (e: Expr): e is Leaf & Expr => e.op === 'input' || e.op === 'parameter' || e.op === 'noise';

const isParameter = (e: Expr): e is Parameter => e.op === 'parameter';

/** The name a leaf is fed under. */
export const slotName = (e: Leaf): string => (e.op === 'noise' ? `noise:${e.attributes.path}` : e.attributes.name);

/**
 * A program of several outputs with its free leaves (inputs, parameters, noise) as slots. Updates of buffers are not part of it (see `advances.ts`). Throws `ShapeError` where one
 * name stands for two different leaves, `ArgumentError` where two parameters share a name by accident (see {@link checkClaims}).
 *
 * @example
 * program([ops.exp(input('x', [2]))]).slots.length;   // 1
 */
export const program = (given: readonly Expr[], precision: Precision = 'float32'): Program => {
  const outputs = withoutAdvances(withoutCustom(given));
  const slots = new Map<string, Slot>();
  const order = topological(outputs);
  checkClaims(order.filter(isParameter));
  for (const e of order) {
    if (e.op === 'variable') return raise('ArgumentError', '', 'program: a bound variable escaped its scan or vmap');
    if (!isLeaf(e)) continue;
    const name = slotName(e);
    const slot: Slot = { name, shape: e.shape, type: e.type, ...(e.op === 'noise' ? { noise: e.attributes } : {}) };
    const known = slots.get(name);
    if (known !== undefined && (!sameShape(known.shape, slot.shape) || known.type !== slot.type))
      return raise('ShapeError', name, 'one name stands for two different arrays', {
        expected: `${known.type} ${showShape(known.shape)}`,
        got: `${slot.type} ${showShape(slot.shape)}`,
      });
    slots.set(name, slot);
  }
  return { outputs, slots: [...slots.values()], precision };
};

/**
 * The parameters of expressions, by name, in order of first use; buffers are not included. Throws `ArgumentError` where two share a name by accident (see
 * {@link checkClaims}).
 *
 * @example
 * parametersOf([parameter('w', [2], { init: parameters.ones })(root)]).length;   // 1
 */
export const parametersOf = (outputs: readonly Expr[]): Parameter[] => {
  const found = new Map<string, Parameter>();
  const leaves = topological(outputs).filter(isParameter);
  checkClaims(leaves);
  for (const p of leaves)
    if (p.attributes.role === undefined && !found.has(p.attributes.name)) found.set(p.attributes.name, p);
  return [...found.values()];
};

/** Which noise a run sees. */
export interface NoiseSource {
  readonly seed: number;
  /** Distinguishes runs of one program: the training step, the number of the chunk of samples. */
  readonly step?: number;
  /** Index of the first example: sampling in chunks gives the same samples as sampling at once. */
  readonly firstExample?: number;
}

/** The key of one noise leaf. */
export const noiseKey = (seed: number, step: number, path: string): PrngKey => foldIn(foldIn(keyOf(seed), path), step);

/**
 * Arrays for the noise slots of a program, by name: a function of seed, step and the index of the first example. The same arguments give the same numbers.
 *
 * @example
 * const p = program([random.runRandom(random.normal([2]))]);
 * noiseFeeds(p, { seed: 0 });
 */
export const noiseFeeds = (p: Program, { seed, step = 0, firstExample = 0 }: NoiseSource): Record<string, Tensor> => {
  const feeds: Record<string, Tensor> = {};
  for (const s of p.slots)
    if (s.noise !== undefined)
      feeds[s.name] = noiseTensor(
        s.shape,
        s.noise.dist,
        s.noise.batch,
        noiseKey(seed, step, s.noise.path),
        p.precision,
        firstExample,
      );
  return feeds;
};

/** One array of noise whose first `batch` axes index examples; the outermost starts at `firstExample`. */
export const noiseTensor = (
  shape: Shape,
  dist: NoiseDist,
  batch: number,
  key: PrngKey,
  precision: Precision,
  firstExample = 0,
): Tensor => {
  const data = precision === 'float32' ? new Float32Array(sizeOf(shape)) : new Float64Array(sizeOf(shape));
  writeNoise(shape, dist, key, firstsOf(batch, firstExample), data, 0);
  return { shape, type: precision, data };
};

/** Where the axes of noise that count something begin: the outermost with the first example (then the first step of a piece of a loop), the others at 0. */
export const firstsOf = (batch: number, ...outer: readonly number[]): number[] =>
  range(batch).map((i) => outer[i] ?? 0);

/**
 * {@link noiseTensor} into a part of an array that is there already, from `at`; its outer axes count examples, steps and whatever is nested in a step, and
 * `firsts` say where each begins.
 */
export const writeNoise = (
  shape: Shape,
  dist: NoiseDist,
  key: PrngKey,
  [first, ...inner]: readonly number[],
  out: Float32Array | Float64Array,
  at: number,
): void => {
  const [size, width] = [sizeOf(shape), sizeOf(shape.slice(1))];
  if (first === undefined) fillNoise(dist, key, 0, 1, size, out, at);
  else if (inner.length === 0) fillNoise(dist, key, first, shape[0], width, out, at);
  else
    for (let i = 0; i < shape[0]; i++)
      writeNoise(shape.slice(1), dist, foldIn(key, first + i), inner, out, at + i * width);
};

/** The first feed that is missing or does not fit, as a sentence. */
export const checkFeeds = (p: Program, feeds: Feeds): Failure | undefined => {
  for (const s of p.slots) {
    const t = feeds[s.name];
    if (t === undefined)
      return failure('BackendError', s.name, 'nothing was fed', { expected: `${s.type} ${showShape(s.shape)}` });
    if (!Array.isArray(t.shape))
      return failure('BackendError', s.name, 'what was fed is no tensor', { expected: `tensorOf(numbers, ${showShape(s.shape)})`, got: kindOf(t) }); // biome-ignore format: one sentence
    if (!sameShape(t.shape, s.shape))
      return failure('BackendError', s.name, 'the array fed has another shape', {
        expected: showShape(s.shape),
        got: showShape(t.shape),
      });
  }
  return undefined;
};
