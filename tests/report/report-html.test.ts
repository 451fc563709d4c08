import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { lossCurve, type ReportRecord, reportHtml, showNumber, showShare } from '../../src/report/index.ts';
import { escapeXml } from '../../src/report/svg.ts';
import { type Found, wellFormed } from './helpers.ts';

const curve = lossCurve({
  series: [
    {
      name: 'train',
      points: [
        { step: 0, value: 1 },
        { step: 1, value: 2 },
      ],
    },
  ],
  unit: '',
});
const EVIL = '<script>alert("x")</script>&\'';
const record: ReportRecord = {
  title: EVIL,
  subtitle: EVIL,
  facts: [
    { label: EVIL, value: EVIL, hint: EVIL },
    { label: 'seed', value: '7' },
  ],
  figures: [
    { title: EVIL, caption: EVIL, svg: curve },
    { title: 'again', caption: '', svg: curve },
  ],
  spec: '{"name":"</pre><script>"}',
  command: `pushforward train ${EVIL}`,
  footer: EVIL,
};
const parse = (html: string, selector: string): Found[] => [
  ...(parseHTML(html).document.querySelectorAll(selector) as unknown as Iterable<Found>),
];

describe('reportHtml', () => {
  it('escapes everything and runs nothing', () => {
    const html = reportHtml(record);
    expect(parse(html, 'script')).toHaveLength(0);
    expect(html).not.toContain('<script');
    expect(parse(html, 'h1')[0].textContent).toBe(EVIL);
    expect(parse(html, '.fact small')[0].textContent).toBe(EVIL);
    expect(parse(html, 'meta[http-equiv]')[0].getAttribute('content')).toContain("default-src 'none'");
  });

  it('holds the facts, the figures and the declaration, and fetches nothing', () => {
    const html = reportHtml(record);
    expect(parse(html, '.fact')).toHaveLength(2);
    expect(parse(html, 'figure svg')).toHaveLength(2);
    expect(parse(html, 'details code')[0].textContent).toBe('{\n  "name": "</pre><script>"\n}');
    expect(html).toContain('prefers-color-scheme: dark');
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//);
  });

  it('gives every figure its own ids and keeps the case of SVG names', () => {
    const html = reportHtml(record);
    const ids = parse(html, '[id]').map((e) => e.getAttribute('id'));
    expect(ids.length).toBeGreaterThan(1);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(html).toContain(`url(#${id})`);
    expect(html).toContain('viewBox=');
    expect(html).toContain('<clipPath');
    for (const [svg] of html.matchAll(/<svg[\s\S]*?<\/svg>/g)) wellFormed(svg);
  });

  it('disarms a figure that is not one of ours', () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" onload="evil()"><script>evil()</script><SCRIPT>evil()</SCRIPT><style>evil</style><image href="https://example.com/x.png"/><a href="javascript:evil()"><rect/></a></svg>';
    const html = reportHtml({
      ...record,
      figures: [
        { title: 't', caption: '', svg },
        { title: 'u', caption: '', svg: 'no' },
      ],
    });
    expect(html).not.toMatch(/evil|example\.com/);
    expect(parse(html, 'figure')).toHaveLength(2);
    expect(html).toContain('This figure could not be drawn.');
  });

  it('leaves out the parts that are empty and keeps a declaration that is not JSON', () => {
    const bare = reportHtml({ ...record, facts: [], figures: [], spec: '', command: '' });
    expect(parse(bare, 'dl, details, .command')).toHaveLength(0);
    expect(parse(reportHtml({ ...record, spec: 'not {json' }), 'details code')[0].textContent).toBe('not {json');
  });
});

describe('text', () => {
  it('writes numbers and shares as a person would', () => {
    expect([0, 1.23456, -2, 1234567, 35344, 1e-5, NaN, -Infinity].map(showNumber)).toEqual([
      '0',
      '1.235',
      '−2',
      '1.23e6',
      '35,344',
      '1e−5',
      'NaN',
      '−∞',
    ]);
    expect([0, 0.0001, 0.393, 0.9999, 1].map(showShare)).toEqual(['0 %', '<0.1 %', '39.3 %', '>99.9 %', '100 %']);
  });

  it('escapes markup and drops what XML forbids', () => {
    expect(escapeXml('<a b="c">&\'\u0000\ud800')).toBe('&lt;a b=&quot;c&quot;&gt;&amp;&#39;��');
  });
});
