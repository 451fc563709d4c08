/** Which parts of a graph a derivative can reach. */
import { type Expr, type Node, scanResults } from '../expr.ts';
import { isReal } from './reverse-rules.ts';

/**
 * The nodes that some output depends on through operations that have a derivative: not through `stopGradient`, integers or truth values. The gradient by
 * any other node is zero whatever the numbers are. Cost: one pass over the graph.
 *
 * @example
 * const w = input('w', []);
 * const held = input('held', []);
 * reach([ops.mul(w, ops.stopGradient(held))]).has(held);   // false
 */
export const reach = (outputs: readonly Expr[]): ReadonlySet<Expr> => {
  const reached = new Set<Expr>();
  const stack = outputs.filter(isReal);
  /** Results of a loop or branch are asked for by `project`, one at a time: its inputs are looked at anew for each. */
  const visit = (e: Expr): readonly Expr[] => {
    if (e.op === 'stopGradient') return [];
    if (e.op === 'advance') return [e.inputs[0]];
    if (e.op === 'project') return e.inputs[0].op === 'scan' ? scanInputs(e.inputs[0]) : e.inputs;
    return e.inputs;
  };
  while (stack.length > 0) {
    const e = stack.pop()!;
    if (reached.has(e)) continue;
    reached.add(e);
    for (const x of visit(e)) if (isReal(x) && !reached.has(x)) stack.push(x);
  }
  return reached;
};

/** The inputs of a loop that any of its real results reaches. */
const scanInputs = (e: Node<'scan'>): Expr[] => {
  const { body } = e.attributes;
  const inside = reach(body.results.slice(0, scanResults(e).length));
  return e.inputs.filter((_, i) => inside.has(body.variables[i]) || i < e.attributes.carries);
};
