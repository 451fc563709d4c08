/** `simplify`: common subexpressions, constants folded, algebraic identities, marks removed. Distribution: it changes no value. */
import { withBodies } from '../bodies.ts';
import { type Expr, makeNode, type Node, topological, withInputs } from '../expr.ts';
import { nodeKey } from '../hash.ts';
import { closeBranches, joinBranches, withoutCond } from './branches.ts';
import { closeTightly, joinLoops, pruneLoops } from './loops.ts';
import { rewrite } from './rules.ts';

type Cond = Node<'cond'> & Expr;

/** Which marks survive. */
export interface SimplifyOptions {
  /** Keep `stopGradient` (default). A finished program no longer needs it. */
  readonly keepStops?: boolean;
}

const interner = (): ((e: Expr) => Expr) => {
  const known = new Map<string, Expr>();
  const ids = new Map<Expr, number>();
  return (e) => {
    if (ids.has(e)) return e;
    const key = nodeKey(e, e.inputs.map((x) => ids.get(x)).join(','));
    const found = known.get(key);
    if (found !== undefined) return found;
    known.set(key, e);
    ids.set(e, ids.size);
    return e;
  };
};

/**
 * Simplifies expressions together: what they share is computed once. Labels are removed; free leaves keep their identity.
 *
 * @example
 * const x = input('x', [3]);
 * const [y] = simplify([add(mul(x, 1), 0)]);   // x itself
 */
export const simplify = (outputs: readonly Expr[], { keepStops = true }: SimplifyOptions = {}): Expr[] => {
  const intern = interner();
  const done = new Map<Expr, Expr>();

  const settle = (start: Expr): Expr => {
    let e = start;
    for (let budget = 64; budget > 0; budget--) {
      const next = mark(e, keepStops) ?? withoutCond(e) ?? rewrite(e);
      if (next === undefined) break;
      e = visit(next);
      if (next === e || done.get(next) === e) break;
    }
    return e;
  };

  // A rewrite builds a few new nodes over settled ones: visit just those.
  const visit = (root: Expr): Expr => {
    for (const e of topological([root], (x) => done.has(x))) {
      if (done.has(e)) continue;
      const inputs = e.inputs.map((x) => done.get(x)!);
      const rebuilt = rebuild(e, inputs, keepStops);
      const plain = intern(rebuilt);
      const known = done.get(plain);
      if (known !== undefined) {
        done.set(e, known);
        continue;
      }
      done.set(plain, plain);
      const settled = settle(plain);
      done.set(plain, settled);
      done.set(e, settled);
      done.set(settled, settled);
    }
    return done.get(root)!;
  };

  const settled = joinLoops(outputs.map(visit));
  return pruneLoops(joinBranches(settled, (n) => simplifyCond(n, n.inputs, keepStops)));
};

const mark = (e: Expr, keepStops: boolean): Expr | undefined =>
  e.op === 'label' || (e.op === 'stopGradient' && !keepStops) ? e.inputs[0] : undefined;

const rebuild = (e: Expr, inputs: readonly Expr[], keepStops: boolean): Expr =>
  e.op === 'scan'
    ? simplifyScan(e, inputs, keepStops)
    : e.op === 'cond'
      ? simplifyCond(e, inputs, keepStops)
      : withInputs(e, inputs);

const simplifyCond = (e: Cond, inputs: readonly Expr[], keepStops: boolean): Cond => {
  const tight = closeBranches(withInputs(e, inputs) as Cond);
  return closeBranches(withBodies(tight, tight.inputs, (results) => simplify(results, { keepStops })) as Cond);
};

const simplifyScan = (e: Node<'scan'>, inputs: readonly Expr[], keepStops: boolean): Expr => {
  const tight = closeTightly(makeNode('scan', inputs, e.attributes, e.shape, e.type) as Node<'scan'> & Expr);
  return closeTightly(withBodies(tight, tight.inputs, (results) => simplify(results, { keepStops })) as typeof tight);
};
