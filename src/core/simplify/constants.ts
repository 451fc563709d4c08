/** What rules ask of a node: whether it is one value everywhere, and whether it works element by element. */
import type { Expr, Op } from '../expr.ts';
import * as o from '../ops/index.ts';
import { binaryFunctions, unaryFunctions } from '../scalar.ts';
import type { Shape } from '../shape.ts';

/** The one value of a constant, reshaped or broadcast as it may be; `undefined` where elements differ. */
export const splat = (e: Expr): number | undefined => {
  if (e.op === 'constant') {
    const { data } = e.attributes;
    if (data.length === 0 || data.length > 64) return undefined;
    return data.every((v) => Object.is(v, data[0])) ? data[0] : undefined;
  }
  return e.op === 'broadcast' || e.op === 'reshape' ? splat(e.inputs[0]) : undefined;
};

/** One value everywhere. */
export const fill = (value: number, shape: Shape, type: Expr['type']): Expr =>
  o.broadcastTo(o.scalar(value, type), shape);

/** Whether a primitive has a function of one number. */
export const isUnary = (op: Op): op is Op & keyof typeof unaryFunctions => op in unaryFunctions;
/** Whether a primitive has a function of two numbers. */
export const isBinary = (op: Op): op is Op & keyof typeof binaryFunctions => op in binaryFunctions;

/** Elementwise primitives: operands and result have one shape. */
export const isElementwise = (e: Expr): boolean =>
  isUnary(e.op) || isBinary(e.op) || e.op === 'polygamma' || e.op === 'cast' || e.op === 'select';
