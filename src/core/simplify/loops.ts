/** Loops: what they close over is as small as it can be, nothing in them is computed in vain, and two that carry the same are one. */
import { dependents, type Expr, makeNode, type Node, scanResults, substitute, topological, variable, withInputs } from '../expr.ts'; // biome-ignore format: one import
import { canonicalText } from '../hash.ts';
import * as o from '../ops/index.ts';
import { narrowedBranches } from './branches.ts';
import { inside } from './closing.ts';
import { splat } from './constants.ts';

type Scan = Node<'scan'> & Expr;
type Bodied = Scan | (Node<'cond'> & Expr);

const scanNode = (n: Node<'scan'>, inputs: readonly Expr[], attributes: Partial<Node<'scan'>['attributes']>): Scan =>
  makeNode('scan', inputs, { ...n.attributes, ...attributes }, [], 'real') as Scan;

/**
 * The same loop closing over less: constants and repetition move into the body (where they cost nothing, or are left to an operator's own
 * broadcasting), equal inputs are read once, and inputs that nothing reads are dropped. What is in `keep` stays closed over.
 */
export const closeTightly = (n: Node<'scan'>, keep: ReadonlySet<Expr> = new Set()): Scan => {
  const { carries, sequences, body } = n.attributes;
  const end = carries + sequences;
  const closed = new Map<Expr, Expr>();
  const capture = (x: Expr, v?: Expr): Expr => {
    const known = closed.get(x) ?? v ?? variable(x.shape, x.type);
    closed.set(x, known);
    return known;
  };
  const read = new Map<Expr, Expr>();
  const bound = new Map<Expr, Expr>();
  body.variables.forEach((v, i) => {
    const x = n.inputs[i];
    if (i >= end) bound.set(v, keep.has(x) ? capture(x, v) : inside(x, v, capture));
    else if (i >= carries) {
      const value = splat(x);
      const slice = read.get(x) ?? v;
      if (value === undefined) read.set(x, slice);
      bound.set(v, value === undefined ? slice : o.broadcastTo(o.scalar(value, v.type), v.shape));
    }
  });
  const results = substitute(body.results, bound);
  const used = new Set(topological(results));
  const pick = (all: ReadonlyMap<Expr, Expr>): [Expr, Expr][] => [...all].filter(([, v]) => used.has(v));
  const [xs, kept] = [pick(read), pick(closed)];
  const variables = [...body.variables.slice(0, carries), ...xs.map(([, v]) => v), ...kept.map(([, v]) => v)];
  const inputs = [...n.inputs.slice(0, carries), ...xs.map(([x]) => x), ...kept.map(([x]) => x)];
  return scanNode(n, inputs, { sequences: xs.length, body: { variables, results } });
};

/** Rebuilds a graph, some of whose loops and branches are replaced by others: `index` says where a result of the old one is in the new one. */
const replaceLoops = (
  outputs: readonly Expr[],
  replaced: (n: Bodied, inputs: readonly Expr[]) => { readonly loop: Expr; readonly index: (i: number) => number },
): Expr[] => {
  const done = new Map<Expr, Expr>();
  const loops = new Map<Expr, ReturnType<typeof replaced>>();
  const projects = new Map<Expr, Map<number, Expr>>();
  for (const e of topological(outputs)) {
    const inputs = e.inputs.map((x) => done.get(x)!);
    if (e.op === 'scan' || e.op === 'cond') {
      const made = replaced(e, inputs);
      loops.set(e, made);
      done.set(e, made.loop);
    } else if (e.op === 'project' && loops.has(e.inputs[0])) {
      const { loop, index } = loops.get(e.inputs[0])!;
      const k = index(e.attributes.index);
      const known = projects.get(loop) ?? new Map<number, Expr>();
      projects.set(loop, known);
      const found = known.get(k) ?? makeNode('project', [loop], { index: k }, e.shape, e.type);
      known.set(k, found);
      done.set(e, found);
    } else done.set(e, withInputs(e, inputs));
  }
  return outputs.map((e) => done.get(e)!);
};

/** Which results of a loop have to be computed: outputs that are used, and the carries they need. */
const neededResults = (n: Scan, asked: ReadonlySet<number>): boolean[] => {
  const { carries, until, body } = n.attributes;
  const needed = body.results.map((_, i) => asked.has(i) || (until && i === body.results.length - 1));
  for (;;) {
    const reached = new Set(topological(body.results.filter((_, i) => needed[i])));
    const more = body.results.map((_, i) => i < carries && !needed[i] && reached.has(body.variables[i]));
    if (!more.includes(true)) return needed;
    more.forEach((yes, i) => {
      if (yes) needed[i] = true;
    });
  }
};

/** The loop without unused results, and the new positions of the others. */
const narrowed = (
  n: Scan,
  needed: readonly boolean[],
): { readonly loop: Scan; readonly index: (i: number) => number } => {
  const { carries, body } = n.attributes;
  const carryKept = (_: unknown, i: number): boolean => i >= carries || needed[i];
  const loop = scanNode(n, n.inputs.filter(carryKept), {
    carries: needed.slice(0, carries).filter((k) => k).length,
    body: { variables: body.variables.filter(carryKept), results: body.results.filter((_, i) => needed[i]) },
  });
  return { loop: closeTightly(loop, new Set(n.inputs)), index: (i) => needed.slice(0, i).filter((k) => k).length };
};

