import type { Tensor } from '../../core/tensor.ts';
import { firstRows, gridOf, imageShape } from './events.ts';
import { type Finder, nothing } from './record.ts';

const SHOWN = 100;

/** Samples and data as grids of images. */
export const images: Finder = async ({ test, running }, samples) => {
  const image = imageShape(running.dist, test.levels);
  if (image === undefined) return nothing;
  const grid = (t: Tensor) => gridOf(t, image, test.levels ?? 256, SHOWN);
  return {
    figures: [
      { name: 'samples', title: 'Samples', caption: 'Drawn from the model.', ...grid(samples) },
      { name: 'data', title: 'Data', caption: 'The first test images.', ...grid(firstRows(test, SHOWN)) },
    ],
  };
};
