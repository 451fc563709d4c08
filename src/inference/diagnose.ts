/** Where a number first stopped being finite. */
import { type Failure, failure } from '../core/errors.ts';
import { type Expr, topological } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Backend, type Feeds, noiseFeeds, program } from '../core/program.ts';
import type { Shape } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import type { Dataset } from '../data/dataset.ts';
import { readBatches } from './feeding.ts';
import { type Layout, type Moment, splitFlat } from './flat.ts';
import { type AnyObjective, carriedOf } from './stateful.ts';
import { batchStep } from './training-program.ts';
import { stepFeed } from './training-step.ts';

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
  outputs: readonly Expr[],
  feeds: Feeds,
  noise: { readonly seed: number; readonly step: number },
): Promise<string | undefined> => {
  const labels = topological(outputs).filter((e) => e.op === 'label');
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

/** A run that went wrong: what was trained, from where, and how to take a step again. */
export interface Trouble<S extends Shape> {
  readonly objective: AnyObjective<S>;
  readonly data: Dataset;
  readonly good: Moment;
  readonly advance: (from: Moment, k: number) => Promise<{ readonly now: Moment; readonly losses: Tensor }>;
  readonly layout: Layout;
  readonly seed: number;
  readonly batchSize: number;
  readonly backend: Backend;
}

/** The first of some named arrays that is not finite. */
export const namedNonFinite = (tensors: Feeds = {}): string | undefined =>
  Object.keys(tensors).find((name) => !allFinite(tensors[name]));

/** Which step, and which layer, parameter or carried array, a non-finite number came from: the last run again, one step at a time. */
export const locate = async <S extends Shape>(t: Trouble<S>): Promise<Failure> => {
  const { objective, data, good, layout, seed, batchSize, backend } = t;
  let at = good;
  for (;;) {
    const { now, losses } = await t.advance(at, 1);
    const lossOk = allFinite(losses);
    const parameter = namedNonFinite(splitFlat(layout, now.vectors.parameters));
    const carried = namedNonFinite(carriedOf(objective, now.vectors).carried);
    if (lossOk && parameter === undefined && carried === undefined) {
      at = now;
      continue;
    }
    const batch = readBatches(data, batchSize, seed, at.step, 1);
    const feeds = { ...at.vectors, ...stepFeed(at.step), ...splitFlat(layout, at.vectors.parameters), batch: { ...batch, shape: batch.shape.slice(1) } }; // biome-ignore format: one idea
    const { loss, after } = batchStep(objective, o.input('batch', [batchSize, ...data.shape]));
    const layer = await firstNonFinite(backend, [loss, ...after], feeds, { seed, step: at.step });
    const what = !lossOk ? 'the loss' : parameter !== undefined ? 'the gradient' : 'what is carried';
    const where = layer ?? (lossOk ? (parameter ?? carried) : undefined) ?? 'loss';
    return failure(
      'NonFiniteError',
      where,
      `${what} stopped being finite at step ${at.step + 1}; the parameters of step ${good.step} are the last good ones`,
    );
  }
};
