/** Marks and loops: stop-gradient, labels, batch collectives, next values of buffers, and the bounded `scan`. */

import { projections } from '../bodies.ts';
import { raise } from '../errors.ts';
import { type Expr, makeNode, type Node, substitute, variable } from '../expr.ts';
import { sameShape, showShape } from '../shape.ts';
import { closedOver } from './custom.ts';

/**
 * The same value, a constant to every derivative.
 *
 * @example
 * value(ops.stopGradient(ops.scalar(2)));   // 2
 */
export const stopGradient = (x: Expr): Expr => makeNode('stopGradient', [x], {}, x.shape, x.type);

/**
 * The same value with the path of the layer that computed it, for messages; removed before a program runs.
 *
 * @example
 * value(ops.label('flow/coupling', ops.scalar(1)));   // 1
 */
export const label = (path: string, x: Expr): Expr => makeNode('label', [x], { path }, x.shape, x.type);

/**
 * The mean over the examples of the enclosing `vmap` with the name `axis`; the identity outside one. A linear map that is its own transpose.
 *
 * @example
 * value(vmap((x) => ops.sub(x, ops.batchMean(x)), { axis: 'batch' })(ops.array([1, 3])));   // [-1, 1]
 */
export const batchMean = (x: Expr, axis = 'batch'): Expr => makeNode('batchMean', [x], { axis }, x.shape, x.type);

/**
 * The same value; says that the buffer `name` becomes `next` once the move that computes it is over. With `after`, the parameters in `next` are
 * read after the move of that name (a teacher that follows its student), else before any. Derivatives of either mode are those of `value`;
 * `next` is one value for all examples: under `vmap` it must reduce them with {@link batchMean}, else `ArgumentError` at the buffer's name.
 * No interpreter computes `next`: `collectAdvances` hands it to whoever runs the moves, with the `buffer`'s leaf where it is given.
 *
 * @example
 * const x = input('x', [5, 3]);
 * const mean = input('running mean', [3]);   // stands for the buffer
 * const centred = vmap((row) =>
 *   ops.advance('running mean', ops.sub(row, mean), ops.add(ops.mul(0.9, mean), ops.mul(0.1, ops.batchMean(row)))),
 * )(x);
 */
export const advance = (name: string, value: Expr, next: Expr, after?: string, buffer?: Expr): Expr => {
  const rest = { ...(after === undefined ? {} : { after }), ...(buffer === undefined ? {} : { buffer }) };
  return makeNode('advance', [value, next], { name, ...rest }, value.shape, value.type);
};

/** What a scan is given and what its body does. */
export interface ScanOptions {
  /** Number of iterations, known when the program is built. */
  readonly length: number;
  /** Initial carried values. */
  readonly init: readonly Expr[];
  /** Arrays with leading axis `length`; iteration i sees slice i. */
  readonly xs?: readonly Expr[];
  /** One iteration. Outer expressions may be mentioned: they are closed over. */
  readonly body: (carry: readonly Expr[], x: readonly Expr[]) => ScanStep;
}

/** What one iteration gives. */
export interface ScanStep {
  readonly carry: readonly Expr[];
  readonly ys?: readonly Expr[];
  /** A bool scalar: true ends the loop after this iteration (whose carry and outputs count). */
  readonly done?: Expr | undefined;
}

/**
 * A bounded loop: `carry₀ = init; (carryᵢ₊₁, yᵢ) = body(carryᵢ, xᵢ)`. Gives the last carry and the stacked outputs. One primitive: compile
 * time and program size do not grow with `length`, and every interpreter runs it as a loop of its own.
 *
 * A body that gives `done` ends the loop early: iterations after the first whose `done` is true are not run; carries stay as that one left
 * them, and the outputs of those that were not run are zeros. Under `vmap` each example ends on its own: one that is done keeps its carry
 * (its body is still evaluated there), and the loop stops when all are done. Derivatives of either mode hold the number of iterations fixed.
 * Throws `ShapeError` where the body changes the shape or type of a carry, or `done` is not a bool scalar.
 *
 * @example
 * // The first power of 1.5 above a bound, looked for in at most 100 steps.
 * const above = ops.scan({
 *   length: 100,
 *   init: [ops.scalar(1)],
 *   body: ([p]) => ({ carry: [ops.mul(1.5, p)], done: ops.less(input('bound', []), ops.mul(1.5, p)) }),
 * }).carry[0];
 */
export const scan = ({ length, init, xs = [], body }: ScanOptions): { carry: Expr[]; ys: Expr[] } => {
  for (const x of xs)
    if (x.shape[0] !== length)
      raise('ShapeError', '', 'scan: a sequence has another length', {
        expected: `${length}`,
        got: showShape(x.shape),
      });
  const carryVars = init.map((c) => variable(c.shape, c.type));
  const xVars = xs.map((x) => variable(x.shape.slice(1), x.type));
  const step = body(carryVars, xVars);
  step.carry.forEach((c, i) => {
    const v = carryVars[i];
    if (v === undefined || c.type !== v.type || !sameShape(c.shape, v.shape))
      raise('ShapeError', '', `scan: the body changes carry ${i}`, {
        expected: v ? `${v.type} ${showShape(v.shape)}` : 'no such carry',
        got: `${c.type} ${showShape(c.shape)}`,
      });
  });
  if (step.carry.length !== init.length)
    raise('ShapeError', '', 'scan: the body loses carries', {
      expected: `${init.length}`,
      got: `${step.carry.length}`,
    });
  return scanOf(length, init, xs, carryVars, xVars, scanBody(step));
};

/**
 * The results of a step of `scan` as one list, with the early-exit flag last, and whether there is one. Throws `ShapeError` where the flag is not a scalar bool.
 *
 * @example
 * ops.scanBody({ carry: [ops.scalar(1)] });
 */
export const scanBody = ({ carry, ys = [], done }: ScanStep): ScanBody => {
  if (done !== undefined && (done.type !== 'bool' || done.shape.length > 0))
    raise('ShapeError', '', 'scan: `done` is not a truth value', {
      expected: 'bool []',
      got: `${done.type} ${showShape(done.shape)}`,
    });
  return { until: done !== undefined, results: [...carry, ...ys, ...(done === undefined ? [] : [done])] };
};

/** See {@link scanBody}. */
export interface ScanBody {
  readonly until: boolean;
  readonly results: readonly Expr[];
}

/**
 * A scan from a body over given variables: outer expressions that the body mentions become inputs of the loop. Prefer `scan`.
 *
 * @example
 * const x = variable([], 'real');
 * const { carry } = ops.scanOf(3, [ops.scalar(1)], [], [x], [], ops.scanBody({ carry: [ops.mul(2, x)] }));
 */
export const scanOf = (
  length: number,
  init: readonly Expr[],
  xs: readonly Expr[],
  carryVars: readonly Expr[],
  xVars: readonly Expr[],
  { until, results }: ScanBody,
): { carry: Expr[]; ys: Expr[] } => {
  const captured = closedOver(results, [...carryVars, ...xVars]);
  const node = makeNode(
    'scan',
    [...init, ...xs, ...captured.keys()],
    {
      length,
      carries: init.length,
      sequences: xs.length,
      until,
      body: { variables: [...carryVars, ...xVars, ...captured.values()], results: substitute(results, captured) },
    },
    [],
    'real',
  );
  const projected = projections(node as Node<'scan'> & Expr);
  return { carry: projected.slice(0, init.length), ys: projected.slice(init.length) };
};
