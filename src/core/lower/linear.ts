/** Linear algebra and convolution gradients in terms of matrix products and slices. */
import type { Conv2dAttributes, Expr, Node } from '../expr.ts';
import * as o from '../ops/index.ts';
import { range } from '../shape.ts';

/**
 * Inverse of a lower triangular `[…, n, n]` by doubling: inverses of the diagonal blocks of size s give those of size 2s through
 * (A 0; C B)⁻¹ = (A⁻¹ 0; −B⁻¹ C A⁻¹ B⁻¹), all blocks of one size in one batched product. ⌈log₂ n⌉ rounds. Unlike products of
 * I + Mᵏ it never forms powers of M, so no intermediate outgrows the answer.
 */
export const lowerInverse = (a: Expr, unit: boolean): Expr => {
  const n = a.shape[a.shape.length - 1];
  const lead = a.shape.slice(0, -2);
  const size = 2 ** Math.ceil(Math.log2(Math.max(n, 1)));
  const extra = size - n;
  const zeros = [...lead.map(() => 0), 0, 0];
  const grow = [...lead.map(() => 0), extra, extra];
  const b = lead.reduce((p, d) => p * d, 1);
  const padded = o.reshape(extra === 0 ? a : o.pad(a, zeros, grow), [b, size, size]);
  const tailOnes = o.constant(Float64Array.from({ length: size }, (_, i) => (i < n ? 0 : 1)));
  const diagonal = unit ? o.broadcastTo(o.scalar(1), [b, size]) : o.add(o.diagonal(padded), tailOnes);
  let inverse = o.reshape(o.div(1, diagonal), [b, size, 1, 1]);
  for (let s = 1; s < size; s *= 2) {
    const pairs = size / (2 * s);
    // blocks[b, i, j] = A[i·s … , j·s …]; the off-diagonal ones are (2k+1, 2k).
    const blocks = o.reshape(o.transpose(o.reshape(padded, [b, size / s, s, size / s, s]), [0, 1, 3, 2, 4]), [
      b,
      (size / s) ** 2,
      s,
      s,
    ]);
    const below = o.constant(
      range(pairs).map((k) => (2 * k + 1) * (size / s) + 2 * k),
      [pairs],
      'int32',
    );
    const c = o.gather(blocks, below, 1);
    const upper = o.sliceAxis(inverse, 1, 0, 2 * pairs, 2);
    const lower = o.sliceAxis(inverse, 1, 1, 2 * pairs, 2);
    const corner = o.neg(o.matmul(lower, o.matmul(c, upper)));
    const none = o.broadcastTo(o.scalar(0), upper.shape);
    inverse = o.concat([o.concat([upper, none], 3), o.concat([corner, lower], 3)], 2);
  }
  const whole = o.reshape(inverse, [...lead, size, size]);
  return extra === 0 ? whole : o.slice(whole, zeros, [...lead, n, n]);
};

/** A triangular system through {@link lowerInverse}, then one product. */
export const triangularSolveByInverse = (n: Node<'triangularSolve'>, a: Expr, b: Expr): Expr => {
  const { lower, unit, transpose } = n.attributes;
  const inverse = lowerInverse(lower ? a : o.transpose(a), unit);
  return o.matmul(lower !== transpose ? inverse : o.transpose(inverse), b);
};

/**
 * The kernel gradient of a convolution as one matrix product for each tap of the kernel:
 * ∂w[o, c, p, r] = Σ_{n,i,j} g[n, o, i, j] x[n, c, i·s+p, j·s+r].
 */
export const kernelGradientByTaps = (n: Node<'conv2dKernelGradient'>, x: Expr, g: Expr): Expr => {
  const { stride, padding, groups }: Conv2dAttributes = n.attributes;
  const [oc, ic, kh, kw] = n.shape;
  const [batch, , rows, columns] = g.shape;
  const [, , h, w] = x.shape;
  // Channels last, once: then every tap is a slice whose rows are ready for the product, and padding moves whole rows.
  const last = o.pad(
    o.transpose(o.reshape(x, [batch, groups, ic, h, w]), [1, 0, 3, 4, 2]),
    [0, 0, padding[0][0], padding[1][0], 0],
    [0, 0, padding[0][1], padding[1][1], 0],
  );
  const gs = o.reshape(o.transpose(o.reshape(g, [batch, groups, oc / groups, rows * columns]), [1, 2, 0, 3]), [
    groups,
    oc / groups,
    batch * rows * columns,
  ]);
  const taps = range(kh * kw).map((t) => {
    const [p, r] = [Math.floor(t / kw), t % kw];
    const limit = [groups, batch, p + (rows - 1) * stride[0] + 1, r + (columns - 1) * stride[1] + 1, ic];
    const seen = o.slice(last, [0, 0, p, r, 0], limit, [1, 1, stride[0], stride[1], 1]);
    return o.matmul(gs, o.reshape(seen, [groups, batch * rows * columns, ic])); // [groups, oc / groups, ic]
  });
  return o.reshape(o.stack(taps, 3), [oc, ic, kh, kw]);
};

