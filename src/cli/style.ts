/** How the CLI writes: colours, tables, durations. */
import { stripVTControlCharacters } from 'node:util';

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

/** Text in a colour, or as it is. */
export const paint = (on: boolean, look: keyof typeof codes, text: string): string =>
  on ? `\u001b[${codes[look][0]}m${text}\u001b[${codes[look][1]}m` : text;

/** Characters of a line, without colours. */
const length = (text: string): number => [...stripVTControlCharacters(text)].length;

const padded = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - length(text)));

/** Rows as aligned columns, two spaces apart; the last column is not padded. */
export const columns = (rows: readonly (readonly string[])[], indent = 0): string => {
  const widths = (rows[0] ?? []).map((_, j) => Math.max(...rows.map((r) => length(r[j]))));
  return rows
    .map((r) => `${' '.repeat(indent)}${r.map((c, j) => (j === r.length - 1 ? c : padded(c, widths[j]))).join('  ')}\n`)
    .join('');
};

/** Text broken into lines of at most `width` characters, each after the first indented. */
export const wrapped = (text: string, width: number, indent = 0): string => {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const longer = lines.length === 0 ? word : `${lines[lines.length - 1]} ${word}`;
    if (lines.length > 0 && length(longer) <= width - indent) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join(`\n${' '.repeat(indent)}`);
};

/** `850 ms`, `12.3 s`, `4 min 05 s`, `2 h 10 min`. */
export const duration = (seconds: number): string => {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const s = Math.round(seconds);
  return s < 3600
    ? `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, '0')} s`
    : `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, '0')} min`;
};

/** `12 kB`, `3.4 MB`. */
export const bytes = (n: number): string =>
  n < 1000 ? `${n} B` : n < 1e6 ? `${(n / 1e3).toFixed(1)} kB` : `${(n / 1e6).toFixed(1)} MB`;

/** `12,345`. */
export const count = (n: number): string => n.toLocaleString('en-US');

/** A speed with three digits. */
export const speed = (perSecond: number): string =>
  !Number.isFinite(perSecond) ? '–' : perSecond >= 100 ? count(Math.round(perSecond)) : perSecond.toPrecision(3);

/** Time to go, in whole seconds: more would be pretended. */
export const remaining = (seconds: number): string =>
  seconds < 59.5 ? `${Math.max(1, Math.round(seconds))} s` : duration(seconds);
