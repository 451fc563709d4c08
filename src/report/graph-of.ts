import { layeredLayout } from './graph-layered.ts';
import { chainLayout, chainOf, type GraphLayout, type GraphNode, type GraphRecord } from './graph-layout.ts';
import { element, escapeXml, label, sentenceFigure, svgDocument } from './svg.ts';
import { DATA, ellipsis, MODEL, px, SIZE, WIDE } from './theme.ts';

type Arrow = GraphLayout['arrows'][number];

/** A path through corner points, each corner rounded. */
const rounded = (points: Arrow['points'], radius = 9): string => {
  const parts = points.map(([x, y], i) => {
    if (i === 0) return `M${px(x)},${px(y)}`;
    const next = points[i + 1];
    if (next === undefined) return `L${px(x)},${px(y)}`;
    const [x0, y0] = points[i - 1];
    const towards = ([a, b]: readonly [number, number]): string => {
      const d = Math.hypot(a - x, b - y) || 1;
      const r = Math.min(radius, d / 2);
      return `${px(x + ((a - x) * r) / d)},${px(y + ((b - y) * r) / d)}`;
    };
    return `L${towards([x0, y0])}Q${px(x)},${px(y)} ${towards(next)}`;
  });
  return parts.join('');
};

const drawArrow = ({ points, label: name }: Arrow): string => {
  const [x, y] = points[points.length - 1];
  const [x0, y0] = points[points.length - 2];
  const d = Math.hypot(x - x0, y - y0) || 1;
  const [u, v] = [(x - x0) / d, (y - y0) / d];
  const body = [...points.slice(0, -1), [x - 6 * u, y - 6 * v] as const];
  return element(
    'g',
    { class: 'arrow' },
    element('path', {
      d: rounded(body),
      fill: 'none',
      stroke: 'currentColor',
      'stroke-opacity': 0.55,
      'stroke-width': 1.4,
    }),
    element('path', {
      d: `M${px(x)},${px(y)}L${px(x - 8 * u - 4 * v)},${px(y - 8 * v + 4 * u)}L${px(x - 8 * u + 4 * v)},${px(y - 8 * v - 4 * u)}Z`,
      fill: 'currentColor',
      'fill-opacity': 0.75,
    }),
    name === undefined
      ? ''
      : label(name.x, name.y, name.text, { 'text-anchor': 'middle', 'font-size': SIZE.small, 'fill-opacity': 0.7 }),
  );
};

const drawNode = (node: GraphNode, place: GraphLayout): string => {
  const box = place.boxes.get(node.id);
  if (box === undefined) return '';
  const middle = box.x + box.width / 2;
  const room = box.width - 16;
  const full = node.detail ? `${node.label} — ${node.detail}` : node.label;
  return element(
    'g',
    { class: 'node' },
    element('title', {}, escapeXml(full)),
    element('rect', {
      ...box,
      rx: 8,
      fill: DATA,
      'fill-opacity': 0.12,
      stroke: DATA,
      'stroke-opacity': 0.8,
      'stroke-width': 1.2,
    }),
    label(middle, box.y + box.height / 2 + (node.detail ? -3 : 4.5), ellipsis(node.label, SIZE.title * 1.06, room), {
      'text-anchor': 'middle',
      'font-size': SIZE.title,
      'font-weight': 600,
    }),
    node.detail
      ? label(middle, box.y + box.height / 2 + 14, ellipsis(node.detail, SIZE.small, room), {
          'text-anchor': 'middle',
          'font-size': SIZE.small,
          'fill-opacity': 0.75,
        })
      : '',
  );
};

const drawFrame = (frame: GraphLayout['frames'][number]): string =>
  element(
    'g',
    { class: 'group' },
    element('rect', {
      x: frame.x,
      y: frame.y,
      width: frame.width,
      height: frame.height,
      rx: 10,
      fill: 'currentColor',
      'fill-opacity': 0.035,
      stroke: MODEL,
      'stroke-opacity': 0.85,
      'stroke-dasharray': '5 4',
    }),
    label(frame.x + 10, frame.y + 16, ellipsis(frame.label, SIZE.text, frame.width - 20), {
      fill: MODEL,
      'font-weight': 600,
      'font-size': SIZE.text,
    }),
  );

/**
 * A composition as an SVG of boxes and arrows, from left to right. A chain is broken into rows, with a dashed frame around each repeated part; any other graph is
 * laid out in columns.
 *
 * @example
 * import { graphOf } from 'pushforward/report';
 * const svg = graphOf(describeGraph(dist));
 */
export const graphOf = (record: GraphRecord): string => {
  if (record.nodes.length === 0) return sentenceFigure('The composition has no layers to draw.', WIDE);
  const order = chainOf(record);
  const place = order === undefined ? layeredLayout(record) : chainLayout(record, order, WIDE);
  return svgDocument(
    Math.max(place.width, WIDE),
    place.height,
    'Composition',
    element(
      'g',
      { transform: `translate(${px(Math.max(0, (WIDE - place.width) / 2))},0)` },
      ...place.frames.map(drawFrame),
      ...place.arrows.map(drawArrow),
      ...record.nodes.map((n) => drawNode(n, place)),
    ),
  );
};
