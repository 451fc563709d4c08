import { Graph, layout } from '@dagrejs/dagre';
import { boxSize, FRAME, type GraphLayout, type GraphRecord, MARGIN } from './graph-layout.ts';
import { SIZE, textWidth } from './theme.ts';

/** What this file uses of dagre, whose own declarations do not resolve under Node's rules. */
interface DagreGraph {
  setGraph(options: object): void;
  setDefaultEdgeLabel(make: () => object): void;
  setNode(id: string, value: object): void;
  setParent(id: string, parent: string): void;
  setEdge(from: string, to: string, value: object, name?: string): void;
  node(id: string): { x: number; y: number; width: number; height: number };
  edge(from: string, to: string, name?: string): { points: { x: number; y: number }[]; x?: number; y?: number };
}

/** The smallest group around every node, and around every group that lies in another. */
const parentsOf = (record: GraphRecord): (readonly [string, string])[] => {
  const groups = (record.groups ?? [])
    .map((g, i) => ({ id: `⟨group⟩ ${i}`, members: new Set(g.members) }))
    .sort((a, b) => a.members.size - b.members.size);
  const around = (members: ReadonlySet<string>, from: number): string | undefined =>
    groups.slice(from).find((g) => [...members].every((m) => g.members.has(m)))?.id;
  return [
    ...record.nodes.map((n) => [n.id, around(new Set([n.id]), 0)] as const),
    ...groups.map((g, i) => [g.id, around(g.members, i + 1)] as const),
  ].flatMap(([id, parent]) => (parent === undefined ? [] : [[id, parent] as const]));
};

/** Any other graph, laid out in columns by dagre. */
export const layeredLayout = (record: GraphRecord): GraphLayout => {
  const make = Graph as new (options: object) => DagreGraph;
  const g = new make({ multigraph: true, compound: true });
  const framed = (record.groups ?? []).length > 0;
  g.setGraph({ rankdir: 'LR', nodesep: framed ? 44 : 24, ranksep: 46 });
  for (const n of record.nodes) g.setNode(n.id, { ...boxSize(n) });
  for (const [id, parent] of parentsOf(record)) {
    g.setNode(parent, {});
    g.setParent(id, parent);
  }
  const known = new Set(record.nodes.map((n) => n.id));
  const edges = record.edges.filter((e) => known.has(e.from) && known.has(e.to));
  edges.forEach((e, i) => {
    g.setEdge(
      e.from,
      e.to,
      e.label ? { width: textWidth(e.label, SIZE.small), height: 16, labelpos: 'c' } : {},
      String(i),
    );
  });
  layout(g);
  const boxes = new Map(
    record.nodes.map((n) => {
      const { x, y, width, height } = g.node(n.id);
      return [n.id, { x: x - width / 2, y: y - height / 2, width, height }];
    }),
  );
  const frames = (record.groups ?? []).flatMap((group) => {
    const inner = group.members.flatMap((m) => boxes.get(m) ?? []);
    if (inner.length === 0) return [];
    const x = Math.min(...inner.map((b) => b.x)) - FRAME.side;
    const y = Math.min(...inner.map((b) => b.y)) - FRAME.top;
    return [
      {
        label: group.label,
        x,
        y,
        width: Math.max(...inner.map((b) => b.x + b.width)) + FRAME.side - x,
        height: Math.max(...inner.map((b) => b.y + b.height)) + FRAME.bottom - y,
      },
    ];
  });
  const arrows = edges.map((e, i) => {
    const { points, x, y } = g.edge(e.from, e.to, String(i));
    return {
      points: points.map((p) => [p.x, p.y] as const),
      ...(e.label && x !== undefined && y !== undefined ? { label: { text: e.label, x, y: y - 6 } } : {}),
    };
  });
  return cropped({ width: 0, height: 0, boxes, arrows, frames });
};

/** A layout moved to the margins and made as large as what it holds. */
const cropped = (l: GraphLayout): GraphLayout => {
  const boxes = [...l.boxes.values(), ...l.frames];
  const corners = l.arrows.flatMap((a) => a.points);
  const dx = MARGIN - Math.min(...boxes.map((b) => b.x), ...corners.map(([x]) => x));
  const dy = MARGIN - Math.min(...boxes.map((b) => b.y), ...corners.map(([, y]) => y));
  const moved = <B extends { readonly x: number; readonly y: number }>(b: B): B => ({ ...b, x: b.x + dx, y: b.y + dy });
  return {
    width: Math.max(...boxes.map((b) => b.x + b.width), ...corners.map(([x]) => x)) + dx + MARGIN,
    height: Math.max(...boxes.map((b) => b.y + b.height), ...corners.map(([, y]) => y)) + dy + MARGIN,
    boxes: new Map([...l.boxes].map(([id, b]) => [id, moved(b)])),
    arrows: l.arrows.map((a) => ({
      points: a.points.map(([x, y]) => [x + dx, y + dy] as const),
      ...(a.label === undefined ? {} : { label: moved(a.label) }),
    })),
    frames: l.frames.map(moved),
  };
};
