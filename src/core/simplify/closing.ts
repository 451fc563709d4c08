/** What bodies of loops and branches close over. */
import { type Expr, withInputs } from '../expr.ts';
import { splat } from './constants.ts';

const small = (e: Expr): boolean => e.op === 'constant' && e.attributes.data.length <= 16;

/** What stands in a body for a closed-over value: constants themselves, repetition of something smaller, or a variable. */
export const inside = (x: Expr, v: Expr, capture: (x: Expr, v?: Expr) => Expr): Expr => {
  if (small(x) || splat(x) !== undefined) return x;
  const within = (y: Expr): Expr => (y.op === 'broadcast' ? withInputs(y, [within(y.inputs[0])]) : capture(y));
  return x.op === 'broadcast' ? within(x) : capture(x, v);
};
