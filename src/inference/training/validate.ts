/** Held-out losses while training. */
import * as o from '../../core/ops/index.ts';
import { type Backend, type Executable, type Feeds, noiseFeeds, type Program, program } from '../../core/program.ts';
import type { Shape } from '../../core/shape.ts';
import { type Dataset, readRows } from '../../data/dataset.ts';
import type { AnyObjective } from '../objective.ts';
import { meanLoss } from './move-plan.ts';
import { stepFeed } from './step-number.ts';

/** Rows evaluated at once, at most. */
const CHUNK = 1000;

/** A validation: the mean loss of every row at these parameters and buffers, after `step` steps. */
export interface Validator {
  readonly loss: (arrays: Feeds, step: number) => Promise<number>;
  readonly dispose: () => Promise<void>;
}

/**
 * The mean loss over all rows of held-out data, in chunks; the noise is the same at every validation. The model is read as it is used: buffers stay as they
 * are, and normalisation reads its running statistics. A loss of whole batches is averaged over chunks by their numbers of rows.
 */
export const validator = async <S extends Shape>(
  objective: AnyObjective<S>,
  data: Dataset,
  backend: Backend,
  seed: number,
): Promise<Validator> => {
  const whole = Math.min(CHUNK, data.size);
  const rest = data.size % whole;
  interface Ready {
    readonly size: number;
    readonly p: Program;
    readonly run: Executable;
  }
  const ready = async (size: number): Promise<Ready> => {
    const p = program([meanLoss(objective, o.input('batch', [size, ...data.shape]))], backend.precisions[0]);
    return { size, p, run: await backend.compile(p) };
  };
  const full = await ready(whole);
  const last = rest === 0 ? undefined : await ready(rest);
  const chunk = async ({ size, p, run }: Ready, first: number, arrays: Feeds, step: number): Promise<number> => {
    const rows = readRows(
      data,
      Int32Array.from({ length: size }, (_, i) => first + i),
    );
    const batch = { shape: [size, ...data.shape], type: 'float32' as const, data: rows };
    const noise = noiseFeeds(p, { seed: seed + 1, firstExample: first });
    const [loss] = await run.run({ ...stepFeed(step), ...arrays, ...noise, batch });
    return loss.data[0];
  };
  const chunks = (data.size - rest) / whole;
  return {
    loss: async (arrays, step) => {
      let total = 0;
      for (let c = 0; c < chunks; c++) total += await chunk(full, c * whole, arrays, step);
      if (last === undefined) return total / chunks;
      return (total * whole + (await chunk(last, chunks * whole, arrays, step)) * rest) / data.size;
    },
    dispose: async () => {
      await full.run.dispose();
      await last?.run.dispose();
    },
  };
};
