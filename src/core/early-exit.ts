/** Loops that may end early, in terms of loops whose iterations idle once they are done. */
import { projections, withBodies } from './bodies.ts';
import { type Expr, makeNode, type Node, topological, variable, withInputs } from './expr.ts';
import * as o from './ops/index.ts';

/**
 * The same loop with one more carry (after the others): whether it is done. From then on iterations idle: carries keep their values, outputs
 * are zeros. What makes lanes of a `vmap` end at different iterations, and lets a loop run to its full length.
 */
export const idling = (n: Node<'scan'>): Node<'scan'> => {
  const { carries, body } = n.attributes;
  const done = variable([], 'bool');
  const next = o.or(done, body.results[body.results.length - 1]);
  const idle = (r: Expr, i: number): Expr =>
    o.where(done, i < carries ? body.variables[i] : o.broadcastTo(o.scalar(0, r.type), r.shape), r);
  const results = body.results.slice(0, -1).map(idle);
  const around = <A>(all: readonly A[], a: A): A[] => [...all.slice(0, carries), a, ...all.slice(carries)];
  const attributes = {
    ...n.attributes,
    carries: carries + 1,
    body: { variables: around(body.variables, done), results: [...around(results, next), next] },
  };
  return makeNode('scan', around(n.inputs, o.scalar(0, 'bool')), attributes, [], 'real') as Node<'scan'> & Expr;
};

/** Expressions whose loops run to their full length: for interpreters that cannot read a flag while they run. Values are the same. */
export const withoutExits = (outputs: readonly Expr[]): Expr[] => {
  const done = new Map<Expr, Expr>();
  const loops = new Map<Expr, readonly Expr[]>();
  for (const e of topological(outputs)) {
    const inputs = e.inputs.map((x) => done.get(x)!);
    if (e.op === 'scan' || e.op === 'cond') {
      const inner = withBodies(e, inputs, withoutExits);
      loops.set(e, inner.op === 'scan' ? resultsOf(inner) : projections(inner as typeof e));
      done.set(e, inner);
    } else if (e.op === 'project') done.set(e, loops.get(e.inputs[0])![e.attributes.index]);
    else done.set(e, withInputs(e, inputs));
  }
  return outputs.map((e) => done.get(e)!);
};

const resultsOf = (n: Node<'scan'> & Expr): Expr[] => {
  if (!n.attributes.until) return projections(n);
  const { attributes, inputs } = idling(n);
  const { variables, results } = attributes.body;
  const full = { ...attributes, until: false, body: { variables, results: results.slice(0, -1) } };
  const all = projections(makeNode('scan', inputs, full, [], 'real') as Node<'scan'> & Expr);
  return all.filter((_, i) => i !== n.attributes.carries);
};