/** Drops results of loops and branches that nothing asks for, and carries, sequences and closures that only they read. Bodies are settled already. */
export const pruneLoops = (outputs: readonly Expr[]): Expr[] => {
  const order = topological(outputs);
  if (!order.some((e) => e.op === 'scan' || e.op === 'cond')) return [...outputs];
  const live = new Set<Expr>(outputs);
  const asked = new Map<Expr, Set<number>>();
  const narrow = new Map<Expr, { readonly loop: Bodied; readonly index: (i: number) => number }>();
  for (let i = order.length - 1; i >= 0; i--) {
    const e = order[i];
    if (!live.has(e)) continue;
    if (e.op === 'project') asked.set(e.inputs[0], (asked.get(e.inputs[0]) ?? new Set()).add(e.attributes.index));
    if (e.op === 'scan') narrow.set(e, narrowed(e, neededResults(e, asked.get(e) ?? new Set())));
    if (e.op === 'cond') narrow.set(e, narrowedBranches(e, asked.get(e) ?? new Set()));
    for (const x of narrow.get(e)?.loop.inputs ?? e.inputs) live.add(x);
  }
  return replaceLoops(outputs, (e, inputs) => {
    const { loop, index } = narrow.get(e) ?? { loop: e, index: (i: number) => i };
    const now = new Map(e.inputs.map((x, i) => [x, inputs[i]] as const));
    return { loop: withInputs(loop, loop.inputs.map((x) => now.get(x) ?? x)), index }; // biome-ignore format: one idea
  });
};

/** What a loop carries, as a text: equal for loops whose carries go through the same values. */
const carriesKey = (n: Scan, idOf: (e: Expr) => number): string => {
  const { length, carries, sequences, until, body } = n.attributes;
  const name = (i: number): string =>
    i < carries ? `c${i}` : `${i < carries + sequences ? 'x' : 'k'}${idOf(n.inputs[i])}`;
  const rename = new Map(body.variables.map((v, i) => [v, name(i)] as const));
  const results = [...body.results.slice(0, carries), ...(until ? body.results.slice(-1) : [])];
  return `${length},${until},${n.inputs.slice(0, carries).map(idOf).join()}:${canonicalText(results, rename)}`;
};

/** Two loops of equal carries as one, with the outputs of both. */
const joined = (a: Scan, b: Scan): Scan => {
  const { carries, until } = a.attributes;
  const ys = (n: Scan): readonly Expr[] => n.attributes.body.results.slice(carries, until ? -1 : undefined);
  const side = (n: Scan, sequence: boolean): [Expr, Expr][] =>
    n.inputs.flatMap((x, i): [Expr, Expr][] =>
      i >= carries && i < carries + n.attributes.sequences === sequence ? [[x, n.attributes.body.variables[i]]] : [],
    );
  const bound = new Map<Expr, Expr>();
  b.attributes.body.variables.slice(0, carries).forEach((v, i) => {
    bound.set(v, a.attributes.body.variables[i]);
  });
  const union = (sequence: boolean): [Expr, Expr][] => {
    const all = new Map(side(a, sequence));
    for (const [x, v] of side(b, sequence)) {
      if (!all.has(x)) all.set(x, v);
      bound.set(v, all.get(x)!);
    }
    return [...all];
  };
  const [xs, closed] = [union(true), union(false)];
  const { variables, results } = a.attributes.body;
  const body = {
    variables: [...variables.slice(0, carries), ...xs.map(([, v]) => v), ...closed.map(([, v]) => v)],
    results: [...results.slice(0, carries), ...ys(a), ...substitute(ys(b), bound), ...(until ? results.slice(-1) : [])],
  };
  const inputs = [...a.inputs.slice(0, carries), ...xs.map(([x]) => x), ...closed.map(([x]) => x)];
  return scanNode(a, inputs, { sequences: xs.length, body });
};

/**
 * Loops that carry the same run once: the backward pass of a loop runs it again for its intermediate values, which the forward loop can
 * give. Only where the second asks for nothing that depends on the first. One pair at a time, until there is none.
 */
export const joinLoops = (outputs: readonly Expr[]): Expr[] => {
  const order = topological(outputs);
  const ids = new Map(order.map((e, i) => [e, i] as const));
  const first = new Map<string, Scan>();
  for (const e of order) {
    if (e.op !== 'scan') continue;
    const key = carriesKey(e, (x) => ids.get(x)!);
    const a = first.get(key);
    if (a === undefined || dependents(order, [a]).has(e)) {
      first.set(key, e);
      continue;
    }
    const loop = joined(a, e);
    const outputsOfA = scanResults(a).length;
    const { carries } = a.attributes;
    const shifted = (i: number): number => (i < carries ? i : outputsOfA + i - carries);
    // Both stand where the first did: its inputs and the second's do not depend on it.
    const both = makeNode('scan', loop.inputs, loop.attributes, loop.shape, loop.type) as Scan;
    const merged = new Map<Expr, Expr>();
    for (const p of order)
      if (p.op === 'project' && (p.inputs[0] === a || p.inputs[0] === e)) {
        const index = p.inputs[0] === a ? p.attributes.index : shifted(p.attributes.index);
        merged.set(p, makeNode('project', [both], { index }, p.shape, p.type));
      }
    return joinLoops(substitute(outputs, merged));
  }
  return [...outputs];
};
