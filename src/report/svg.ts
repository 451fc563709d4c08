import { FONT, HEIGHT, INK, px, SIZE, textWidth, WIDTH } from './theme.ts';

/** Attributes by name; absent ones are left out and numbers are rounded to hundredths. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Code points that XML 1.0 forbids even when escaped. */
const isForbidden = (c: string): boolean => {
  const p = c.codePointAt(0) ?? 0;
  return (p < 0x20 && p !== 9 && p !== 10 && p !== 13) || (p >= 0xd800 && p <= 0xdfff) || p === 0xfffe || p === 0xffff;
};

/** Text as XML or HTML, safe between tags and inside quotes; characters XML forbids become `�`. */
export const escapeXml = (s: string): string =>
  Array.from(s, (c) => (isForbidden(c) ? '\ufffd' : c))
    .join('')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

/** One element; children are markup already. */
export const element = (name: string, attributes: Attributes, ...children: readonly string[]): string => {
  const list = Object.entries(attributes)
    .filter(([, v]) => v !== undefined)
    .map(([k, v]) => ` ${k}="${typeof v === 'number' ? px(v) : escapeXml(String(v))}"`)
    .join('');
  const body = children.join('');
  return body === '' ? `<${name}${list}/>` : `<${name}${list}>${body}</${name}>`;
};

/** Subscript digits as lowered small ones: many fonts lack the characters, and another font's would stand out. */
const subscripts = (markup: string): string =>
  markup.replace(/([₀-₉]+)([^₀-₉]*)/g, (_, low: string, rest: string) => {
    const digits = Array.from(low, (c) => String.fromCodePoint((c.codePointAt(0) ?? 0) - 0x2080 + 48)).join('');
    return `<tspan dy="3" font-size="75%">${digits}</tspan>${rest === '' ? '' : `<tspan dy="-3">${rest}</tspan>`}`;
  });

/** A line of text whose baseline starts (or is anchored) at `x`, `y`. */
export const label = (x: number, y: number, content: string, attributes: Attributes = {}): string =>
  element(
    'text',
    { x, y, fill: 'currentColor', 'font-size': SIZE.text, 'text-anchor': 'start', ...attributes },
    subscripts(escapeXml(content)),
  );

/** Markup moved to `x`, `y`. */
export const at = (x: number, y: number, ...children: readonly string[]): string =>
  element('g', { transform: `translate(${px(x)},${px(y)})` }, ...children);

/** Numbers the clip paths of one drawing from 1, so that the same record always gives the same text. */
const renumberClips = (markup: string): string => {
  const seen = new Map<string, string>();
  return markup.replace(/\bplot-clip-\d+/g, (id) => {
    const known = seen.get(id) ?? `clip-${seen.size + 1}`;
    seen.set(id, known);
    return known;
  });
};

/** A whole figure: `title` is what a screen reader says. */
export const svgDocument = (width: number, height: number, title: string, ...children: readonly string[]): string =>
  renumberClips(
    element(
      'svg',
      {
        xmlns: 'http://www.w3.org/2000/svg',
        viewBox: `0 0 ${px(width)} ${px(height)}`,
        width,
        height,
        role: 'img',
        'aria-label': title,
        color: INK,
        fill: 'currentColor',
        'font-family': FONT,
        'font-size': SIZE.text,
      },
      ...children,
    ),
  );

/**
 * The figure for a case with nothing to draw: one sentence as an SVG.
 *
 * @example
 * import { sentenceFigure } from 'pushforward/report';
 * const svg = sentenceFigure('There are no samples to show.');
 */
export const sentenceFigure = (text: string, width: number = WIDTH, height: number = HEIGHT / 2): string =>
  svgDocument(
    width,
    height,
    text,
    element('rect', {
      x: 1,
      y: 1,
      width: width - 2,
      height: height - 2,
      rx: 8,
      fill: 'none',
      stroke: 'currentColor',
      'stroke-opacity': 0.25,
      'stroke-dasharray': '4 4',
    }),
    ...wrap(text, width - 80).map((line, i, all) =>
      label(width / 2, height / 2 + 4 + (i - (all.length - 1) / 2) * 18, line, {
        'text-anchor': 'middle',
        'font-size': SIZE.title,
        'fill-opacity': 0.7,
      }),
    ),
  );

/** Breaks a sentence between words into lines of about `width` pixels. */
const wrap = (text: string, width: number): string[] => {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const longer = lines.length === 0 ? word : `${lines[lines.length - 1]} ${word}`;
    if (lines.length > 0 && textWidth(longer, SIZE.title) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
};

/** A row of coloured marks with names, from `x` to the right. */
export const legend = (
  x: number,
  y: number,
  entries: readonly { readonly name: string; readonly colour: string; readonly mark: 'line' | 'dot' | 'box' }[],
): string => {
  let cursor = x;
  const items = entries.map(({ name, colour, mark }) => {
    const from = cursor;
    const room = mark === 'line' ? 20 : 12;
    cursor += room + 7 + textWidth(name, SIZE.text) + 18;
    const swatch =
      mark === 'line'
        ? element('line', { x1: from, x2: from + room, y1: y - 4, y2: y - 4, stroke: colour, 'stroke-width': 2.5 })
        : mark === 'dot'
          ? element('circle', { cx: from + 6, cy: y - 4, r: 4.5, fill: colour })
          : element('rect', { x: from, y: y - 10, width: 12, height: 12, rx: 2, fill: colour, 'fill-opacity': 0.75 });
    return swatch + label(from + room + 7, y, name);
  });
  return element('g', { class: 'legend' }, ...items);
};

/** Remarks under a figure, such as how many points lie outside it. */
export const notes = (x: number, y: number, sentences: readonly string[]): string =>
  sentences
    .filter((s) => s !== '')
    .map((s, i) => label(x, y + 15 * i, s, { 'font-size': SIZE.small, 'fill-opacity': 0.65, class: 'note' }))
    .join('');
