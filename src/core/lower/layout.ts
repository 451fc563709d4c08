/** Layout: the same movement of data in fewer axes. */
import type { Expr, Node } from '../expr.ts';
import * as o from '../ops/index.ts';
import { range } from '../shape.ts';

/**
 * A transpose without axes of size 1, and with axes that stay neighbours merged: `[N, C, H, W]` → `[N, H, W, C]` is `[N, C, HW]` → `[N, HW, C]`. Runtimes
 * have quick kernels for few axes. Nothing where no axis goes.
 */
export const mergedTranspose = (n: Node<'transpose'>, x: Expr): Expr | undefined => {
  const moved = n.attributes.permutation.filter((a) => x.shape[a] !== 1);
  const kept = range(x.shape.length).filter((a) => x.shape[a] !== 1);
  const runs: number[][] = [];
  for (const a of moved) {
    const run = runs[runs.length - 1];
    const before = run?.[run.length - 1];
    if (before !== undefined && kept.indexOf(a) === kept.indexOf(before) + 1) run.push(a);
    else runs.push([a]);
  }
  if (runs.length === x.shape.length) return undefined;
  const inPlace = [...runs].sort((a, b) => a[0] - b[0]);
  const size = (run: readonly number[]): number => run.reduce((s, a) => s * x.shape[a], 1);
  const y = o.transpose(o.reshape(x, inPlace.map(size)), runs.map((run) => inPlace.indexOf(run))); // biome-ignore format: one idea
  return o.reshape(y, n.shape);
};
