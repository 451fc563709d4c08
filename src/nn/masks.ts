/** Masks of a perceptron whose outputs may read some inputs only: every unit is labelled with the inputs it depends on, and an edge is kept where it adds none. */
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { range } from '../core/shape.ts';
import type { Reads } from './dependence.ts';

/** Units by the inputs they depend on: a number of ranks, or a set of coordinates. */
interface Seen<U> {
  readonly inputs: readonly U[];
  readonly hidden: (n: number) => readonly U[];
  readonly outputs: readonly U[];
  readonly within: (a: U, b: U) => boolean;
}

/** Masks `[in, out]` of each layer, for hidden layers of some widths. */
export type Masks = (hidden: readonly number[]) => readonly Expr[];

const masksOf =
  <U>({ inputs, hidden, outputs, within }: Seen<U>): Masks =>
  (widths) => {
    const layers = [inputs, ...widths.map(hidden), outputs];
    return layers.slice(1).map((to, l) =>
      o.constant(
        layers[l].flatMap((a) => to.map((b) => (within(a, b) ? 1 : 0))),
        [layers[l].length, to.length],
      ),
    );
  };

/** Degrees (MADE, eq. 12–13): a unit of degree k has seen ranks below k. A context has degree 0, and hidden units of degree 0 carry it to the first. */
const byDegrees = ({ ranks, passes }: Reads, width: number, context: number): Masks => {
  const least = context > 0 ? 0 : 1;
  return masksOf({
    inputs: [...range(context).map(() => 0), ...ranks.map((r) => r + 1)],
    hidden: (n) => range(n).map((k) => (passes > 1 || least === 0 ? least + (k % Math.max(1, passes - least)) : 1)),
    outputs: range(width).flatMap(() => ranks),
    within: (a, b) => a <= b,
  });
};

type Row = readonly boolean[];

/** Sets: hidden units go round the distinct rows of the graph. */
const bySets = (rows: readonly Row[], width: number, context: number): Masks => {
  const d = rows.length;
  const size = (row: Row): number => row.filter((v) => v).length;
  const distinct = [...new Map(rows.map((row) => [row.join(), row] as const)).values()]
    .filter((row) => context > 0 || size(row) > 0)
    .sort((a, b) => size(a) - size(b));
  return masksOf({
    inputs: [
      ...range(context).map(() => range(d).map(() => false)),
      ...range(d).map((j) => range(d).map((i) => i === j)),
    ],
    hidden: (n) => range(n).map((k) => distinct[k % distinct.length]),
    outputs: range(width).flatMap(() => rows),
    within: (a, b) => a.every((v, i) => !v || b[i]),
  });
};

/** The masks for `width` parameters of each coordinate, which read coordinates as given by `reads`, and `context` more inputs, which come first. */
export const masks = (reads: Reads, width: number, context: number): Masks =>
  reads.rows === undefined ? byDegrees(reads, width, context) : bySets(reads.rows, width, context);
