/** Reverse mode through values with a derivative of their own: what was declared, applied. */
import { projections } from '../bodies.ts';
import { applyLambda, type Expr, type Node } from '../expr.ts';
import * as o from '../ops/index.ts';

/** Cotangents of the inputs of a `custom` node; those of inputs that are not real are undefined. */
export const reverseCustom = (
  e: Node<'custom'> & Expr,
  cotangents: readonly (Expr | undefined)[],
): (Expr | undefined)[] => {
  const results = projections(e);
  const given = results.flatMap((r, i) =>
    r.type === 'real' ? [cotangents[i] ?? o.broadcastTo(o.scalar(0), r.shape)] : [],
  );
  const slopes = applyLambda(e.attributes.backward, [...e.inputs, ...results, ...given]);
  let k = 0;
  return e.inputs.map((x) => (x.type === 'real' ? slopes[k++] : undefined));
};
