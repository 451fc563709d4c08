/**
 * The conformance suite: every primitive's value, derivatives of first, second and mixed order, and vectorisation on a backend, against
 * `reference`. It gates an interpreter.
 *
 * Tolerances are honest about floating point: the oracle is evaluated at the inputs the backend really sees (rounded to its precision),
 * and what a perturbation of those inputs by a rounding error or two changes is allowed for; nothing else is.
 */

import { toFailure } from '../core/errors.ts';
import type { Expr, Op } from '../core/expr.ts';
import { evaluateProgram } from '../core/interpreters/reference/index.ts';
import * as o from '../core/ops/index.ts';
import { foldIn, generator, keyOf } from '../core/prng.ts';
import { type Backend, type Feeds, type Precision, program } from '../core/program.ts';
import { castTensor, type Tensor, tensor, tensorOf } from '../core/tensor.ts';
import { type Case, caseId } from './conformance-case.ts';
import { conformanceCases } from './conformance-cases.ts';
import { answers, type Kind, kinds, place } from './conformance-kinds.ts';

/** One question put to a backend. */
export interface Row {
  /** The primitive, or the derived form. */
  readonly op: Op | string;
  readonly case: string;
  readonly kind: Kind;
  /** Largest difference from the oracle over the largest magnitude of the answer; infinite where one is not finite or nothing came. */
  readonly error: number;
  readonly tolerance: number;
  readonly pass: boolean;
  /** Why there is no number. */
  readonly note?: string;
}

/** Options of {@link conformance}. */
export interface ConformanceOptions {
  readonly precision?: Precision;
  /** Names of primitives or derived forms (default: all). */
  readonly ops?: readonly string[];
  readonly kinds?: readonly Kind[];
  /** Relative error allowed before conditioning (default 1e-4 in float32, 1e-9 in float64). */
  readonly tolerance?: number;
  /** Seed of the inputs. */
  readonly seed?: number;
  /** Questions in one program (default 64): compiling costs more than running. */
  readonly batch?: number;
}

interface Question {
  readonly op: string;
  readonly case: string;
  readonly kind: Kind;
  readonly outputs: readonly Expr[];
  readonly feeds: Feeds;
}

const roundoff = { float32: 1e-7, float64: 2.3e-16 } as const;
const perturbations = 4;
/** How many times the change by a perturbation of the inputs may be exceeded by rounding inside. */
const allowance = 16;

const rounded = (feeds: Feeds, precision: Precision): Feeds =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, t]) => [
      name,
      t.type === 'float64' ? castTensor(castTensor(t, precision), 'float64') : t,
    ]),
  );

const perturbed = (feeds: Feeds, relative: number, k: number): Feeds =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, t]) => {
      if (t.type !== 'float64') return [name, t] as const;
      const { uniform } = generator(foldIn(keyOf(k), name));
      const data = Float64Array.from(t.data as Float64Array, (v) => v * (1 + (uniform() < 0.5 ? -1 : 1) * relative));
      return [name, tensor(data, t.shape)] as const;
    }),
  );

const peak = (v: ArrayLike<number>): number => {
  let m = 0;
  for (let i = 0; i < v.length; i++) m = Math.max(m, Math.abs(v[i]));
  return m;
};

const difference = (a: Tensor, b: Tensor): number => {
  if (a.data.length !== b.data.length) return Number.POSITIVE_INFINITY;
  let m = 0;
  for (let i = 0; i < a.data.length; i++) {
    const d = Object.is(a.data[i], b.data[i]) ? 0 : Math.abs(a.data[i] - b.data[i]);
    if (!(d <= m)) m = Number.isFinite(d) ? d : Number.POSITIVE_INFINITY;
  }
  return m;
};

