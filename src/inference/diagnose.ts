/** Where a number first stopped being finite. */
import { type Expr, topological } from '../core/expr.ts';
import { type Backend, type Feeds, noiseFeeds, program } from '../core/program.ts';
import type { Tensor } from '../core/tensor.ts';

/** Whether every number of an array is finite. */
export const allFinite = (t: Tensor): boolean => {
  // One pass without branches: x − x is 0 for finite x and NaN otherwise.
  let s = 0;
  const { data } = t;
  for (let i = 0; i < data.length; i++) s += data[i] - data[i];
  return s === 0;
};

/**
 * The path of the first layer (in order of computation) whose value is not finite, or nothing where every labelled value is. Runs
 * the program once with its labels as outputs.
 */
export const firstNonFinite = async (
  backend: Backend,
  output: Expr,
  feeds: Feeds,
  noise: { readonly seed: number; readonly step: number },
): Promise<string | undefined> => {
  const labels = topological([output]).filter((e) => e.op === 'label');
  if (labels.length === 0) return undefined;
  const p = program(
    labels.map((l) => l.inputs[0]),
    backend.precisions[0],
  );
  const executable = await backend.compile(p);
  const values = await executable.run({ ...noiseFeeds(p, noise), ...feeds });
  await executable.dispose();
  const i = values.findIndex((v) => !allFinite(v));
  const found = labels[i];
  return found === undefined || found.op !== 'label' ? undefined : found.attributes.path;
};
