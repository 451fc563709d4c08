/** Expressions whose parameters are the pieces of one vector. */
import { type Expr, substitute, topological } from '../../src/core/expr.ts';
import { type Layout, piecesOf } from '../../src/inference/training/flat.ts';

/** The outputs with the vector's pieces in the parameters' places, and the pieces, in the order of the layout. */
export const atVector = (
  outputs: readonly Expr[],
  layout: Layout,
  theta: Expr,
): { readonly outputs: Expr[]; readonly pieces: Expr[] } => {
  const pieces = piecesOf(layout, theta);
  const named = new Map(layout.entries.map((e, i) => [e.name, pieces[i]] as const));
  const found = new Map<Expr, Expr>();
  for (const e of topological(outputs)) if (e.op === 'parameter') found.set(e, named.get(e.attributes.name)!);
  return { outputs: substitute(outputs, found), pieces };
};
