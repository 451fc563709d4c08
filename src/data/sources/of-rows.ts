/** What sources over a data set have in common: they choose rows, and the rows are read. */
import type { Shape } from '../../core/shape.ts';
import { type Dataset, readRows } from '../dataset.ts';
import { type BatchAt, type Source, source } from '../source.ts';

/** Rows, with their weights where the source has some. */
export interface Chosen {
  readonly indices: ArrayLike<number>;
  readonly weights?: Float32Array;
}

/** A source whose batch is the rows that `choose` names. */
export const ofRows = (
  kind: string,
  dataset: Dataset,
  choose: (at: BatchAt) => Chosen,
  more: Pick<Source, 'weighted' | 'slots' | 'largest'> = {},
): Source<Shape> =>
  source({
    name: `${dataset.name}, ${kind}`,
    shape: dataset.shape,
    ...(dataset.parts === undefined ? {} : { parts: dataset.parts }),
    ...more,
    batch: (at) => {
      const { indices, weights } = choose(at);
      const values = readRows(dataset, indices);
      return weights === undefined ? { values } : { values, weights };
    },
  });
