/** Optimal transport between two sides of equally many points: the assignment of least cost, exactly. */
import { raise } from '../../core/errors.ts';
import { sameShape, showShape, sizeOf } from '../../core/shape.ts';
import type { Coupling } from './coupled.ts';

/** An assignment with the certificate that none costs less. */
export interface Assignment {
  /** the column of each row */
  readonly columns: Int32Array;
  /** potentials: `u[i] + v[j] ≤ cost[i, j]`, with equality where i goes to j, so that the least cost is `Σ u + Σ v` */
  readonly u: Float64Array;
  readonly v: Float64Array;
}

/**
 * The permutation σ of least `Σᵢ cost[i, σ(i)]` for costs `[n, n]`, row-major: rows are assigned one after the other,
 * each along the shortest augmenting path under reduced costs `c − u − v` (Jonker and Volgenant 1987; Crouse 2016).
 * O(n³) at worst, usually far less. Throws `ShapeError` unless there are n² costs, `DataError` where one is not finite.
 *
 * @example
 * const { columns } = minimalAssignment([4, 1, 2, 0], 2);   // 1, 0: cost 1 + 2
 */
export const minimalAssignment = (cost: ArrayLike<number>, n: number): Assignment => {
  if (cost.length !== n * n)
    raise('ShapeError', 'assignment', 'the costs are not a square', { expected: `${n * n}`, got: `${cost.length}` });
  for (let k = 0; k < n * n; k++)
    if (!Number.isFinite(cost[k])) raise('DataError', 'assignment', 'a cost is not finite', { got: `${cost[k]}` });
  const [u, v] = [new Float64Array(n), new Float64Array(n)];
  const columns = new Int32Array(n).fill(-1);
  const rows = new Int32Array(n).fill(-1);
  reduce(cost, n, { columns, rows, u, v });
  const distance = new Float64Array(n);
  const from = new Int32Array(n);
  const open = new Int32Array(n);
  for (let start = 0; start < n; start++) {
    if (columns[start] >= 0) continue;
    distance.fill(Infinity);
    for (let j = 0; j < n; j++) open[j] = j;
    // columns open[left …] are reached, those before not yet
    let left = n;
    let row = start;
    let length = 0;
    let sink = -1;
    while (sink < 0) {
      const base = length - u[row];
      const at = row * n;
      let nearest = 0;
      let least = Infinity;
      for (let k = 0; k < left; k++) {
        const j = open[k];
        const through = base + cost[at + j] - v[j];
        let d = distance[j];
        if (through < d) {
          d = through;
          distance[j] = d;
          from[j] = row;
        }
        if (d < least || (d === least && rows[j] < 0)) {
          least = d;
          nearest = k;
        }
      }
      const j = open[nearest];
      length = least;
      open[nearest] = open[--left];
      open[left] = j;
      if (rows[j] < 0) sink = j;
      else row = rows[j];
    }
    u[start] += length;
    for (let k = left; k < n; k++) {
      const j = open[k];
      if (rows[j] >= 0) u[rows[j]] += length - distance[j];
      v[j] -= length - distance[j];
    }
    for (let j = sink, i = -1; i !== start; ) {
      i = from[j];
      rows[j] = i;
      const next = columns[i];
      columns[i] = j;
      j = next;
    }
  }
  return { columns, u, v };
};

/** An assignment on its way: -1 for rows and columns that are still free. */
interface Begun extends Assignment {
  readonly rows: Int32Array;
}

/**
 * The starting point: potentials are the minimum of each column, then of each row; then rows one after another take their cheapest
 * column, whose potential falls to where the row's second cheapest would be as good, and who loses it may try again
 * (the reductions of Jonker and Volgenant, twice over the rows that are free).
 */
const reduce = (cost: ArrayLike<number>, n: number, { columns, rows, u, v }: Begun): void => {
  for (let j = 0; j < n; j++) {
    v[j] = Infinity;
    for (let i = 0; i < n; i++) v[j] = Math.min(v[j], cost[i * n + j]);
  }
  for (let pass = 0, free = Array.from(columns.keys()); pass < 3 && free.length > 0; pass++) {
    const losers: number[] = [];
    for (const i of free) {
      let least = Infinity;
      let second = Infinity;
      let j = 0;
      for (let k = 0; k < n; k++) {
        const c = cost[i * n + k] - v[k];
        if (c < least) {
          second = least;
          least = c;
          j = k;
        } else if (c < second) second = c;
      }
      if (n > 1) v[j] -= second - least;
      const loser = rows[j];
      if (loser >= 0) {
        columns[loser] = -1;
        losers.push(loser);
      }
      rows[j] = i;
      columns[i] = j;
    }
    free = losers;
  }
  for (let i = 0; i < n; i++) {
    u[i] = Infinity;
    for (let k = 0; k < n; k++) u[i] = Math.min(u[i], cost[i * n + k] - v[k]);
  }
};

/** Larger batches would take longer to couple than to train on. */
const LARGEST = 512;

/** What it costs to couple two parts, each given by its elements. */
export type PairCost = (a: Float32Array, b: Float32Array) => number;

/** `|a − b|²`. */
const squaredDistance: PairCost = (a, b) => {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] - b[k]) ** 2;
  return sum;
};

/**
 * The coupling of least total cost, exactly ({@link minimalAssignment}); the cost is the squared Euclidean distance where
 * none is given. At most 512 pairs; in the plane 256 take about 20 ms of processor time and 512 about 150. A batch throws
 * `ArgumentError` where it is larger, `ShapeError` where parts of two shapes are to be subtracted, `DataError` where a
 * cost is not finite.
 *
 * @example
 * const city = assignment((a, b) => a.reduce((sum, x, k) => sum + Math.abs(x - b[k]), 0));
 * const pairs = coupled(paired(drawn(twoMoons()), drawn(circles())), city);
 */
export const assignment = (cost?: PairCost): Coupling => ({
  name: cost === undefined ? 'optimal transport' : 'optimal transport under a cost of its own',
  of: ({ size, shapes: [a, b], first, second }) => {
    if (size > LARGEST)
      raise('ArgumentError', 'assignment', 'too many pairs to couple at once', {
        expected: `at most ${LARGEST}`,
        got: `${size}`,
      });
    if (cost === undefined && !sameShape(a, b))
      raise('ShapeError', 'assignment', 'parts of two shapes have no distance; give a cost', {
        expected: showShape(a),
        got: showShape(b),
      });
    const at = cost ?? squaredDistance;
    const [wa, wb] = [sizeOf(a), sizeOf(b)];
    const rights = Array.from({ length: size }, (_, j) => second.subarray(j * wb, (j + 1) * wb));
    const costs = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      const left = first.subarray(i * wa, (i + 1) * wa);
      for (let j = 0; j < size; j++) costs[i * size + j] = at(left, rights[j]);
    }
    return minimalAssignment(costs, size).columns;
  },
});
