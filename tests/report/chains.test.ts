/** Figures of Markov chains. */
import { describe, expect, test } from 'vitest';
import { generator, keyOf } from '../../src/core/prng.ts';
import { rankPlots, toPng, tracePlots } from '../../src/report/index.ts';
import { find, hasBadNumbers, wellFormed, words } from './helpers.ts';

const { normal } = generator(keyOf(1));
const draws = (chains: number, n: number, shift = 0): Float64Array[] =>
  Array.from({ length: chains }, (_, c) => Float64Array.from({ length: n }, () => normal() + (c === 0 ? shift : 0)));
const record = {
  quantities: [
    { name: '<mu>', draws: draws(4, 1000) },
    { name: 'tau', draws: draws(4, 1000, 2) },
  ],
  divergent: [[0, 1, 0, 1], [0], [0], [1]],
};

describe.each([
  ['tracePlots', tracePlots],
  ['rankPlots', rankPlots],
] as const)('%s', (_, figure) => {
  test('is a well-formed figure with a name for each number and each chain', () => {
    const svg = figure(record);
    wellFormed(svg);
    expect(hasBadNumbers(svg)).toBe(false);
    for (const word of ['<mu>', 'tau', 'chain 0', 'chain 3']) expect(words(svg)).toContain(word);
    expect(toPng(svg, { width: 640 }).length).toBeGreaterThan(1000);
  });
  test('says so where there is nothing, and where not everything is shown', () => {
    expect(words(figure({ quantities: [] }))).toContain('no draws');
    const many = { quantities: Array.from({ length: 12 }, (_, i) => ({ name: `x${i}`, draws: draws(10, 50) })) };
    expect(words(figure(many))).toMatch(/first 8 of 12 numbers/);
    expect(words(figure(many))).toMatch(/first 8 of 10 chains/);
  });
  test('refuses chains of other lengths', () => {
    const bad = { quantities: [...record.quantities, { name: 'odd', draws: draws(3, 7) }] };
    expect(() => figure(bad)).toThrow(/odd have other lengths/);
  });
});

test('traces are a line for each chain and a tick for each divergence', () => {
  const svg = tracePlots(record);
  expect(find(svg, '[aria-description="trace"] path')).toHaveLength(8);
  expect(find(svg, '[aria-description="divergent"] line')).toHaveLength(6);
  expect(words(svg)).toContain('3 divergent trajectories');
});

test('ranks of chains that agree stay near 1, a chain elsewhere leans', () => {
  const svg = rankPlots(record);
  expect(find(svg, '[aria-description="histogram"] path')).toHaveLength(8);
  expect(words(svg)).toMatch(/R-hat 1\.0/);
});
