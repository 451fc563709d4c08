import { SIZE, textWidth } from './theme.ts';

/** What to draw: boxes, arrows between them, and frames around repeated parts. */
export interface GraphRecord {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly groups?: readonly { readonly label: string; readonly members: readonly string[] }[];
}
export interface GraphNode {
  readonly id: string;
  readonly label: string;
  readonly detail?: string;
}
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly label?: string;
}

/** A rectangle by its top left corner. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where everything goes. Arrows are corner points, the last one at the head. */
export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  readonly boxes: ReadonlyMap<string, Box>;
  readonly arrows: readonly {
    readonly points: readonly (readonly [number, number])[];
    readonly label?: { readonly text: string; readonly x: number; readonly y: number };
  }[];
  readonly frames: readonly (Box & { readonly label: string })[];
}

/** Room a frame takes beyond what it encloses; the top holds its label. */
export const FRAME = { side: 11, top: 23, bottom: 11 } as const;

/** Clear space around a drawing. */
export const MARGIN = 20;

/** Room for the arrows between rows, at both ends of them. */
const TURN = 16;

/** The widest box; longer text is cut short. */
const WIDEST = 190;

/** Width and height of a node's box. */
export const boxSize = (node: GraphNode): { readonly width: number; readonly height: number } => ({
  width: Math.min(
    WIDEST,
    Math.max(72, textWidth(node.label, SIZE.title) * 1.06 + 24, textWidth(node.detail ?? '', SIZE.small) + 24),
  ),
  height: 50,
});

/** The nodes in order where they form one line, each with an arrow to the next; `undefined` otherwise. */
export const chainOf = (record: GraphRecord): readonly GraphNode[] | undefined => {
  if (record.edges.length !== record.nodes.length - 1) return undefined;
  const next = new Map(record.edges.map((e) => [e.from, e.to]));
  const targets = new Set(next.values());
  if (next.size !== record.edges.length || targets.size !== record.edges.length) return undefined;
  const byId = new Map(record.nodes.map((n) => [n.id, n]));
  const order: GraphNode[] = [];
  let id = record.nodes.find((n) => !targets.has(n.id))?.id;
  while (id !== undefined && order.length <= record.nodes.length) {
    const node = byId.get(id);
    if (node === undefined) return undefined;
    order.push(node);
    id = next.get(id);
  }
  return order.length === record.nodes.length ? order : undefined;
};

/** A stretch of a chain inside a frame; `level` counts the frames nested in it, 1 for none. */
interface Run {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly level: number;
}

const runsOf = (record: GraphRecord, order: readonly GraphNode[]): Run[] => {
  const position = new Map(order.map((n, i) => [n.id, i]));
  const stretches = (record.groups ?? []).flatMap((g) => {
    const at = [...new Set(g.members.flatMap((m) => position.get(m) ?? []))].sort((a, b) => a - b);
    return at.reduce<{ label: string; from: number; to: number }[]>((runs, i) => {
      const last = runs.at(-1);
      if (last !== undefined && last.to === i - 1) last.to = i;
      else runs.push({ label: g.label, from: i, to: i });
      return runs;
    }, []);
  });
  const inside = (a: number, b: number): boolean => {
    const [p, q] = [stretches[a], stretches[b]];
    const same = p.from === q.from && p.to === q.to;
    return same ? a > b : q.from <= p.from && p.to <= q.to;
  };
  const level = (b: number): number =>
    1 + Math.max(0, ...stretches.map((_, a) => (a !== b && inside(a, b) ? level(a) : 0)));
  return stretches.map((s, i) => ({ ...s, level: level(i) }));
};

