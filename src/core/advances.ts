/** What buffers become: `advance` nodes, collected from a graph by whoever runs the moves, dropped by whoever only evaluates. */

import { bodiesOf, withBodies } from './bodies.ts';
import { raise } from './errors.ts';
import { type Expr, topological, withInputs } from './expr.ts';
import { structuralHash } from './hash.ts';
import { closeBranches } from './simplify/branches.ts';
import { closeTightly } from './simplify/loops.ts';

/** The buffer `name` becomes `next`; with `after`, parameters in it are read after the move of that name. */
export interface Advance {
  readonly name: string;
  readonly after?: string;
  readonly next: Expr;
  /** Its leaf. */
  readonly buffer?: Expr;
}

/** All that is mentioned where some outputs are computed and buffers move: the outputs, then the next values, then the buffers themselves. */
export const mentioned = (outputs: readonly Expr[], advances: readonly Advance[]): readonly Expr[] => [
  ...outputs,
  ...advances.map((a) => a.next),
  ...advances.flatMap(({ buffer }) => (buffer === undefined ? [] : [buffer])),
];

/** Expressions without `advance` nodes, and the contents of those nodes. */
export interface Advances {
  readonly outputs: Expr[];
  readonly advances: readonly Advance[];
}

/** An `advance` node of these expressions or of the loops and branches in them. */
const anyAdvance = (outputs: readonly Expr[]): (Expr & { readonly op: 'advance' }) | undefined => {
  for (const e of topological(outputs)) {
    if (e.op === 'advance') return e;
    for (const { results } of bodiesOf(e)) {
      const inner = anyAdvance(results);
      if (inner !== undefined) return inner;
    }
  }
  return undefined;
};

const sameAdvance = (a: Advance, b: Advance): boolean =>
  a.after === b.after && (a.next === b.next || structuralHash([a.next]) === structuralHash([b.next]));

/**
 * The outputs without `advance` nodes (nor are there any left in the next values), and what each buffer becomes, in the order in which they
 * are computed. Two advances of one buffer that are structurally equal are one.
 *
 * Throws `ArgumentError` at a buffer's name where two readings disagree about what it becomes, and where one stands in a loop or a branch.
 *
 * @example
 * const count = input('count', []);
 * const { outputs, advances } = collectAdvances([ops.mul(2, ops.advance('count', count, ops.add(count, 1)))]);
 */
export const collectAdvances = (outputs: readonly Expr[]): Advances => {
  const done = new Map<Expr, Expr>();
  const found = new Map<string, Advance>();
  for (const e of topological(outputs)) {
    const inputs = e.inputs.map((x) => done.get(x)!);
    if (e.op !== 'advance') {
      const inner = anyAdvance(bodiesOf(e).flatMap((b) => b.results));
      if (inner !== undefined)
        raise('ArgumentError', inner.attributes.name, 'a buffer moves outside loops and branches only');
      done.set(e, withInputs(e, inputs));
      continue;
    }
    const [value, next] = inputs;
    const said: Advance = { ...e.attributes, next };
    const known = found.get(said.name);
    if (known !== undefined && !sameAdvance(known, said))
      raise(
        'ArgumentError',
        said.name,
        'two readings move one buffer in one move: their next values differ; read it once, or let one of them not move it',
      );
    if (known === undefined) found.set(said.name, said);
    done.set(e, value);
  }
  return { outputs: outputs.map((e) => done.get(e)!), advances: [...found.values()] };
};

/** The same values without `advance` nodes, in loops and branches as well; the very same expressions where there are none. */
export const withoutAdvances = (outputs: readonly Expr[]): readonly Expr[] => {
  if (anyAdvance(outputs) === undefined) return outputs;
  const done = new Map<Expr, Expr>();
  for (const e of topological(outputs)) {
    const inputs = e.inputs.map((x) => done.get(x)!);
    if (e.op === 'advance') done.set(e, inputs[0]);
    else {
      // What only a next value inside reads is closed over no longer.
      const plain = withBodies(e, inputs, withoutAdvances);
      const moved = bodiesOf(plain).some((b, i) => b.results !== bodiesOf(e)[i].results);
      done.set(
        e,
        moved
          ? plain.op === 'scan'
            ? closeTightly(plain)
            : closeBranches(plain as typeof plain & { readonly op: 'cond' })
          : plain,
      );
    }
  }
  return outputs.map((e) => done.get(e)!);
};
