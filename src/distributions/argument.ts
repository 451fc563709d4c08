/** Parameters of distributions and layers: numbers, arrays, or expressions (which make a distribution conditional). */
import { contextSpec, isPlaceholder } from '../algebra/context.ts';
import { type Json, opaque } from '../algebra/spec.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { constant, scalar } from '../core/ops/leaves.ts';
import { broadcastTo } from '../core/ops/structure.ts';
import { broadcastShapes, type Shape, sameShape, showShape } from '../core/shape.ts';

/** A number, numbers, or an expression. */
export type Argument = number | readonly number[] | Expr;

const isNumbers = (a: Argument): a is readonly number[] => Array.isArray(a);

/** As an expression. */
export const toExpr = (a: Argument): Expr => (typeof a === 'number' ? scalar(a) : isNumbers(a) ? constant(a) : a);

/** As JSON; an expression cannot be read back, unless it is the context of a conditional distribution around it. */
export const toSpec = (a: Argument): Json =>
  typeof a === 'number' || isNumbers(a)
    ? a
    : isPlaceholder(a)
      ? contextSpec(a)
      : (opaque('expression', 'the parameter is an expression') as Json);

/** The argument broadcast to the event's shape; throws `ShapeError` naming it. */
export const fits = (owner: string, name: string, a: Expr, shape: Shape): Expr => {
  const full = broadcastShapes(a.shape, shape);
  return full !== undefined && sameShape(full, shape)
    ? broadcastTo(a, shape)
    : raise('ShapeError', owner, `${name} does not fit the event`, {
        expected: showShape(shape),
        got: showShape(a.shape),
      });
};

/** Throws `ArgumentError` where a constant argument has an element that is not positive. */
export const positive = (owner: string, name: string, a: Argument): void => {
  const values = typeof a === 'number' ? [a] : isNumbers(a) ? a : [];
  const bad = values.find((v) => !(v > 0));
  if (bad !== undefined) raise('ArgumentError', owner, `${name} must be positive`, { got: `${bad}` });
};
