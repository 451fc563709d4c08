/** Every tableau keeps the order conditions that it claims, and not one more; a wrong one is refused. */
import { describe, expect, test } from 'vitest';
import { orderConditions, type Tableau, tableau, tableaux } from '../../src/dynamics/index.ts';

const all = Object.values(tableaux).map((t): [string, Tableau] => [t.name, t]);
const worst = (rows: Tableau['rows'], weights: readonly number[], order: number, at?: number): number =>
  orderConditions(rows, weights, order)
    .filter((c) => at === undefined || c.order === at)
    .reduce((m, c) => Math.max(m, Math.abs(c.found - c.expected)), 0);

describe('order conditions', () => {
  test('there are 1, 1, 2, 4, 9, 20 rooted trees of 1 … 6 nodes', () => {
    const found = orderConditions([[]], [1], 6);
    expect([1, 2, 3, 4, 5, 6].map((n) => found.filter((c) => c.order === n).length)).toEqual([1, 1, 2, 4, 9, 20]);
  });

  test('of order 3: Σ b c² = ⅓ and Σ b a c = ⅙', () => {
    const third = orderConditions([[]], [1], 3).filter((c) => c.order === 3);
    expect(third.map((c) => c.expected).sort()).toEqual([1 / 6, 1 / 3]);
  });

  test.each(all)('%s: to the order claimed', (_, t) => {
    expect(worst(t.rows, t.weights, t.order)).toBeLessThan(1e-12);
    expect(worst(t.rows, t.weights, t.order + 1, t.order + 1)).toBeGreaterThan(1e-5);
    t.nodes.forEach((c, i) => {
      expect(t.rows[i].reduce((a, b) => a + b, 0)).toBeCloseTo(c, 12);
    });
  });

  test.each(all.filter(([, t]) => t.embedded !== undefined))('%s: the embedded method, to its own', (_, t) => {
    const { error, order } = t.embedded!;
    const weights = t.weights.map((b, i) => b - error[i]);
    expect(worst(t.rows, weights, order)).toBeLessThan(1e-12);
    expect(worst(t.rows, weights, order + 1, order + 1)).toBeGreaterThan(1e-6);
  });
});

describe('a tableau of one’s own', () => {
  const ralston: Tableau = {
    name: 'ralston',
    nodes: [0, 2 / 3],
    rows: [[], [2 / 3]],
    weights: [1 / 4, 3 / 4],
    order: 2,
  };

  test('is refused where it does not keep what it claims', () => {
    expect(tableau(ralston)).toEqual(ralston);
    expect(() => tableau({ ...ralston, order: 3 })).toThrow(
      /the method is not of order 3: a condition of order 3 fails/,
    );
    expect(() => tableau({ ...ralston, weights: [1 / 2, 1 / 2] })).toThrow(/a condition of order 2 fails/);
    expect(() => tableau({ ...ralston, nodes: [0, 1 / 2] })).toThrow(/node 1 is not the sum of its row/);
    expect(() => tableau({ ...ralston, weights: [1] })).toThrow(/differ in length/);
    expect(() => tableau({ ...ralston, embedded: { error: [-3 / 4, 3 / 4], order: 2 } })).toThrow(
      /the embedded method/,
    );
  });
});
