/** Pairs of context and event: what conditional distributions are trained on. */
import { raise } from '../../core/errors.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { type Dataset, fromSource, readRows } from '../dataset.ts';
import { type Source, source } from '../source.ts';
import { besides } from './parts.ts';

/** A data set, or several of the same rows under names. */
export type Contexts<D> = D | { readonly [name: string]: Contexts<D> };

const isDataset = (d: Contexts<Dataset>): d is Dataset => 'values' in d && typeof d.size === 'number';
const isSource = (d: Contexts<Source> | Contexts<Dataset>): d is Source =>
  'batch' in d && typeof d.batch === 'function';

const datasetsOf = (d: Contexts<Dataset>): readonly Dataset[] =>
  isDataset(d) ? [d] : Object.values(d).flatMap((inner) => datasetsOf(inner as Contexts<Dataset>));
const sourcesOf = (d: Contexts<Source>): readonly Source[] =>
  isSource(d) ? [d] : Object.values(d).flatMap((inner) => sourcesOf(inner as Contexts<Source>));

const holdsSource = (d: Contexts<Source> | Contexts<Dataset>): boolean =>
  isSource(d) ||
  (!isDataset(d as Contexts<Dataset>) && Object.values(d).some((v) => holdsSource(v as Contexts<Source>)));

/**
 * The classes of rows as one-hot vectors `[K]`: a data set of contexts. Throws `DataError` where there are no labels, or a label is not a class.
 *
 * @example
 * const sides = fromRows('sides', Float32Array.of(-1, 1), [1], { labels: Int32Array.of(0, 1) });
 * pairs(labelsOf(sides, 2), sides);   // rows (x, one-hot class)
 */
export const labelsOf = (data: Dataset, classes: number): Dataset => {
  const { labels } = data;
  if (labels === undefined) return raise('DataError', data.name, 'there are no labels: one class a row is needed');
  const bad = labels.findIndex((l) => l < 0 || l >= classes);
  if (bad >= 0)
    return raise('DataError', data.name, `row ${bad}: not a class`, { expected: `0 … ${classes - 1}`, got: `${labels[bad]}` }); // biome-ignore format: one sentence
  const read = (indices: ArrayLike<number>, out: Float32Array): void => {
    out.fill(0, 0, indices.length * classes);
    for (let i = 0; i < indices.length; i++) out[i * classes + labels[indices[i]]] = 1;
  };
  return fromSource(`classes of ${data.name}`, { length: data.size, read }, [classes], {}, true);
};

const beside = (name: string, all: readonly Dataset[]): Dataset & { readonly parts: readonly Shape[] } => {
  const [{ size }] = all;
  const other = all.find((d) => d.size !== size);
  if (other !== undefined)
    return raise('DataError', name, 'contexts and events are rows of equal number', { expected: `${size}`, got: `${other.size}` }); // biome-ignore format: one sentence
  const read = (indices: ArrayLike<number>, out: Float32Array): void =>
    out.set(all.map((d) => readRows(d, indices)).reduce((a, b) => besides(a, b, indices.length)));
  const parts = all.map((d) => d.shape);
  const width = parts.reduce((n, s) => n + sizeOf(s), 0);
  return { ...fromSource(name, { length: size, read }, [width], {}, true), parts };
};

const together = (name: string, all: readonly Source[]): Source<readonly [number]> & { readonly parts: readonly Shape[] } => {
  const parts = all.map((s) => s.shape);
  const padded = all.find((s) => s.weighted || s.slots !== undefined);
  if (padded !== undefined)
    raise('ArgumentError', name, 'the parts of a pair are drawn alike: none can be weighted or padded by itself', { got: padded.name }); // biome-ignore format: one sentence
  const limits = all.flatMap((s) => (s.largest === undefined ? [] : [s.largest]));
  const declared = source<readonly [number]>({
    name,
    shape: [parts.reduce((n, s) => n + sizeOf(s), 0)],
    ...(limits.length === 0 ? {} : { largest: Math.min(...limits) }),
    parts,
    batch: async (at) => {
      const batches = await Promise.all(all.map((s) => s.batch(at)));
      return { values: batches.map((b) => b.values).reduce((a, b) => besides(a, b, at.size)) };
    },
  });
  return { ...declared, parts };
}; // biome-ignore format: one idea

/**
 * Contexts and events of the same rows, as rows (x, c) of both, flattened: what `conditionally` trains on and `jointly` is a distribution of. Contexts are one data set
 * (`labelsOf(data, 10)` for classes) or a struct of them, in the order of the conditional distribution's context. Both sources are read at the same batch (number and
 * seed), so they must be functions of these that give corresponding events. The parts of a row are the event and the arrays of the
 * context. Throws `DataError` where data sets have another number of rows, `ArgumentError` for data sets beside sources and for weighted parts.
 *
 * @example
 * const [x, y] = [fromRows('x', Float32Array.of(1, 2, 3), [1]), fromRows('y', Float32Array.of(2, 4, 6), [1])];
 * const task = fit({ objective: conditionalLikelihood(conditionalNormal([1], [1])), data: pairs(x, y), steps: 100 });
 */
export function pairs(contexts: Contexts<Dataset>, events: Dataset): Dataset & { readonly parts: readonly Shape[] };
export function pairs(contexts: Contexts<Source>, events: Source): Source<readonly [number]> & { readonly parts: readonly Shape[] }; // biome-ignore format: one line a kind
export function pairs(contexts: Contexts<Dataset> | Contexts<Source>, events: Dataset | Source): Dataset | Source {
  if (isSource(events) !== holdsSource(contexts))
    return raise('ArgumentError', 'pairs', 'contexts and events are both data sets, or both sources');
  const name = `${events.name} given`;
  if (isSource(events)) {
    const all = sourcesOf(contexts as Contexts<Source>);
    return together(`${name} ${all.map((s) => s.name).join(', ')}`, [events, ...all]);
  }
  const all = datasetsOf(contexts as Contexts<Dataset>);
  return beside(`${name} ${all.map((d) => d.name).join(', ')}`, [events, ...all]);
}
