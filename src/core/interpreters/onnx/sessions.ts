/** How ONNX Runtime is asked to run a program, and tables of what has been compiled. */
import type { InferenceSession } from 'onnxruntime-node';
import { bodiesOf } from '../../bodies.ts';
import { type Expr, topological } from '../../expr.ts';
import { sizeOf } from '../../shape.ts';

/** Bytes of everything a program computes in one pass over the body of each loop and both branches of each cond. */
const bytesComputed = (outputs: readonly Expr[]): number =>
  topological(outputs).reduce(
    (sum, e) => bodiesOf(e).reduce((inner, { results }) => inner + bytesComputed(results), sum + 4 * sizeOf(e.shape)),
    0,
  );

/** From how many bytes on a program runs without a memory pattern. */
const LARGE = 64 * 2 ** 20;

/**
 * Session options we have measured to be best for one provider.
 *
 * A memory pattern is one block of memory for a whole iteration, beside the pieces that the first iteration asked for one by one and never gives back: large
 * programs held nearly twice what they need (U-Net with batch 512: 2.1 GiB instead of 1.2) and were no quicker; small ones are quicker by 3 to 5 %.
 */
export const sessionOptions = (
  provider: 'cpu' | 'webgpu' | 'cuda',
  threads: number,
  spinning: boolean,
  outputs: readonly Expr[],
): InferenceSession.SessionOptions => ({
  executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
  graphOptimizationLevel: 'extended',
  ...(provider === 'cpu' ? { enableMemPattern: bytesComputed(outputs) < LARGE } : {}),
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  logSeverityLevel: 3,
  extra: { session: { intra_op: { allow_spinning: spinning ? '1' : '0' } } },
});

/** What a table holds under a key, made where it does not hold it yet. A failure is not kept. */
export const kept = <A>(table: Map<string, Promise<A>>, key: string, make: () => Promise<A>): Promise<A> => {
  const known = table.get(key);
  if (known !== undefined) return known;
  const made = make();
  table.set(key, made);
  made.catch(() => table.delete(key));
  return made;
};
