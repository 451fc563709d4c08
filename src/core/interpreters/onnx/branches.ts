/** Branches as ONNX's own `If`: the work of either is inside its subgraph, and the runtime runs one of them. */
import { bodiesOf } from '../../bodies.ts';
import { type Expr, type Node, topological } from '../../expr.ts';
import { bodyOutputs, innerScope, type Writer } from './loops.ts';
import type { Graph } from './schema.ts';
import { emit, fresh, type Scope } from './scope.ts';

/** Writes a cond; gives the names of its results. Closed-over values are the outer graph's own. */
export const emitBranches = (n: Node<'cond'> & Expr, outer: Scope, writer: Writer): string[] => {
  const [flag, ...closure] = n.inputs;
  const taken = writer.nameOf(outer, flag);
  const [then_branch, else_branch] = bodiesOf(n).map((branch): Graph => {
    const inner = innerScope(branch, closure, outer, writer);
    for (const e of topological(branch.results)) writer.prepare(e, inner);
    const output = bodyOutputs(branch.results, inner, writer);
    return { name: fresh(outer, 'branch'), node: inner.nodes, input: [], output, initializer: [] };
  });
  return emit(outer, 'If', [taken], { then_branch, else_branch }, n.attributes.branches[0].results.length);
};
