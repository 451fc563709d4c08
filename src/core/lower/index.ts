/** Lowering: rewriting primitives an interpreter lacks into ones it has, before it sees them. */
import { bodiesOf, withBodies } from '../bodies.ts';
import { type Expr, type Node, type Op, topological, withInputs } from '../expr.ts';

export * from './layout.ts';
export * from './linear.ts';
export * from './special.ts';

/** For each primitive to replace, an equal expression over the (already lowered) inputs; nothing keeps the node. */
export type Lowering = { readonly [O in Op]?: (n: Node<O>, ...inputs: Expr[]) => Expr | undefined };

/** Lowers expressions together, bodies of loops and branches included. What a rule returns is lowered too. */
export const lower = (outputs: readonly Expr[], rules: Lowering): Expr[] => {
  const done = new Map<Expr, Expr>();
  const visit = (roots: readonly Expr[]): Expr[] => {
    for (const e of topological(roots, (x) => done.has(x))) {
      if (done.has(e)) continue;
      const inputs = e.inputs.map((x) => done.get(x)!);
      const rule = rules[e.op] as ((n: Expr, ...inputs: Expr[]) => Expr | undefined) | undefined;
      const plain = withInputs(e, inputs);
      if (bodiesOf(e).length > 0) {
        done.set(
          e,
          withBodies(e, inputs, (results) => lower(results, rules)),
        );
        continue;
      }
      const replacement = rule?.(plain, ...inputs);
      if (replacement === undefined || replacement === plain) done.set(e, plain);
      else {
        for (const x of inputs) done.set(x, x);
        done.set(e, visit([replacement])[0]);
      }
    }
    return roots.map((r) => done.get(r)!);
  };
  return visit(outputs);
};
