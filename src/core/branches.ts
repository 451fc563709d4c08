/** Branches in terms of selection: for interpreters that cannot read a flag while a program runs. */
import { bodiesOf, withBodies } from './bodies.ts';
import { applyLambda, type Expr, topological } from './expr.ts';
import * as o from './ops/index.ts';

/** Expressions in which both branches of every cond are computed, in loops as well, and the results of one selected. Values are the same. */
export const withoutBranches = (outputs: readonly Expr[]): Expr[] => {
  const done = new Map<Expr, Expr>();
  const chosen = new Map<Expr, readonly Expr[]>();
  for (const e of topological(outputs)) {
    const inputs = e.inputs.map((x) => done.get(x)!);
    const of = e.op === 'project' ? chosen.get(e.inputs[0]) : undefined;
    if (e.op === 'project' && of !== undefined) {
      done.set(e, of[e.attributes.index]);
      continue;
    }
    const plain = withBodies(e, inputs, withoutBranches);
    done.set(e, plain);
    if (plain.op !== 'cond') continue;
    const [then, otherwise] = bodiesOf(plain).map((f) => applyLambda(f, inputs.slice(1)));
    chosen.set(e, then.map((x, i) => o.where(inputs[0], x, otherwise[i]))); // biome-ignore format: one idea
  }
  return outputs.map((e) => done.get(e)!);
};
