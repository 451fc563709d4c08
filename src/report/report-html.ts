import { DOMParser } from 'linkedom';
import { STYLE } from './html-style.ts';
import { escapeXml } from './svg.ts';
import { WIDTH } from './theme.ts';

/** A run as a page: numbers, pictures, the declaration and the command that made them. All text is plain, never markup. */
export interface ReportRecord {
  readonly title: string;
  readonly subtitle: string;
  readonly facts: readonly { readonly label: string; readonly value: string; readonly hint?: string }[];
  /** `svg` is what one of the figures of this module returned. */
  readonly figures: readonly { readonly title: string; readonly caption: string; readonly svg: string }[];
  /** The declaration as JSON. */
  readonly spec: string;
  readonly command: string;
  readonly footer: string;
}

/** What of the DOM this file uses. */
interface ParsedElement {
  readonly tagName: string;
  readonly outerHTML: string;
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  querySelectorAll(selector: string): Iterable<ParsedElement>;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  remove(): void;
}

/** Elements that draw: other elements of an SVG are removed from a page. */
const DRAWING = new Set(
  'svg g defs title desc text tspan path rect circle ellipse line polyline polygon image clipPath mask marker symbol use linearGradient radialGradient stop pattern'.split(
    ' ',
  ),
);

const parseSvg = (svg: string): ParsedElement | undefined => {
  if (!/^\s*<svg[\s>]/.test(svg)) return undefined;
  const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml') as {
    readonly documentElement: ParsedElement | null;
  };
  return parsed.documentElement?.tagName === 'svg' ? parsed.documentElement : undefined;
};

/**
 * A figure's SVG, fit to stand in a page: nothing in it runs or loads, and its ids begin with `prefix`, so that the clip paths
 * of two figures are not taken for each other. `undefined` where it is no SVG.
 */
const embedded = (svg: string, prefix: string): { readonly markup: string; readonly width: number } | undefined => {
  const root = parseSvg(svg);
  if (root === undefined) return undefined;
  for (const e of [...root.querySelectorAll('*')]) if (!DRAWING.has(e.tagName)) e.remove();
  for (const e of [root, ...root.querySelectorAll('*')])
    for (const { name, value } of [...e.attributes]) {
      if (/^on/i.test(name)) e.removeAttribute(name);
      else if (/^(xlink:)?href$/i.test(name)) {
        if (value.startsWith('#')) e.setAttribute(name, `#${prefix}${value.slice(1)}`);
        else if (!value.startsWith('data:image/')) e.removeAttribute(name);
      } else if (name === 'id') e.setAttribute(name, prefix + value);
      else if (value.includes('url(#')) e.setAttribute(name, value.replaceAll('url(#', `url(#${prefix}`));
    }
  return { markup: root.outerHTML, width: Number(root.getAttribute('width')) || WIDTH };
};

const figure = (f: ReportRecord['figures'][number], i: number): string => {
  const drawn = embedded(f.svg, `f${i + 1}-`);
  const wide = (drawn?.width ?? 0) > WIDTH * 1.3;
  return `<figure${wide ? ' class="wide"' : ''}>
<h2>${escapeXml(f.title)}</h2>
<div class="picture">${drawn?.markup ?? '<p>This figure could not be drawn.</p>'}</div>
${f.caption === '' ? '' : `<figcaption>${escapeXml(f.caption)}</figcaption>\n`}</figure>`;
};

const fact = ({ label, value, hint }: ReportRecord['facts'][number]): string =>
  `<div class="fact"><dt>${escapeXml(label)}</dt><dd>${escapeXml(value)}${
    hint === undefined ? '' : `<small>${escapeXml(hint)}</small>`
  }</dd></div>`;

/** JSON with indentation; text that is not JSON is unchanged. */
const indented = (json: string): string => {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
};

/**
 * A report as one self-contained HTML page: no scripts, no requests, light or dark as the reader's system.
 *
 * @example
 * import { reportHtml } from 'pushforward/report';
 * const html = reportHtml({ title: 'Moons', subtitle: '', facts: [], figures: [], spec: '{}', command: '', footer: '' });
 */
export const reportHtml = (record: ReportRecord): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeXml(record.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escapeXml(record.title)}</h1>
${record.subtitle === '' ? '' : `<p>${escapeXml(record.subtitle)}</p>\n`}</header>
<main>
${record.facts.length === 0 ? '' : `<dl class="facts">\n${record.facts.map(fact).join('\n')}\n</dl>\n`}<div class="figures">
${record.figures.map(figure).join('\n')}
</div>
${record.command === '' ? '' : `<section class="command"><h2>Command</h2><pre><code>${escapeXml(record.command)}</code></pre></section>\n`}${
  record.spec === ''
    ? ''
    : `<details><summary>Declaration (JSON)</summary><pre><code>${escapeXml(indented(record.spec))}</code></pre></details>\n`
}</main>
<footer>${escapeXml(record.footer)}</footer>
</body>
</html>
`;
