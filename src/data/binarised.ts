import { raise } from '../core/errors.ts';
import { fillNoise } from '../core/noise.ts';
import { foldIn, keyOf } from '../core/prng.ts';
import { sizeOf } from '../core/shape.ts';
import { type Dataset, fromSource } from './dataset.ts';

/**
 * Binary images drawn once from grey levels: element j of row i is 1 with probability k / (levels − 1), a function of the seed, the row and the element alone. Used for
 * evaluating models of binary images (Salakhutdinov & Murray 2008); training draws anew at every step ({@link dynamicallyBinarised}). Throws `DataError` where the
 * data are not levels.
 *
 * @example
 * const grey = fromRows('grey', Float32Array.from([0, 255, 128, 64]), [4], { levels: 256 });
 * binarised(grey, 0).levels;   // 2
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
