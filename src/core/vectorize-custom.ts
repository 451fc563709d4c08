/** `vmap` of values with a derivative of their own: both the value and what was declared are mapped. */
import { projections } from './bodies.ts';
import { type Expr, makeNode, type Node, variable } from './expr.ts';
import * as o from './ops/index.ts';
import { type Lane, type Mapping, mapped } from './vectorize-rules.ts';

/** Vectorises expressions, given lanes for some of them. */
type Inner = (results: readonly Expr[], bound: ReadonlyMap<Expr, Lane>) => readonly Lane[];

/** Vectorises a `custom` node. All results are mapped, so that each example has cotangents of its own; what examples share gets the sum of theirs. */
export const vectorizeCustom = (n: Node<'custom'>, lanes: readonly Lane[], m: Mapping, inner: Inner): Lane[] => {
  const { forward, backward } = n.attributes;
  const stand = (value: Expr): Expr => variable(value.shape, value.type);
  const run = (results: readonly Expr[], variables: readonly Expr[], at: readonly Lane[]): readonly Lane[] =>
    inner(results, new Map(variables.map((v, i) => [v, at[i]] as const)));
  const inputs = (): Lane[] => lanes.map((l) => ({ value: stand(l.value), mapped: l.mapped }));
  const all = (x: Expr): Lane => ({ value: variable([m.size, ...x.shape], x.type), mapped: true });

  const ins = inputs();
  const values = run(forward.results, forward.variables, ins).map((l) => mapped(l, m.size));
  const again = [...inputs(), ...backward.variables.slice(lanes.length).map(all)];
  const slopes = run(backward.results, backward.variables, again);
  const shared = lanes.filter((l) => l.value.type === 'real').map((l) => !l.mapped);
  const cotangents = slopes.map((l, i) => (shared[i] ? o.sum(mapped(l, m.size), 0) : mapped(l, m.size)));
  const attributes = {
    forward: { variables: ins.map((l) => l.value), results: values },
    backward: { variables: again.map((l) => l.value), results: cotangents },
  };
  const node = makeNode('custom', lanes.map((l) => l.value), attributes, [], 'real') as Node<'custom'> & Expr; // biome-ignore format: one idea
  return projections(node).map((value) => ({ value, mapped: true }));
};
