/** Reverse mode through branches: the backward program of a cond is a cond. */
import { bodiesOf } from '../bodies.ts';
import { applyLambda, type Expr, type Node } from '../expr.ts';
import * as o from '../ops/index.ts';

/** Reverse mode within a branch. */
type Vjp = (outputs: readonly Expr[], wrt: readonly Expr[], cotangents: readonly Expr[]) => Expr[];

/**
 * Cotangents of the inputs of a cond: the branch taken is run backwards, with what it needs of its forward run computed again (`simplify` makes one
 * cond of both runs, so that nothing is computed twice); a closed-over value that it does not read gets zeros. The flag has none.
 */
export const reverseCond = (
  e: Node<'cond'>,
  cotangents: readonly (Expr | undefined)[],
  needs: readonly boolean[],
  vjp: Vjp,
): (Expr | undefined)[] => {
  const [flag, ...closure] = e.inputs;
  const given = e.attributes.branches[0].results.flatMap((_, i) => (cotangents[i] === undefined ? [] : [i]));
  const cs = given.map((i) => cotangents[i]!);
  const wanted = closure.flatMap((_, k) => (needs[k + 1] ? [k] : []));
  const slopes = o.condOver(flag, [...closure, ...cs], (vars) => {
    const at = vars.slice(0, closure.length);
    const [then, otherwise] = bodiesOf(e as Expr).map((f) => {
      const out = applyLambda(f, at);
      return vjp(given.map((i) => out[i]), wanted.map((k) => at[k]), vars.slice(closure.length)); // biome-ignore format: one idea
    });
    return [then, otherwise];
  });
  return [undefined, ...closure.map((_, k) => slopes[wanted.indexOf(k)])];
};
