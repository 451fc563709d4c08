import { parseHTML } from 'linkedom';

/** An element of a parsed figure, as far as the tests look. */
export interface Found {
  readonly tagName: string;
  readonly textContent: string;
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): Iterable<Found>;
}

/**
 * Checks that markup is well-formed XML (every tag closed in order, attributes quoted and not repeated, no bare `<` or `&`)
 * and returns the names of its tags. Strict, unlike an HTML parser, which forgives.
 */
export const wellFormed = (xml: string): string[] => {
  const names: string[] = [];
  const open: string[] = [];
  const text = (s: string): void => {
    if (/<|&(?!(amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);)/i.test(s))
      throw new Error(`bare character in ${s.slice(0, 60)}`);
  };
  let last = 0;
  for (const m of xml.matchAll(/<(\/?)([\w:-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g)) {
    text(xml.slice(last, m.index));
    last = m.index + m[0].length;
    const attributes = [...m[3].matchAll(/([\w:-]+)="([^"]*)"/g)];
    if (new Set(attributes.map((a) => a[1])).size !== attributes.length)
      throw new Error(`repeated attribute in ${m[0]}`);
    for (const a of attributes) text(a[2]);
    if (m[1] === '/') {
      if (open.pop() !== m[2]) throw new Error(`</${m[2]}> closes something else`);
    } else {
      names.push(m[2]);
      if (m[4] === '') open.push(m[2]);
    }
  }
  text(xml.slice(last));
  if (open.length > 0) throw new Error(`not closed: ${open.join(' ')}`);
  return names;
};

/** Elements of a well-formed figure that match a selector. */
export const find = (svg: string, selector: string): Found[] => {
  wellFormed(svg);
  const { document } = parseHTML(`<!doctype html><html><body>${svg}</body></html>`);
  return [...(document.querySelectorAll(selector) as unknown as Iterable<Found>)];
};

/** All the text of a figure. */
export const words = (svg: string): string =>
  find(svg, 'text')
    .map((t) => t.textContent)
    .join(' | ');

/** Repeatable standard normal numbers. */
export const normals = (n: number, seed = 1): Float32Array => {
  let s = seed;
  const uniform = (): number => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return (s + 0.5) / 2 ** 32;
  };
  return Float32Array.from(
    { length: n },
    () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
};

/** No coordinate of a drawing may be `NaN` or infinite. */
export const hasBadNumbers = (svg: string): boolean =>
  /(?:="|[\s,(])(?:NaN|-?Infinity)/.test(svg.replace(/href="[^"]*"/g, '').replace(/>[^<]*</g, '><'));