/** A convolution as one matrix product for each tap: for element types a backend has no convolution for. */
export const convByTaps = (n: Node<'conv2d'>, x: Expr, w: Expr): Expr => {
  const { stride, padding, groups } = n.attributes;
  const [batch, oc, rows, columns] = n.shape;
  const [, ic, kh, kw] = w.shape;
  const padded = o.pad(x, [0, 0, padding[0][0], padding[1][0]], [0, 0, padding[0][1], padding[1][1]]);
  const taps = range(kh * kw).map((t) => {
    const [p, r] = [Math.floor(t / kw), t % kw];
    const limit = [batch, padded.shape[1], p + (rows - 1) * stride[0] + 1, r + (columns - 1) * stride[1] + 1];
    const seen = o.slice(padded, [0, 0, p, r], limit, [1, 1, stride[0], stride[1]]);
    const xs = o.reshape(seen, [batch, groups, ic, rows * columns]);
    const tap = o.reshape(o.slice(w, [0, 0, p, r], [oc, ic, p + 1, r + 1]), [1, groups, oc / groups, ic]);
    return o.matmul(tap, xs);
  });
  return o.reshape(o.addAll(taps), n.shape);
};

/**
 * The input gradient of a strided convolution as a plain one: zeros between the elements of g, then the flipped kernel.
 * For backends without a transposed convolution for these attributes.
 */
export const inputGradientByConv = (n: Node<'conv2dInputGradient'>, g: Expr, w: Expr): Expr => {
  const { stride, padding, groups } = n.attributes;
  const [, , h, wd] = n.shape;
  const [oc, ic, kh, kw] = w.shape;
  const size = [h, wd];
  const kernel = [kh, kw];
  const spread = [0, 1].map((i) => (g.shape[2 + i] - 1) * stride[i] + 1);
  const low = [0, 1].map((i) => kernel[i] - 1 - padding[i][0]);
  const high = [0, 1].map((i) => size[i] + kernel[i] - 1 - low[i] - spread[i]);
  const flipped = o.reverse(w, [2, 3]);
  const swapped = o.reshape(o.transpose(o.reshape(flipped, [groups, oc / groups, ic, kh, kw]), [0, 2, 1, 3, 4]), [
    groups * ic,
    oc / groups,
    kh,
    kw,
  ]);
  if (stride.every((s) => s === 1) && [...low, ...high].every((p) => p >= 0)) {
    const around = [0, 1].map((i) => [low[i], high[i]] as const) as [
      readonly [number, number],
      readonly [number, number],
    ];
    return o.conv2d(g, swapped, { groups, padding: around });
  }
  const clip = (v: number): number => Math.max(0, v);
  const dilated = o.pad(
    g,
    [0, 0, clip(low[0]), clip(low[1])],
    [0, 0, clip(high[0]), clip(high[1])],
    [0, 0, stride[0] - 1, stride[1] - 1],
  );
  const cut = o.slice(
    dilated,
    [0, 0, clip(-low[0]), clip(-low[1])],
    [dilated.shape[0], dilated.shape[1], dilated.shape[2] - clip(-high[0]), dilated.shape[3] - clip(-high[1])],
  );
  return o.conv2d(cut, swapped, { groups });
};

/** Zeros between elements by a new axis of which one slice is used: for backends whose `Pad` has no interior. */
export const interiorByReshape = (n: Node<'pad'>, x: Expr): Expr => {
  let y = x;
  n.attributes.interior.forEach((gap, axis) => {
    if (gap === 0 || y.shape[axis] <= 1) return;
    const d = y.shape[axis];
    const wide = o.pad(
      o.expandDims(y, axis + 1),
      [...y.shape.map(() => 0), 0],
      [...y.shape, 0].map((_, i) => (i === axis + 1 ? gap : 0)),
    );
    y = o.sliceAxis(o.reshape(wide, y.shape.map((s, i) => (i === axis ? d * (gap + 1) : s))), axis, 0, (d - 1) * (gap + 1) + 1); // biome-ignore format: one idea
  });
  return o.pad(y, n.attributes.low, n.attributes.high);
};

/** x at int32 indices by a product with one-hot rows: for backends without the scatter. */
export const scatterByOneHot = (n: Node<'scatterAdd'>, indices: Expr, updates: Expr): Expr => {
  const { axis, size } = n.attributes;
  const m = indices.shape.reduce((a, b) => a * b, 1);
  const outer = updates.shape.slice(0, axis);
  const inner = updates.shape.slice(axis + indices.shape.length);
  const count = (s: readonly number[]): number => s.reduce((a, b) => a * b, 1);
  const hot = o.oneHot(o.reshape(indices, [m]), size); // [m, size]
  const rows = o.reshape(updates, [count(outer), m, count(inner)]);
  const moved = o.reshape(o.transpose(rows, [1, 0, 2]), [m, count(outer) * count(inner)]);
  const y = o.reshape(o.matmul(o.transpose(hot), moved), [size, count(outer), count(inner)]);
  return o.reshape(o.transpose(y, [1, 0, 2]), n.shape);
};
