/** A description for the terminal. */
import type { Passes } from '../algebra/cost.ts';
import { showShape } from '../core/shape.ts';
import type { Description, LayerDescription } from './describe.ts';

/** 1,234,567. */
export const showCount = (n: number): string => n.toLocaleString('en-US');

const showPasses = ({ how, passes, atMost }: Passes): string =>
  passes === 0 && how === 'parallel'
    ? 'free'
    : `${atMost === true ? '≤ ' : ''}${showCount(passes)} ${passes === 1 ? 'pass' : 'passes'}${how === 'parallel' ? '' : `, ${how}`}`;

const shapes = ({ data, latent }: LayerDescription): string =>
  showShape(data) === showShape(latent) ? showShape(data) : `${showShape(data)} → ${showShape(latent)}`;

const named = (name: string, detail: string): string => (detail === '' ? name : `${name}  ${detail}`);

type Row = readonly string[];

const cells = (label: string, l: LayerDescription): Row => [
  label,
  shapes(l),
  showCount(l.parameters),
  l.grade,
  showPasses(l.cost.encode),
  showPasses(l.cost.decode),
];

/** A layer and what is in it; `n ×` stands for a repetition, whose line counts all copies, and the lines below one. */
const rowsOf = (l: LayerDescription, head: string, indent: string): Row[] => {
  const [copy] = l.parts;
  if (l.times !== undefined)
    return [cells(`${head}${showCount(l.times)} × ${named(copy.name, copy.detail)}`, l), ...below(copy.parts, indent)];
  return [cells(`${head}${named(l.name, l.detail)}`, l), ...below(l.parts, indent)];
};

const below = (parts: readonly LayerDescription[], indent: string): Row[] =>
  parts.flatMap((p, i) => {
    const last = i === parts.length - 1;
    return rowsOf(p, `${indent}${last ? '└─ ' : '├─ '}`, `${indent}${last ? '   ' : '│  '}`);
  });

/** Rows as aligned columns; the third (numbers) to the right. */
const aligned = (rows: readonly Row[]): string => {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((r) => r[i].length)));
  return rows
    .map((r) =>
      r
        .map((cell, i) => (i === 2 ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

/**
 * A description as a tree with aligned columns, from the data to the base:
 *
 *     x [2] · log p(x) = (exact) · 35,344 parameters · encode 8 passes · decode 8 passes
 *
 *     layer                          shape  parameters  grade      encode    decode
 *     8 × compose                    [2]        35,344  bijective  8 passes  8 passes
 *     ├─ affineCoupling  mlp …       [2]         4,418  bijective  1 pass    1 pass
 *     └─ reverse                     [2]             0  bijective  free      free
 *     standardNormal                 [2]             0  exact
 *
 * @example
 * console.assert(describeText(describe(dist)).includes('parameters'));
 */
export const describeText = (d: Description): string => {
  const head = [
    `x ${showShape(d.shape)}`,
    `log p(x) ${d.sign} (${d.evidence}${d.computed === undefined ? '' : `, up to the error of ${d.computed}`})`,
    `${showCount(d.parameters)} parameters`,
    `encode ${showPasses(d.cost.encode)}`,
    `decode ${showPasses(d.cost.decode)}`,
  ].join(' · ');
  const { base } = d;
  return `${head}\n\n${aligned([
    ['layer', 'shape', 'parameters', 'grade', 'encode', 'decode'],
    ...d.layers.flatMap((l) => rowsOf(l, '', '')),
    [named(base.name, base.detail), showShape(base.shape), showCount(base.parameters), base.evidence, '', ''],
  ])}\n`;
};
