import type { Expr } from './expr.ts';

/**
 * All nodes reachable from `roots`, inputs before users. Stops at nodes for which `stop` holds (they are listed).
 * Bodies of loops and branches are not entered: they are closed.
 */
export const topological = (roots: readonly Expr[], stop: (e: Expr) => boolean = () => false): Expr[] => {
  const order: Expr[] = [];
  const state = new Map<Expr, 1 | 2>();
  const stack: Expr[] = [];
  for (const root of roots) {
    stack.push(root);
    while (stack.length > 0) {
      const e = stack[stack.length - 1];
      const s = state.get(e);
      if (s === 2) {
        stack.pop();
      } else if (s === 1) {
        state.set(e, 2);
        order.push(e);
        stack.pop();
      } else {
        state.set(e, 1);
        if (!stop(e))
          for (let i = e.inputs.length - 1; i >= 0; i--) if (!state.has(e.inputs[i])) stack.push(e.inputs[i]);
      }
    }
  }
  return order;
};