/** The rows of a batch whose answers have come. */
const judge = (
  questions: readonly Question[],
  got: readonly Tensor[],
  feeds: Feeds,
  precision: Precision,
  base: number,
): Row[] => {
  const p = program(questions.flatMap((q) => q.outputs), 'float64'); // biome-ignore format: one idea
  const want = evaluateProgram(p, feeds);
  const nearby = Array.from({ length: perturbations }, (_, k) => evaluateProgram(p, perturbed(feeds, roundoff[precision], k))); // biome-ignore format: one idea
  let at = 0;
  return questions.map((q): Row => {
    const from = at;
    at += q.outputs.length;
    const ratios = q.outputs.map((y, j) => {
      const i = from + j;
      const error = difference(got[i], want[i]);
      if (y.type !== 'real') return { error: error === 0 ? 0 : 1, tolerance: 0 };
      const scale = Math.max(peak(want[i].data), 1e-2);
      const spread = Math.max(...nearby.map((n) => difference(n[i], want[i])));
      return { error: error / scale, tolerance: base + (allowance * spread) / scale };
    });
    const worst = ratios.reduce((a, b) => (b.error - b.tolerance > a.error - a.tolerance ? b : a));
    return { op: q.op, case: q.case, kind: q.kind, ...worst, pass: worst.error <= worst.tolerance };
  });
};

/** Asks a batch; where the backend refuses it, asks its halves, down to the single question that is to blame. */
const ask = async (
  backend: Backend,
  questions: readonly Question[],
  precision: Precision,
  base: number,
): Promise<Row[]> => {
  const feeds = rounded(Object.assign({}, ...questions.map((q) => q.feeds)) as Feeds, precision);
  const outputs = questions.flatMap((q) => q.outputs);
  try {
    const executable = await backend.compile(program(outputs, precision));
    try {
      return judge(questions, await executable.run(feeds), feeds, precision, base);
    } finally {
      await executable.dispose();
    }
  } catch (e) {
    if (questions.length > 1) {
      const half = Math.ceil(questions.length / 2);
      return [
        ...(await ask(backend, questions.slice(0, half), precision, base)),
        ...(await ask(backend, questions.slice(half), precision, base)),
      ];
    }
    const [{ op, case: name, kind }] = questions;
    const note = toFailure('BackendError', backend.name)(e).message;
    return [{ op, case: name, kind, error: Number.POSITIVE_INFINITY, tolerance: base, pass: false, note }];
  }
};

const questionsOf = (op: string, c: Case, wanted: readonly Kind[], seed: number): Question[] => {
  const p = place(caseId(op, c), c, seed);
  return wanted
    .map((kind) => ({ op, case: c.name, kind, outputs: answers(p, kind), feeds: p.feeds }))
    .filter((q) => q.outputs.length > 0);
};

/**
 * Compares a backend with `reference`: for each case, the value, vjp, jvp, second and mixed derivatives, and vmap, one row each. The tolerance is relative and
 * multiplied by the condition of the case. Cost: minutes for all cases; choose some by `ops` and `kinds`. A failure of the backend is a row that does not pass.
 *
 * @example
 * const rows = await conformance(reference, { ops: ['exp'], kinds: ['value'], precision: 'float64' });
 */
export const conformance = async (backend: Backend, options: ConformanceOptions = {}): Promise<Row[]> => {
  const { precision = 'float32', seed = 0, batch = 64 } = options;
  const base = options.tolerance ?? (precision === 'float32' ? 1e-4 : 1e-9);
  const questions = Object.entries(conformanceCases)
    .filter(([op]) => options.ops?.includes(op) ?? true)
    .flatMap(([op, cases]) => cases.flatMap((c) => questionsOf(op, c, options.kinds ?? kinds, seed)));
  const rows: Row[] = [];
  for (let i = 0; i < questions.length; i += batch)
    rows.push(...(await ask(backend, questions.slice(i, i + batch), precision, base)));
  return rows;
};

/**
 * The reason why a backend cannot run on this machine, in a sentence; undefined where it can. Cost: compiles and runs one tiny program.
 *
 * @example
 * await absence(reference);   // undefined
 */
export const absence = async (backend: Backend): Promise<string | undefined> => {
  const [precision] = backend.precisions;
  try {
    const executable = await backend.compile(program([o.mul(o.input('x', [2]), 2)], precision));
    await executable.run({ x: tensorOf([1, 2]) });
    await executable.dispose();
    return undefined;
  } catch (e) {
    return `${backend.name} does not run here: ${toFailure('BackendError', backend.name)(e).message.split('\n')[0]}`;
  }
};