/** A chain from left to right, in rows like a text; a repeated part that fits in a row is not broken. */
export const chainLayout = (record: GraphRecord, order: readonly GraphNode[], widest: number): GraphLayout => {
  const runs = runsOf(record, order);
  const sizes = order.map(boxSize);
  const labels = order.map((n) => record.edges.find((e) => e.from === n.id)?.label);
  const gap = (i: number): number => Math.max(30, labels[i] === undefined ? 0 : textWidth(labels[i], SIZE.small) + 18);
  const most = (keep: (r: Run) => boolean): number => Math.max(0, ...runs.filter(keep).map((r) => r.level));
  const opening = (i: number): number => FRAME.side * most((r) => r.from === i);
  const closing = (i: number): number => FRAME.side * most((r) => r.to === i);
  const room = widest - 2 * MARGIN - TURN;
  const widthOf = (from: number, to: number): number => {
    let w = 0;
    for (let i = from; i <= to; i++) w += opening(i) + sizes[i].width + closing(i) + (i < to ? gap(i) : 0);
    return w;
  };

  const rows: { from: number; to: number }[] = [];
  for (let i = 0; i < order.length; i++) {
    const row = rows.at(-1);
    const outermost = runs.filter((r) => r.from === i).sort((a, b) => b.level - a.level)[0];
    const atom = outermost === undefined ? i : outermost.to;
    const far = row === undefined ? 0 : widthOf(row.from, i);
    const cut = row !== undefined && atom > i && widthOf(row.from, atom) > room;
    const breaks = row === undefined || far > room || (cut && (widthOf(i, atom) <= room || far > room / 2));
    if (breaks) rows.push({ from: i, to: i });
    else row.to = i;
  }

  const boxes = new Map<string, Box>();
  const frames: (Box & { label: string })[] = [];
  const rowTops: number[] = [];
  let y = MARGIN;
  let width = 0;
  for (const row of rows) {
    const cover = (r: Run): boolean => r.from <= row.to && r.to >= row.from;
    const level = most(cover);
    rowTops.push(y);
    const boxY = y + level * FRAME.top;
    const height = Math.max(...sizes.slice(row.from, row.to + 1).map((s) => s.height));
    let x = MARGIN + TURN + FRAME.side * most((r) => cover(r) && r.from < row.from);
    for (let i = row.from; i <= row.to; i++) {
      x += opening(i);
      boxes.set(order[i].id, { x, y: boxY, width: sizes[i].width, height });
      x += sizes[i].width + closing(i) + (i < row.to ? gap(i) : 0);
    }
    width = Math.max(width, x + FRAME.side * most((r) => cover(r) && r.to > row.to));
    for (const r of runs.filter(cover).sort((a, b) => b.level - a.level)) {
      const first = boxes.get(order[Math.max(r.from, row.from)].id) as Box;
      const last = boxes.get(order[Math.min(r.to, row.to)].id) as Box;
      frames.push({
        label: r.from < row.from ? `${r.label} (continued)` : r.label,
        x: first.x - r.level * FRAME.side,
        y: boxY - r.level * FRAME.top,
        width: last.x + last.width - first.x + 2 * r.level * FRAME.side,
        height: height + r.level * (FRAME.top + FRAME.bottom),
      });
    }
    y = boxY + height + level * FRAME.bottom + 34;
  }

  const arrows = order.slice(0, -1).map((node, i) => {
    const a = boxes.get(node.id) as Box;
    const b = boxes.get(order[i + 1].id) as Box;
    const text = labels[i];
    const [ya, yb] = [a.y + a.height / 2, b.y + b.height / 2];
    const straight = rows.some((r) => r.from <= i && i + 1 <= r.to);
    if (straight) {
      const [x1, x2] = [a.x + a.width, b.x - 2];
      const middle = (x1 + closing(i) + x2 - opening(i + 1)) / 2;
      return {
        points: [[x1, ya] as const, [x2, yb] as const],
        ...(text ? { label: { text, x: middle, y: ya - 7 } } : {}),
      };
    }
    const turn = rowTops[rows.findIndex((r) => r.from === i + 1)] - 17;
    const right = Math.max(
      a.x + a.width + TURN,
      ...frames.filter((f) => f.y < ya && ya < f.y + f.height).map((f) => f.x + f.width + TURN / 2),
    );
    return {
      points: [
        [a.x + a.width, ya] as const,
        [right, ya] as const,
        [right, turn] as const,
        [MARGIN, turn] as const,
        [MARGIN, yb] as const,
        [b.x - 2, yb] as const,
      ],
      ...(text ? { label: { text, x: right - textWidth(text, SIZE.small) / 2 - 12, y: turn - 6 } } : {}),
    };
  });
  const right = Math.max(width, ...arrows.flatMap((a) => a.points.map(([x]) => x)));
  return { width: right + MARGIN, height: y - 34 + MARGIN, boxes, arrows, frames };
};
