import { innermost } from '../../algebra/pushed.ts';
import { sizeOf } from '../../core/shape.ts';
import { latentSpace } from '../latent-space.ts';
import { firstRows, floats } from './events.ts';
import { type Finder, nothing } from './record.ts';

/** The codes of test data under a distribution with a standard normal base. */
export const codes: Finder = async ({ running, test, seed }) => {
  const base = innermost(running.dist);
  if (running.dist.pushed === undefined || base.family?.name !== 'standardNormal') return nothing;
  const dimension = sizeOf(base.shape);
  const encoded = await running.encode(firstRows(test, dimension <= 64 ? 4000 : 1000), seed);
  return {
    figures: [
      {
        name: 'latent',
        title: 'Latent space',
        caption: 'Where the encoder sends test data: for a perfect model, a sample of the base distribution.',
        svg: latentSpace({
          codes: floats(encoded),
          dimension,
          ...(test.labels === undefined ? {} : { classes: test.labels.subarray(0, encoded.shape[0]) }),
        }),
      },
    ],
  };
};
