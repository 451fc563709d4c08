/** What the registry's energies are trained by. */
import { needs } from '../../algebra/capability.ts';
import type { AnyDist, Dist } from '../../algebra/dist.ts';
import type { Unnormalised } from '../../algebra/evidence.ts';
import type { Shape } from '../../core/shape.ts';
import { chaining, type PersistentOptions, persistentContrastiveDivergence } from '../../inference/energies/index.ts';
import type { BatchObjective } from '../../inference/objective.ts';

/** Chains of neural energies. */
export const neuralChains = { buffer: 1024, chains: 100, steps: 3 };

/** Persistent chains of the model's own kernel. */
export const persistentlyTrained =
  (options: Omit<PersistentOptions, 'kernel' | 'start'>) =>
  (dist: AnyDist): BatchObjective<Shape> => {
    const { kernel, start } = needs(
      chaining,
      dist,
      'persistent',
      'the distribution has no chain of its own',
      'sampledBy({ kernel, steps })(distribution)',
    );
    return persistentContrastiveDivergence({ kernel, start, ...options })(dist as Dist<Shape, Unnormalised>);
  };
