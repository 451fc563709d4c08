/** Lowerings for eager kernel libraries (TensorFlow.js): what one of their backends lacks or computes badly. */
import type { Expr, Node } from '../expr.ts';
import * as o from '../ops/index.ts';
import { range } from '../shape.ts';

/** −1, 0 or 1 by two comparisons; NaN stays NaN (kernels named `Sign` give 0). */
export const signByComparison = (x: Expr): Expr => o.where(o.less(0, x), 1, o.where(o.less(x, 0), -1, x));

const oddFactorials = [1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880, -1 / 39916800];

/**
 * sin x with a small *relative* error near 0, for kernels with a small absolute error only: the Maclaurin series to x¹¹ for |x| < 1,
 * `sin` itself elsewhere, of an argument inside `stopGradient`: a finished program has no other, so that lowering knows where to end.
 */
export const sinNearZero = (x: Expr): Expr => {
  const near = o.less(o.abs(x), 1);
  const n = o.where(near, x, 0);
  const n2 = o.mul(n, n);
  let series: Expr = o.scalar(oddFactorials[oddFactorials.length - 1]);
  for (let k = oddFactorials.length - 2; k >= 0; k--) series = o.add(o.mul(series, n2), oddFactorials[k]);
  return o.where(near, o.mul(n, series), o.sin(o.stopGradient(o.where(near, 1, x))));
};

/** A strided slice as one gather for each strided axis, after a plain slice. */
export const stridesByGather = (n: Node<'slice'>, x: Expr): Expr => {
  const { start, limit, stride } = n.attributes;
  const cut = o.slice(x, start, limit);
  return stride.reduce<Expr>((y, step, axis) => {
    if (step === 1 || y.shape[axis] <= 1) return y;
    const at = range(n.shape[axis]).map((i) => i * step);
    return o.gather(y, o.constant(at, [at.length], 'int32'), axis);
  }, cut);
};

const channels = (x: Expr, axis: number, group: number, groups: number): Expr => {
  const width = x.shape[axis] / groups;
  return o.sliceAxis(x, axis, group * width, (group + 1) * width);
};

/** A grouped convolution as one plain convolution for each group. */
export const groupsBySlices = (n: Node<'conv2d'>, x: Expr, w: Expr): Expr => {
  const { groups, stride, padding } = n.attributes;
  return o.concat(
    range(groups).map((g) => o.conv2d(channels(x, 1, g, groups), channels(w, 0, g, groups), { stride, padding })),
    1,
  );
};

/** The input gradient of a grouped convolution, group by group. */
export const inputGradientGroupsBySlices = (n: Node<'conv2dInputGradient'>, dy: Expr, w: Expr): Expr => {
  const { groups } = n.attributes;
  const shape = n.shape.map((d, i) => (i === 1 ? d / groups : d));
  return o.concat(
    range(groups).map((g) =>
      o.conv2dInputGradient(channels(dy, 1, g, groups), channels(w, 0, g, groups), shape, {
        ...n.attributes,
        groups: 1,
      }),
    ),
    1,
  );
};

/** The kernel gradient of a grouped convolution, group by group. */
export const kernelGradientGroupsBySlices = (n: Node<'conv2dKernelGradient'>, x: Expr, dy: Expr): Expr => {
  const { groups } = n.attributes;
  const shape = n.shape.map((d, i) => (i === 0 ? d / groups : d));
  return o.concat(
    range(groups).map((g) =>
      o.conv2dKernelGradient(channels(x, 1, g, groups), channels(dy, 1, g, groups), shape, {
        ...n.attributes,
        groups: 1,
      }),
    ),
    0,
  );
};
