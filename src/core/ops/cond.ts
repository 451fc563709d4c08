/** Branches: `cond` computes one of two, and only that one. */

import { projections } from '../bodies.ts';
import { raise } from '../errors.ts';
import { type Expr, makeNode, type Node, recorded, substitute, topological, variable } from '../expr.ts';
import { sameShape, showShape } from '../shape.ts';

/**
 * One of two branches, by a flag that is known only when the program runs: `then()` where it is true, `otherwise()` elsewhere. Only the work of
 * the branch taken is done. What is built while a function runs belongs to its branch; what was built before is closed over (and computed,
 * whichever branch is taken), as are parameters, noise and inputs. The results of the two agree in number, shape and type.
 *
 * Derivatives of either mode are conds themselves, to any order, and the branch not taken has no part in them: the gradient of
 * `cond(x > 0, log x, 0)` at x ≤ 0 is 0, where `where` gives NaN. Under `vmap` a flag shared by all examples stays a flag; where each example has its own,
 * both branches are computed for all of them and selected from, as `where` does (differentiate inside the `vmap` if a branch may not be finite).
 *
 * An interpreter that cannot read a flag while a program runs (`tfjs-webgpu`) computes both branches and selects. Throws `ShapeError` where the
 * flag is not a bool scalar or the branches disagree.
 *
 * @example
 * const w = input('w', [3]);
 * const isDue = ops.equal(input('phase', []), 0);
 * const [penalty] = ops.cond(isDue, () => [ops.sum(ops.square(w))], () => [ops.scalar(0)]);
 */
export const cond = (flag: Expr, then: () => readonly Expr[], otherwise: () => readonly Expr[]): Expr[] => {
  if (flag.type !== 'bool' || flag.shape.length > 0)
    raise('ShapeError', '', 'cond: the flag is not one truth value', {
      expected: 'bool []',
      got: `${flag.type} ${showShape(flag.shape)}`,
    });
  const sides = [recorded(then), recorded(otherwise)];
  const closed = new Map<Expr, Expr>();
  for (const { value, made } of sides) {
    const isOuter = (e: Expr): boolean => !belongs(e, made);
    for (const e of topological(value, isOuter)) if (isOuter(e) && !closed.has(e)) closed.set(e, variable(e.shape, e.type)); // biome-ignore format: one idea
  }
  const [a, b] = sides.map(({ value }) => substitute(value, closed));
  return branched(flag, [...closed.keys()], [...closed.values()], a, b);
};

/** Whether a node is part of a branch: made there, and no leaf that a program has to find. What has several results stays with them. */
const belongs = (e: Expr, made: ReadonlySet<Expr>): boolean =>
  e.op === 'scan' ||
  e.op === 'cond' ||
  e.op === 'custom' ||
  (made.has(e) && e.op !== 'variable' && e.op !== 'input' && e.op !== 'parameter' && e.op !== 'noise');

/**
 * A {@link cond} whose closure is known: `branches` computes the results of both branches from variables that stand for `closure`, and mentions no other
 * expression.
 *
 * @example
 * const w = input('w', [2]);
 * const [y] = ops.condOver(input('flag', [], 'bool'), [w], ([v]) => [[ops.exp(v)], [ops.neg(v)]]);
 */
export const condOver = (
  flag: Expr,
  closure: readonly Expr[],
  branches: (closure: readonly Expr[]) => readonly [readonly Expr[], readonly Expr[]],
): Expr[] => {
  const variables = closure.map((x) => variable(x.shape, x.type));
  return branched(flag, closure, variables, ...branches(variables));
};

const branched = (
  flag: Expr,
  closure: readonly Expr[],
  variables: readonly Expr[],
  then: readonly Expr[],
  otherwise: readonly Expr[],
): Expr[] => {
  if (then.length !== otherwise.length)
    raise('ShapeError', '', 'cond: the branches give different numbers of results', {
      expected: `${then.length}`,
      got: `${otherwise.length}`,
    });
  then.forEach((x, i) => {
    const y = otherwise[i];
    if (x.type !== y.type || !sameShape(x.shape, y.shape))
      raise('ShapeError', '', `cond: the branches disagree about result ${i}`, {
        expected: `${x.type} ${showShape(x.shape)}`,
        got: `${y.type} ${showShape(y.shape)}`,
      });
  });
  const branches = [{ variables, results: then }, { variables, results: otherwise }] as const; // biome-ignore format: one pair
  return projections(makeNode('cond', [flag, ...closure], { branches }, [], 'real') as Node<'cond'> & Expr);
};
