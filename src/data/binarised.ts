import { raise } from '../core/errors.ts';
import { fillNoise } from '../core/noise.ts';
import { foldIn, keyOf } from '../core/prng.ts';
import { sizeOf } from '../core/shape.ts';
import { type Dataset, fromSource } from './dataset.ts';

/**
 * Grey levels as coin flips, thrown once: element j of row i is 1 with chance k / (levels − 1), by the seed, the row and the element alone. What models
 * of binary images are measured on; training throws anew at every step (`dynamicallyBinarised`). Throws `DataError` where the data are not levels.
 */
export const binarised = (data: Dataset, seed: number): Dataset => {
  const { levels } = data;
  if (levels === undefined)
    return raise('DataError', data.name, 'only grey levels can be binarised: these are real numbers');
  const width = sizeOf(data.shape);
  const key = foldIn(keyOf(seed), 'binarise');
  const read = (indices: ArrayLike<number>, out: Float32Array): void => {
    data.values.read(indices, out);
    const chances = new Float32Array(width);
    for (let r = 0; r < indices.length; r++) {
      fillNoise('uniform', key, indices[r], 1, width, chances);
      for (let j = 0, at = r * width; j < width; j++, at++) out[at] = chances[j] < out[at] / (levels - 1) ? 1 : 0;
    }
  };
  return fromSource(
    `${data.name}, binarised`,
    { length: data.size, read },
    data.shape,
    {
      levels: 2,
      ...(data.columns === undefined ? {} : { columns: data.columns }),
      ...(data.labels === undefined ? {} : { labels: data.labels }),
    },
    true,
  );
};
