/**
 * Colours, sizes and type shared by every figure.
 *
 * Text and axes are drawn in `currentColor`, so one SVG reads on a light and on a dark page; the two hues below are chosen to
 * stay apart on both, and for readers who do not tell red from green.
 */

/** Hue of observed data. */
export const DATA = '#3b78c3';

/** Hue of what a model made: samples, codes, its validation loss. */
export const MODEL = '#e07a2f';

/** Further hues, for class labels and further loss curves; the first two are {@link DATA} and {@link MODEL}. */
export const HUES: readonly string[] = [
  DATA,
  MODEL,
  '#2a9d7f',
  '#b0559e',
  '#c9a21b',
  '#6a5fc1',
  '#d1495b',
  '#5aa3b8',
  '#8a6d4f',
  '#7c8794',
];

/** Colour of text on white, where no page says otherwise. */
export const INK = '#1f2937';

/** Families in order of preference; the last ones are what a bare Linux machine has. */
export const FONT = "Inter, 'Helvetica Neue', Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

/** Width of every figure but the wide ones, in pixels. */
export const WIDTH = 640;

/** Height of a figure whose content does not set it. */
export const HEIGHT = 380;

/** Width of a figure that takes a whole row of the page. */
export const WIDE = 960;

/** Text sizes in pixels. */
export const SIZE = { small: 12, text: 13, title: 14 } as const;

/** Rounds a coordinate to what a screen can show. */
export const px = (n: number): number => Math.round(n * 100) / 100;

/** Rough width of a line of text in pixels: enough to reserve room for it, never to centre it. */
export const textWidth = (s: string, size: number): number => {
  let ems = 0;
  for (const c of s) {
    if (/[ijl.,:;|'!()[\]Itfr ]/.test(c)) ems += 0.34;
    else if (/[mwMW@%—…]/.test(c)) ems += 0.9;
    else if (/[A-Z]/.test(c)) ems += 0.7;
    else ems += (c.codePointAt(0) ?? 0) > 0x2e80 ? 1 : 0.57;
  }
  return ems * size;
};

/** `s`, or its beginning and an ellipsis where it is wider than `width` pixels. */
export const ellipsis = (s: string, size: number, width: number): string => {
  if (textWidth(s, size) <= width) return s;
  const chars = [...s];
  while (chars.length > 1 && textWidth(`${chars.join('')}…`, size) > width) chars.pop();
  return `${chars.join('').trimEnd()}…`;
};

/**
 * A number for people: four significant digits, a true minus sign, `k·10ⁿ` only when far from 1.
 *
 * @example
 * import { showNumber } from 'pushforward/report';
 * showNumber(-1.23456);   // '−1.235'
 */
export const showNumber = (x: number): string => {
  if (Number.isNaN(x)) return 'NaN';
  if (!Number.isFinite(x)) return x > 0 ? '∞' : '−∞';
  const a = Math.abs(x);
  const text =
    a !== 0 && (a < 1e-3 || a >= 1e6)
      ? x.toExponential(2).replace(/\.?0*e\+?/, 'e')
      : Number.isInteger(x)
        ? x.toLocaleString('en-US')
        : Number(x.toPrecision(a >= 1000 ? 5 : 4)).toLocaleString('en-US', { maximumFractionDigits: 6 });
  return text.replaceAll('-', '−');
};

/**
 * A share in [0, 1] as a percentage.
 *
 * @example
 * import { showShare } from 'pushforward/report';
 * showShare(0.123);   // '12.3 %'
 */
export const showShare = (p: number): string =>
  p > 0 && p < 0.001 ? '<0.1 %' : p < 1 && p > 0.999 ? '>99.9 %' : `${Number((100 * p).toFixed(1))} %`;
