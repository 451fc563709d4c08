/** Branches: a known flag chooses, what both would give is computed outside, and conds of one flag are one cond. */
import { bodiesOf, condResults } from '../bodies.ts';
import { applyLambda, dependents, type Expr, type Lambda, makeNode, type Node, substitute, topological, variable } from '../expr.ts'; // biome-ignore format: one import
import { canonicalText } from '../hash.ts';
import { inside } from './closing.ts';
import { splat } from './constants.ts';

type Cond = Node<'cond'> & Expr;

const condNode = (inputs: readonly Expr[], then: Lambda, otherwise: Lambda): Cond =>
  makeNode('cond', inputs, { branches: [then, otherwise] }, [], 'real') as Cond;

/**
 * The same cond closing over less: constants and repetition move into its branches, equal inputs are read once, and inputs that neither branch
 * reads are dropped. What is in `keep` stays closed over. Both branches have the same variables.
 */
export const closeBranches = (n: Cond, keep: ReadonlySet<Expr> = new Set()): Cond => {
  const [flag, ...closure] = n.inputs;
  const closed = new Map<Expr, Expr>();
  const capture = (x: Expr, v?: Expr): Expr => {
    const known = closed.get(x) ?? v ?? variable(x.shape, x.type);
    closed.set(x, known);
    return known;
  };
  const sides = bodiesOf(n).map(({ variables, results }) => {
    const bound = variables.map((v, i) => [v, keep.has(closure[i]) ? capture(closure[i], v) : inside(closure[i], v, capture)] as const); // biome-ignore format: one idea
    return substitute(results, new Map(bound));
  });
  const used = new Set(topological(sides.flat()));
  const kept = [...closed].filter(([, v]) => used.has(v));
  const variables = kept.map(([, v]) => v);
  const [then, otherwise] = sides.map((results) => ({ variables, results }));
  return condNode([flag, ...kept.map(([x]) => x)], then, otherwise);
};

/** A result of a cond without the cond: where the flag is known, or where both branches compute the same. */
export const withoutCond = (e: Expr): Expr | undefined => {
  if (e.op !== 'project' || e.inputs[0].op !== 'cond') return undefined;
  const { inputs, attributes } = e.inputs[0];
  const { index } = e.attributes;
  const result = ({ variables, results }: Lambda): Expr =>
    applyLambda({ variables, results: [results[index]] }, inputs.slice(1))[0];
  const flag = splat(inputs[0]);
  if (flag !== undefined) return result(attributes.branches[flag ? 0 : 1]);
  const text = ({ variables, results }: Lambda): string =>
    canonicalText([results[index]], new Map(variables.map((v, i) => [v, `b${i}`] as const)));
  const [then, otherwise] = attributes.branches;
  const alike = then.results[index].op === otherwise.results[index].op;
  return alike && text(then) === text(otherwise) ? result(then) : undefined;
};

/** The cond without unused results, and the new positions of the others. */
export const narrowedBranches = (
  n: Cond,
  asked: ReadonlySet<number>,
): { readonly loop: Cond; readonly index: (i: number) => number } => {
  const pick = ({ variables, results }: Lambda): Lambda => ({ variables, results: results.filter((_, i) => asked.has(i)) }); // biome-ignore format: one idea
  const [then, otherwise] = bodiesOf(n).map(pick);
  const kept = [...asked].sort((a, b) => a - b);
  return { loop: closeBranches(condNode(n.inputs, then, otherwise), new Set(n.inputs)), index: (i) => kept.indexOf(i) };
};

/** Two conds of one flag as one, with the results of both. */
const joined = (a: Cond, b: Cond): Cond => {
  const from = a.inputs.length - 1;
  const fresh = b.inputs.slice(1).map((x) => variable(x.shape, x.type));
  const [ours, theirs] = [bodiesOf(a), bodiesOf(b)];
  const [then, otherwise] = ours.map(({ variables, results }, side) => ({
    variables: [...variables.slice(0, from), ...fresh],
    results: [...results, ...applyLambda(theirs[side], fresh)],
  }));
  return condNode([...a.inputs, ...b.inputs.slice(1)], then, otherwise);
};

/**
 * Conds of one flag as one, where the second asks for nothing that depends on the first: the backward run of a branch computes again what the forward run
 * can give. `settle` simplifies the one that is made. One pair at a time, until there is none.
 */
export const joinBranches = (outputs: readonly Expr[], settle: (n: Cond) => Cond): Expr[] => {
  const order = topological(outputs);
  const first = new Map<Expr, Cond>();
  for (const e of order) {
    if (e.op !== 'cond') continue;
    const a = first.get(e.inputs[0]);
    if (a === undefined || dependents(order, [a]).has(e)) {
      first.set(e.inputs[0], e);
      continue;
    }
    // It stands where the first did: the inputs of neither depend on the other.
    const both = settle(joined(a, e));
    const merged = new Map<Expr, Expr>();
    for (const p of order)
      if (p.op === 'project' && (p.inputs[0] === a || p.inputs[0] === e)) {
        const index = p.attributes.index + (p.inputs[0] === a ? 0 : condResults(a).length);
        merged.set(p, makeNode('project', [both], { index }, p.shape, p.type));
      }
    return joinBranches(substitute(outputs, merged), settle);
  }
  return [...outputs];
};
