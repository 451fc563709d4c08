import { describe, expect, it } from 'vitest';
import { chainLayout, chainOf } from '../../src/report/graph-layout.ts';
import { type GraphRecord, graphOf } from '../../src/report/index.ts';
import { WIDE } from '../../src/report/theme.ts';
import { find, hasBadNumbers, words } from './helpers.ts';

const chain = (n: number, groups: GraphRecord['groups'] = []): GraphRecord => ({
  nodes: Array.from({ length: n }, (_, i) => ({ id: `n${i}`, label: `layer ${i}`, detail: 'MLP 2→64→64→2' })),
  edges: Array.from({ length: n - 1 }, (_, i) => ({ from: `n${i}`, to: `n${i + 1}` })),
  groups,
});
const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `n${from + i}`);

describe('graphOf', () => {
  it('draws a box for each node, an arrow for each edge and a frame for each group', () => {
    const svg = graphOf(chain(5, [{ label: '× 3', members: ids(1, 3) }]));
    expect(find(svg, '.node')).toHaveLength(5);
    expect(find(svg, '.arrow')).toHaveLength(4);
    expect(find(svg, '.group')).toHaveLength(1);
    expect(words(svg)).toContain('× 3');
  });

  it('finds the order of a chain whatever the order of its nodes', () => {
    const { nodes, edges } = chain(6);
    expect(chainOf({ nodes: [...nodes].reverse(), edges })?.map((n) => n.id)).toEqual(ids(0, 5));
    expect(chainOf({ nodes, edges: [...edges.slice(1), { from: 'n0', to: 'n2' }] })).toBeUndefined();
    expect(chainOf({ nodes, edges: edges.map((e) => ({ from: e.to, to: e.to })) })).toBeUndefined();
  });

  it('breaks long chains into rows that fit, with boxes apart and inside their frames', () => {
    const record = chain(40, [
      { label: 'outer', members: ids(4, 9) },
      { label: 'inner', members: ids(5, 6) },
      { label: 'long', members: ids(15, 30) },
    ]);
    const { boxes, width, frames } = chainLayout(record, record.nodes, WIDE);
    expect(width).toBeLessThanOrEqual(WIDE + 20);
    const all = [...boxes.values()];
    expect(new Set(all.map((b) => b.y)).size).toBeGreaterThan(5);
    for (const a of all)
      for (const b of all) if (a !== b && a.y === b.y) expect(a.x + a.width <= b.x || b.x + b.width <= a.x).toBe(true);
    const [outer] = frames.filter((f) => f.label === 'outer');
    const [inner] = frames.filter((f) => f.label === 'inner');
    expect(inner.x).toBeGreaterThan(outer.x);
    expect(inner.y).toBeGreaterThan(outer.y);
    expect(inner.y + inner.height).toBeLessThan(outer.y + outer.height);
    expect(frames.filter((f) => f.label.startsWith('long')).length).toBeGreaterThan(1);
  });

  it('lays other graphs out in columns, and stands unknown and looping edges', () => {
    const svg = graphOf({
      nodes: ['x', 'q', 'z', 'p'].map((id) => ({ id, label: id })),
      edges: [
        { from: 'x', to: 'q' },
        { from: 'q', to: 'z', label: 'sample' },
        { from: 'x', to: 'p' },
        { from: 'z', to: 'p' },
        { from: 'p', to: 'x' },
        { from: 'p', to: 'nobody' },
      ],
      groups: [{ label: 'encoder', members: ['q', 'z'] }],
    });
    expect(find(svg, '.node')).toHaveLength(4);
    expect(find(svg, '.arrow')).toHaveLength(5);
    expect(find(svg, '.group')).toHaveLength(1);
    expect(words(svg)).toContain('sample');
    expect(hasBadNumbers(svg)).toBe(false);
  });

  it('escapes labels, shortens long ones with the whole in a tooltip, and says a sentence for none', () => {
    const long = 'a very long name of a layer that nobody would want to read in a box';
    const svg = graphOf({
      nodes: [
        { id: '1', label: '<script>&"' },
        { id: '2', label: long },
      ],
      edges: [],
    });
    expect(svg).not.toContain('<script>');
    expect(words(svg)).toContain('<script>&"');
    expect(words(svg)).not.toContain(long);
    expect(find(svg, 'title').map((t) => t.textContent)).toContain(long);
    expect(words(graphOf({ nodes: [], edges: [] }))).toMatch(/no layers/);
  });
});
