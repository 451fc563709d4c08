/**
 * Order conditions of Runge–Kutta methods by rooted trees (Butcher 1963; Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, II.2). A method has order
 * p where Φ(τ) = 1/γ(τ) for every rooted tree τ of p nodes or fewer: Φ sums products of the tableau along the tree, γ is the tree's density.
 */

/** A rooted tree: its subtrees. */
type Tree = readonly Tree[];

const sizeOf = (t: Tree): number => t.reduce((n, child) => n + sizeOf(child), 1);

/** γ(τ) = |τ| Π γ(subtrees). */
const densityOf = (t: Tree): number => t.reduce((d, child) => d * densityOf(child), sizeOf(t));

/** Multisets of trees of `total` nodes together, from those before `last` in the list. */
const forests = (all: readonly Tree[], total: number, last = all.length): Tree[] =>
  total === 0
    ? [[]]
    : all.slice(0, last).flatMap((t, i) => {
        const rest = total - sizeOf(t);
        return rest < 0 ? [] : forests(all, rest, i + 1).map((f): Tree => [t, ...f]);
      });

/** Rooted trees of at most `order` nodes: 1, 2, 4, 8, 17 of them. */
const treesUpTo = (order: number): readonly Tree[] => {
  let all: Tree[] = [];
  for (let n = 1; n <= order; n++) all = [...all, ...forests(all, n - 1)];
  return all;
};

/** One condition of a method: Φ(τ), and the 1/γ(τ) that it should be. */
export interface OrderCondition {
  /** Nodes of the tree. */
  readonly order: number;
  readonly found: number;
  readonly expected: number;
}

/**
 * The conditions Φ(τ) = 1/γ(τ) under which a Runge–Kutta method has an order, one for each rooted tree τ of at most `order` nodes, with both sides in float64.
 * `rows` is the strictly lower triangle of the tableau, its first row empty. Source: Butcher 1963; Hairer, Nørsett & Wanner, Solving Ordinary Differential
 * Equations I, II.2.
 *
 * @example
 * orderConditions([[], [1 / 2]], [0, 1], 2);   // the midpoint rule: Σ b = 1, Σ b c = ½
 */
export const orderConditions = (
  rows: readonly (readonly number[])[],
  weights: readonly number[],
  order: number,
): readonly OrderCondition[] => {
  /** Π over the subtrees of Σⱼ aᵢⱼ (the same of the subtree at j), for each stage i. */
  const stages = (t: Tree): readonly number[] => {
    const inner = t.map(stages);
    return weights.map((_, i) =>
      inner.reduce((product, values) => product * rows[i].reduce((sum, a, j) => sum + a * values[j], 0), 1),
    );
  };
  return treesUpTo(order).map((t) => {
    const values = stages(t);
    return {
      order: sizeOf(t),
      found: weights.reduce((sum, b, i) => sum + b * values[i], 0),
      expected: 1 / densityOf(t),
    };
  });
};
