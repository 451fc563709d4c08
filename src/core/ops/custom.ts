/** Values with a reverse derivative of their own. */
import { projections } from '../bodies.ts';
import { raise } from '../errors.ts';
import { dependents, type Expr, type Lambda, makeNode, type Node, topological, variable } from '../expr.ts';
import { sameShape, showShape } from '../shape.ts';

/**
 * The outer expressions that some results mention and that do not depend on `variables`, each with a variable that stands for it: the closure of a body.
 *
 * @example
 * const x = variable([], 'real');
 * ops.closedOver([ops.mul(x, input('w', []))], [x]).size;   // 1
 */
export const closedOver = (results: readonly Expr[], variables: readonly Expr[]): Map<Expr, Expr> => {
  const order = topological(results);
  const inner = dependents(order, variables);
  const captured = new Map<Expr, Expr>();
  const close = (e: Expr): void => {
    if (!inner.has(e) && !captured.has(e)) captured.set(e, variable(e.shape, e.type));
  };
  for (const e of order) if (inner.has(e)) e.inputs.forEach(close);
  results.forEach(close);
  return captured;
};

/** What {@link customGradient} is made from. */
export interface CustomGradient {
  /** Everything that the value depends on: what is not named here must be a constant. */
  readonly inputs: readonly Expr[];
  readonly forward: (inputs: readonly Expr[]) => readonly Expr[];
  /** Cotangents of the inputs of type real, in order, from the inputs, the results and the cotangents of the results of type real. Linear in the last. */
  readonly backward: (
    inputs: readonly Expr[],
    results: readonly Expr[],
    cotangents: readonly Expr[],
  ) => readonly Expr[];
}

const isReal = (e: Expr): boolean => e.type === 'real';

/** A closed sub-program of some variables. */
const closed = (variables: readonly Expr[], results: readonly Expr[]): Lambda => {
  const own = new Set(variables);
  const outer = topological(results).find((e) => e.inputs.length === 0 && e.op !== 'constant' && !own.has(e));
  return outer === undefined
    ? { variables, results }
    : raise('ArgumentError', 'customGradient', 'what is closed over would have no gradient: give it as an input', {
        got: outer.op === 'parameter' || outer.op === 'input' ? outer.attributes.name : outer.op,
      });
};

/**
 * The results of `forward`, whose reverse derivative is what `backward` says. Forward mode (`jvp`) differentiates `forward` itself. The derivative of what `backward`
 * gives is its own, so second derivatives are those of the declared gradient. Under `vmap` both are mapped, and a cotangent of what examples share is the sum of
 * theirs. Programs hold `forward` alone. Throws `ArgumentError` where one of the two mentions what is not among the inputs, `ShapeError` where a cotangent has
 * another shape than its input.
 *
 * @example
 * // The identity, whose gradient is cut to [−1, 1].
 * const cut = (x) =>
 *   ops.customGradient({ inputs: [x], forward: (xs) => xs, backward: (_x, _y, [g]) => [ops.max(ops.min(g, 1), -1)] })[0];
 */
export const customGradient = ({ inputs, forward, backward }: CustomGradient): Expr[] => {
  const fresh = (all: readonly Expr[]): Expr[] => all.map((x) => variable(x.shape, x.type));
  const xs = fresh(inputs);
  const value = closed(xs, forward(xs));
  const [same, ys, gs] = [fresh(inputs), fresh(value.results), fresh(value.results.filter(isReal))];
  const slopes = backward(same, ys, gs);
  const wanted = inputs.filter(isReal);
  if (slopes.length !== wanted.length)
    return raise('ShapeError', 'customGradient', 'one cotangent is wanted for each real input', {
      expected: `${wanted.length}`,
      got: `${slopes.length}`,
    });
  slopes.forEach((g, i) => {
    if (!sameShape(g.shape, wanted[i].shape))
      raise('ShapeError', 'customGradient', `cotangent ${i} has another shape than its input`, {
        expected: showShape(wanted[i].shape),
        got: showShape(g.shape),
      });
  });
  const attributes = { forward: value, backward: closed([...same, ...ys, ...gs], slopes) };
  return projections(makeNode('custom', inputs, attributes, [], 'real') as Node<'custom'> & Expr);
};
