/** `vmap` of branches: one flag for all examples chooses between vectorised branches; a flag of each example's own selects. */
import { bodiesOf } from './bodies.ts';
import type { Expr, Lambda, Node } from './expr.ts';
import * as o from './ops/index.ts';
import { type Lane, type Mapping, mapped } from './vectorize-rules.ts';

/** Vectorises expressions, given lanes for some of them. */
type Inner = (results: readonly Expr[], bound: ReadonlyMap<Expr, Lane>) => readonly Lane[];

/** Vectorises a cond. Where the flag is mapped both branches are computed for all examples. */
export const vectorizeCond = (
  n: Node<'cond'>,
  [flag, ...closure]: readonly Lane[],
  m: Mapping,
  inner: Inner,
): Lane[] => {
  const branches = (lanes: readonly Lane[]): readonly (readonly Lane[])[] =>
    bodiesOf(n as Expr).map((f: Lambda) =>
      inner(f.results, new Map(f.variables.map((v, i) => [v, lanes[i]] as const))),
    );
  if (flag.mapped) {
    const [then, otherwise] = branches(closure);
    return then.map((l, i) => {
      const taken = o.reshape(flag.value, [m.size, ...l.value.shape.slice(l.mapped ? 1 : 0).map(() => 1)]);
      return { value: o.where(taken, mapped(l, m.size), mapped(otherwise[i], m.size)), mapped: true };
    });
  }
  let isMapped: boolean[] = [];
  const values = o.condOver(
    flag.value,
    closure.map((l) => l.value),
    (vars) => {
      const [then, otherwise] = branches(vars.map((value, i) => ({ value, mapped: closure[i].mapped })));
      isMapped = then.map((l, i) => l.mapped || otherwise[i].mapped);
      const side = (all: readonly Lane[]): Expr[] => all.map((l, i) => (isMapped[i] ? mapped(l, m.size) : l.value));
      return [side(then), side(otherwise)];
    },
  );
  return values.map((value, i) => ({ value, mapped: isMapped[i] }));
};
