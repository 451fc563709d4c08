/**
 * Work ahead of a loop: what its body computes of its sequences and of parameters alone is computed for all iterations at once, before the first. A sampler's
 * schedule and its network's reading of the time are such things: a hundred small operations in every step become a few over all steps.
 */
import { checkClaims } from './claims.ts';
import { dependents, type Expr, substitute, topological, variable } from './expr.ts';
import { sizeOf } from './shape.ts';
import { simplify } from './simplify/index.ts';
import { vmapAll } from './vectorize.ts';

/** Numbers an iteration may find computed for it in one array: what is larger stays in the loop, so that memory does not grow with its length. */
const LARGEST = 4096;

/** What is repeated, turned or marked only: not worth an array for every iteration, its input is. */
const isCheap = (e: Expr): boolean => e.op === 'broadcast' || e.op === 'reshape' || e.op === 'label' || e.op === 'stopGradient'; // biome-ignore format: one line

/** The sequences of a loop and its body. */
export interface Body {
  readonly xs: readonly Expr[];
  readonly xVars: readonly Expr[];
  readonly results: readonly Expr[];
}

/**
 * The same body with more sequences and less to do: whatever depends on `xVars` and, beside them, on constants and parameters only, and has at most 4096 numbers,
 * is read off a sequence that is computed before the loop. Values are the same up to rounding (a product of all rows may add up in another order than one of a row).
 * `length` is the number of iterations.
 */
export const ahead = ({ xs, xVars, results }: Body, length: number): Body => {
  const order = topological(results);
  const mine = new Set(xVars);
  // Branches stay in the loop as well: ahead of it both would be computed.
  const stays = (e: Expr): boolean => e.op === 'variable' || e.op === 'input' || e.op === 'noise' || e.op === 'cond';
  const others = order.filter((e) => !mine.has(e) && stays(e));
  const mixed = dependents(order, others);
  const [reads, asked] = [dependents(order, xVars), new Set<Expr>()];
  const isEarly = (e: Expr): boolean => reads.has(e) && !mixed.has(e) && !mine.has(e);
  const take = (e: Expr): void => {
    if (!isEarly(e)) return;
    if (isCheap(e)) take(e.inputs[0]);
    else if (e.op === 'scan' || e.op === 'custom' || sizeOf(e.shape) > LARGEST) e.inputs.forEach(take);
    else asked.add(e);
  };
  for (const e of order) if (!isEarly(e)) e.inputs.forEach(take);
  results.forEach(take);
  const early = [...asked];
  if (early.length === 0) return { xs, xVars, results };
  // Equal leaves become one below: names shared by accident are reported before.
  checkClaims(order.filter((e) => e.op === 'parameter'));
  // What is equal is one sequence, so that whatever reads it is seen to be equal too (a network asked twice at one time).
  const settled = simplify(early);
  const distinct = [...new Set(settled)];
  const computed = vmapAll(
    (...each) => substitute(distinct, new Map(xVars.map((v, i) => [v, each[i]] as const))),
    { size: length, axis: 'iterations' },
  )(...xs); // biome-ignore format: one idea
  const read = new Map(distinct.map((e) => [e, variable(e.shape, e.type)] as const));
  return {
    xs: [...xs, ...computed],
    xVars: [...xVars, ...read.values()],
    results: substitute(results, new Map(early.map((e, i) => [e, read.get(settled[i])!] as const))),
  };
};
