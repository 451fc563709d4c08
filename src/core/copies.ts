/**
 * Copies of one program that differ in the names of their parameters: what a loop can run instead, one body for all, each iteration with parameters of
 * its own.
 */
import { checkClaims, type Parameter } from './claims.ts';
import { type Expr, type Lambda, makeNode, topological, withInputs } from './expr.ts';
import { canonicalText } from './hash.ts';
import * as o from './ops/index.ts';
import { sameShape } from './shape.ts';

/** A function of some variables, run once: its results, and all of its nodes in order. */
interface Copy {
  readonly results: readonly Expr[];
  readonly order: readonly Expr[];
}

/** The results without labels. */
const unlabelled = (results: readonly Expr[]): Expr[] => {
  const plain = new Map<Expr, Expr>();
  for (const e of topological(results))
    plain.set(e, e.op === 'label' ? plain.get(e.inputs[0])! : withInputs(e, e.inputs.map((x) => plain.get(x)!))); // biome-ignore format: one idea
  return results.map((e) => plain.get(e)!);
};

const sameBody = (a: Lambda, b: Lambda): boolean => {
  const text = ({ variables, results }: Lambda): string =>
    canonicalText(unlabelled(results), new Map(variables.map((v, i) => [v, `b${i}`] as const)));
  return text(a) === text(b);
};

const sameNumbers = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
};

/** Whether two nodes are one but for their inputs, labels, and the names of parameters. */
const sameNode = (a: Expr, b: Expr): boolean => {
  if (a === b) return true;
  if (a.op !== b.op || a.type !== b.type || !sameShape(a.shape, b.shape)) return false;
  if (a.op === 'parameter' && b.op === 'parameter') return a.attributes.kind === b.attributes.kind;
  if (a.op === 'constant' && b.op === 'constant') return sameNumbers(a.attributes.data, b.attributes.data);
  if (a.op === 'scan' && b.op === 'scan') {
    const [p, q] = [a.attributes, b.attributes];
    return p.length === q.length && p.carries === q.carries && p.sequences === q.sequences && p.until === q.until && sameBody(p.body, q.body); // biome-ignore format: one idea
  }
  if (a.op === 'cond' && b.op === 'cond') return a.attributes.branches.every((f, i) => sameBody(f, b.attributes.branches[i])); // biome-ignore format: one idea
  return a.op === 'label' || JSON.stringify(a.attributes) === JSON.stringify(b.attributes);
};

/** Whether two copies are one up to labels and the names of parameters. */
const alike = (a: Copy, b: Copy): boolean => {
  if (a.order.length !== b.order.length) return false;
  const at = new Map<Expr, Expr>();
  for (const [k, e] of a.order.entries()) {
    const f = b.order[k];
    if (e.inputs.length !== f.inputs.length || !sameNode(e, f) || e.inputs.some((x, i) => at.get(x) !== f.inputs[i])) return false; // biome-ignore format: one idea
    at.set(e, f);
  }
  return a.results.every((e, i) => at.get(e) === b.results[i]);
};

const isParameter = (e: Expr): e is Parameter => e.op === 'parameter';

/** Whether the initial value of a parameter depends on a variable, through other parameters as well. */
const startsFrom = (p: Parameter, x: Expr, seen: Set<Expr> = new Set()): boolean => {
  if (seen.has(p)) return false;
  seen.add(p);
  return topological([p.attributes.definition]).some((e) => e === x || (isParameter(e) && startsFrom(e, x, seen)));
};

/** Whether a copy can stand in a loop: it draws no noise, keeps no buffers, and its parameters start without looking at the variable. */
const fits = ({ order }: Copy, x: Expr): boolean =>
  order.every((e) =>
    isParameter(e)
      ? e.attributes.role === undefined && !startsFrom(e, x)
      : e.op !== 'noise' && e.op !== 'advance' && e.op !== 'batchMean',
  );

/** One body for all copies: the results of the first, with parameters and labels of its own in each iteration. */
export interface OneBody {
  /** Parameters of each iteration in turn, stacked along a leading axis; the body reads slices of them. */
  readonly stacks: readonly Expr[];
  readonly body: (x: Expr, slices: readonly Expr[]) => Expr[];
}

/**
 * The copies as one body, where they are copies of one program in the variable `x` up to the names of their parameters and can stand in a loop (see
 * `fits`), else undefined. Copies are made one by one, up to the first that is not like the others. Parameters of one name in all copies are shared: the body closes
 * over them. Cost: that of making the copies.
 */
export const oneBody = (x: Expr, n: number, make: (i: number) => readonly Expr[]): OneBody | undefined => {
  const copies: Copy[] = [];
  for (let i = 0; i < n; i++) {
    const results = make(i);
    const copy = { results, order: topological(results) };
    if (!fits(copy, x) || (i > 0 && !alike(copies[0], copy))) return undefined;
    copies.push(copy);
  }
  const [first] = copies;
  const places = first.order.flatMap((e, k) => (isParameter(e) || e.op === 'label' ? [k] : []));
  // Only the first copy stays in the graph: names that are one by chance are told before.
  checkClaims(copies.flatMap(({ order }) => places.map((k) => order[k]).filter(isParameter)));
  const stacked: (readonly [Expr, Expr])[] = [];
  const relabelled = new Map<Expr, readonly string[]>();
  for (const k of places) {
    const all = copies.map(({ order }) => order[k]);
    const names = all.map((e) => (isParameter(e) ? e.attributes.name : e.op === 'label' ? e.attributes.path : ''));
    if (first.order[k].op === 'label') relabelled.set(first.order[k], names);
    else if (names.some((name) => name !== names[0])) stacked.push([first.order[k], o.stack(all, 0)]);
  }
  return {
    stacks: stacked.map(([, s]) => s),
    body: (at, slices) => {
      const now = new Map<Expr, Expr>([[x, at], ...stacked.map(([leaf], i) => [leaf, slices[i]] as const)]);
      for (const e of first.order) {
        if (now.has(e)) continue;
        const inputs = e.inputs.map((y) => now.get(y)!);
        const paths = relabelled.get(e);
        now.set(
          e,
          paths !== undefined && e.op === 'label'
            ? makeNode('label', inputs, { path: e.attributes.path, paths }, e.shape, e.type)
            : withInputs(e, inputs),
        );
      }
      return first.results.map((e) => now.get(e)!);
    },
  };
};
