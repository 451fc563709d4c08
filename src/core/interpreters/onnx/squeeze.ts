/**
 * Elementwise operators without axes of size 1. Where an operand is broadcast, ONNX Runtime goes over the arrays in spans that end at such an axis: a
 * number added to `[2048, 1, 1]` takes 2048 spans of one, 20 ns each, where `[2048]` is one span.
 */
import { bodiesOf, withBodies } from '../../bodies.ts';
import { type Expr, makeNode, topological, withInputs } from '../../expr.ts';
import * as o from '../../ops/index.ts';
import { type Shape, sameShape } from '../../shape.ts';
import { isElementwise, splat } from '../../simplify/constants.ts';

/** Sizes along the axes that another shape of the same rank is not 1 along. */
const along = (shape: Shape, other: Shape): Shape => shape.filter((_, i) => other[i] !== 1);

/** Products take biases in, and ReLUs: what reads them stays as it is. */
const isProduct = (e: Expr): boolean => e.op === 'matmul' || e.op === 'conv2d';

const isNarrowed = (x: Expr, e: Expr): boolean =>
  x.op === 'reshape' && sameShape(x.inputs[0].shape, along(e.shape, e.shape));

/** Whether an operator over these inputs has an operand broadcast, or one that has been narrowed already. */
const gains = (e: Expr, inputs: readonly Expr[]): boolean =>
  isElementwise(e) &&
  e.shape.includes(1) &&
  e.shape.some((d) => d !== 1) &&
  inputs.some((x) => x.op === 'broadcast' || splat(x) !== undefined || isNarrowed(x, e)) &&
  !inputs.some(isProduct);

const narrow = (x: Expr, shape: Shape): Expr => {
  const size = along(shape, shape);
  const value = splat(x);
  if (value !== undefined) return o.broadcastTo(o.scalar(value, x.type), size);
  return x.op === 'broadcast'
    ? o.broadcastTo(o.reshape(x.inputs[0], along(x.inputs[0].shape, shape)), size)
    : o.reshape(x, size);
};

/** The same values; elementwise operators with a broadcast operand work on arrays without axes of size 1, in loops and branches as well. */
export const squeezed = (outputs: readonly Expr[]): Expr[] => {
  const done = new Map<Expr, Expr>();
  for (const e of topological(outputs)) {
    const inputs = e.inputs.map((x) => done.get(x)!);
    if (bodiesOf(e).length > 0) done.set(e, withBodies(e, inputs, squeezed));
    else if (gains(e, inputs)) {
      const small = makeNode(e.op, inputs.map((x) => narrow(x, e.shape)), e.attributes as never, along(e.shape, e.shape), e.type); // biome-ignore format: one node
      done.set(e, o.reshape(small, e.shape));
    } else done.set(e, withInputs(e, inputs));
  }
  return outputs.map((e) => done.get(e)!);
};
