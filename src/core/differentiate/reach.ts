/** Which parts of a graph a derivative can reach. */
import { bodiesOf } from '../bodies.ts';
import type { Expr } from '../expr.ts';
import { isReal } from './reverse-rules.ts';

/**
 * The nodes that some output depends on through operations that have a derivative: not through `stopGradient`, integers or truth values. The gradient by
 * any other node is zero whatever the numbers are. What a loop or a branch is given counts where any of its results reaches it. Cost: one pass over
 * the graph.
 */
export const reach = (outputs: readonly Expr[]): ReadonlySet<Expr> => {
  const reached = new Set<Expr>();
  const stack = [...outputs];
  while (stack.length > 0) {
    const e = stack.pop()!;
    if (reached.has(e) || !isReal(e)) continue;
    reached.add(e);
    stack.push(...before(e));
  }
  return reached;
};

const before = (e: Expr): readonly Expr[] => {
  if (e.op === 'stopGradient') return [];
  if (e.op === 'advance') return e.inputs.slice(0, 1);
  if (e.op !== 'project') return e.inputs;
  const [whole] = e.inputs;
  if (whole.op === 'custom') return whole.inputs;
  const bodies = bodiesOf(whole);
  const inside = bodies.map((b) => reach(b.results));
  const offset = whole.inputs.length - bodies[0].variables.length;
  return whole.inputs.filter((_, i) => i >= offset && bodies.some((b, k) => inside[k].has(b.variables[i - offset])));
};
