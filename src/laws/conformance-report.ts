/** The conformance table as text: primitives down, backends and kinds across. */
import type { Row } from './conformance.ts';
import { type Kind, kinds } from './conformance-kinds.ts';

/** What one backend answered. */
export interface BackendRows {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly seconds: number;
}

const headings: Readonly<Record<Kind, string>> = {
  value: 'val',
  vjp: 'vjp',
  jvp: 'jvp',
  second: '2nd',
  mixed: 'mix',
  vmap: 'map',
};

const shown = (error: number): string => (Number.isFinite(error) ? error.toExponential(0).replace('e-', 'e−') : '∞');

/** A tick where every case passes, the worst error where one does not, a dot where the question does not arise. */
const cell = (rows: readonly Row[]): string => {
  if (rows.length === 0) return '·';
  const failed = rows.filter((r) => !r.pass);
  return failed.length === 0 ? '✓' : shown(Math.max(...failed.map((r) => r.error)));
};

const worstOf = (rows: readonly Row[]): Row | undefined =>
  rows.filter((r) => Number.isFinite(r.error)).reduce<Row | undefined>((a, r) => (a === undefined || r.error > a.error ? r : a), undefined); // biome-ignore format: one idea

/**
 * The results of one backend in a line: how many comparisons pass, the largest finite error, the seconds taken.
 *
 * @example
 * conformanceCounts({ name: 'mine', rows: [], seconds: 1 });   // 'mine: 0 of 0 pass, 1.0 s'
 */
export const conformanceCounts = ({ name, rows, seconds }: BackendRows): string => {
  const worst = worstOf(rows);
  const where = worst === undefined ? '' : `, worst ${shown(worst.error)} (${worst.op}/${worst.case}, ${worst.kind})`;
  return `${name}: ${rows.filter((r) => r.pass).length} of ${rows.length} pass${where}, ${seconds.toFixed(1)} s`;
};

/**
 * The results of several backends as text: a table, each failure in full, and a line for each backend.
 *
 * @example
 * conformanceReport([{ name: 'mine', rows: [], seconds: 1 }]);
 */
export const conformanceReport = (backends: readonly BackendRows[]): string => {
  const ops = [...new Set(backends.flatMap((b) => b.rows.map((r) => r.op)))];
  const columns = backends.map((b) => {
    const cells = ops.map((op) => kinds.map((k) => cell(b.rows.filter((r) => r.op === op && r.kind === k))));
    const widths = kinds.map((k, i) => Math.max(headings[k].length, ...cells.map((c) => c[i].length)));
    const line = (c: readonly string[]): string => c.map((s, i) => s.padStart(widths[i])).join(' ');
    return { title: b.name, head: line(kinds.map((k) => headings[k])), lines: cells.map(line) };
  });
  const left = Math.max(9, ...ops.map((op) => op.length));
  const join = (first: string, rest: readonly string[]): string => [first.padEnd(left), ...rest].join('  │ ').trimEnd();
  const failures = backends.flatMap(
    (b) =>
    b.rows
      .filter((r) => !r.pass)
      .map((r) => `✗ ${b.name}: ${r.op}/${r.case}, ${r.kind}: ${r.note ?? `error ${shown(r.error)} > ${shown(r.tolerance)}`}`), // biome-ignore format: one idea
  );
  return [
    join('', columns.map((c) => c.title.padEnd(c.head.length))), // biome-ignore format: one idea
    join('primitive', columns.map((c) => c.head)), // biome-ignore format: one idea
    ...ops.map((op, i) => join(op, columns.map((c) => c.lines[i]))), // biome-ignore format: one idea
    ...(failures.length === 0 ? [] : ['', ...failures]),
    '',
    ...backends.map(conformanceCounts),
  ].join('\n');
};
