/** Finds where a value first became non-finite. */

import { projections } from '../../core/bodies.ts';
import { type Failure, failure } from '../../core/errors.ts';
import { type Expr, makeNode, type Node, topological } from '../../core/expr.ts';
import { sliceAxis } from '../../core/ops/structure.ts';
import { type Backend, type Feeds, program } from '../../core/program.ts';
import { range, sizeOf } from '../../core/shape.ts';
import type { Tensor } from '../../core/tensor.ts';
import { splitFlat } from './flat.ts';
import type { GamePlan } from './move-plan.ts';
import { moveInput, type TrainingProgram } from './program.ts';
import { buffersAt, feedsAt, type Moment } from './state.ts';
import { stepFeed } from './step-number.ts';

/** Whether every number of an array is finite. */
export const allFinite = (t: Tensor): boolean => {
  // One pass without branches: x − x is 0 for finite x and NaN otherwise.
  let s = 0;
  const { data } = t;
  for (let i = 0; i < data.length; i++) s += data[i] - data[i];
  return s === 0;
};

/** A value and the path of the layer that gave it. */
interface Labelled {
  readonly path: string;
  readonly value: Expr;
}

/** What layers of a repetition gave that is one loop: the loop again, with labelled values as its outputs. */
const labelledIn = (loop: Expr): readonly Labelled[] => {
  if (loop.op !== 'scan') return [];
  const { carries, length, until, body } = loop.attributes;
  const inner = topological(body.results).flatMap((e) => e.op === 'label' && e.attributes.paths?.length === length ? [{ paths: e.attributes.paths, value: e.inputs[0] }] : []); // biome-ignore format: one idea
  if (inner.length === 0 || until) return [];
  const results = [...body.results.slice(0, carries), ...inner.map((l) => l.value)];
  const again = makeNode('scan', loop.inputs, { ...loop.attributes, body: { ...body, results } }, [], 'real');
  const stacked = projections(again as Expr & Node<'scan'>).slice(carries);
  return range(length).flatMap((i) => inner.map(({ paths }, k) => ({ path: paths[i], value: sliceAxis(stacked[k], 0, i, i + 1) }))); // biome-ignore format: one idea
};

const labelledOf = (outputs: readonly Expr[]): readonly Labelled[] =>
  topological(outputs).flatMap((e) => e.op === 'label' ? [{ path: e.attributes.path, value: e.inputs[0] }] : labelledIn(e)); // biome-ignore format: one idea

/**
 * The path of the first layer (in order of computation) whose value is not finite, or nothing where every labelled value is. Runs
 * the program once with its labels as outputs.
 */
export const firstNonFinite = async (
  backend: Backend,
  outputs: readonly Expr[],
  feeds: Feeds,
): Promise<string | undefined> => {
  const labels = labelledOf(outputs);
  if (labels.length === 0) return undefined;
  const p = program(
    labels.map((l) => l.value),
    backend.precisions[0],
  );
  const executable = await backend.compile(p);
  const values = await executable.run(feeds);
  await executable.dispose();
  const i = values.findIndex((v) => !allFinite(v));
  return labels[i]?.path;
};

/** The first of some named arrays that is not finite. */
export const namedNonFinite = (tensors: Feeds = {}): string | undefined =>
  Object.keys(tensors).find((name) => !allFinite(tensors[name]));

/** One run of the backend: what it started from, what it was fed, and what it gave. */
export interface Advanced {
  readonly t: TrainingProgram;
  readonly now: Moment;
  /** Of each move that is made, `[K]`. */
  readonly losses: readonly Tensor[];
  readonly norms: readonly Tensor[];
  readonly feeds: Feeds;
}

/** Whether everything a run gave is finite. */
export const finite = ({ now, losses }: Pick<Advanced, 'now' | 'losses'>): boolean =>
  losses.every(allFinite) && namedNonFinite(now.vectors) === undefined;

/** The first draw of a move's feed: without the axes that count steps, repetitions and batches. */
const firstDraw = (t: Tensor, shape: readonly number[]): Tensor => ({ ...t, shape, data: t.data.subarray(0, sizeOf(shape)) as Tensor['data'] }); // biome-ignore format: one idea

/** Which step, and which layer, parameter or buffer, a non-finite number came from: the last run again, one step at a time. */
export const locate = async (
  plan: GamePlan,
  good: Moment,
  advance: (from: Moment, k: number) => Promise<Advanced>,
  backend: Backend,
): Promise<Failure> => {
  let at = good;
  for (;;) {
    const { now, losses, feeds, t } = await advance(at, 1);
    if (finite({ now, losses })) {
      at = now;
      continue;
    }
    const badLoss = losses.findIndex((l) => !allFinite(l));
    const index = t.made[Math.max(badLoss, 0)];
    const m = plan.moves[index];
    const parameter = namedNonFinite(splitFlat(plan.layout, now.vectors.parameters));
    const buffer = namedNonFinite(buffersAt(plan, now));
    const draws = Object.fromEntries(m.noise.map((e) => [`noise:${e.attributes.path}`, firstDraw(feeds[`noise:${e.attributes.path}`], e.shape)] as const)); // biome-ignore format: one idea
    const layer = await firstNonFinite(backend, m.roots, {
      ...feedsAt(plan, at),
      ...stepFeed(at.step),
      ...draws,
      batch: firstDraw(feeds[moveInput(plan, 'batches', m.draws)], m.batch.shape),
      ...(m.weights === undefined ? {} : { weights: firstDraw(feeds[moveInput(plan, 'weights', m.draws)], m.weights.shape) }), // biome-ignore format: one idea
    });
    const what = badLoss >= 0 ? 'the loss' : parameter !== undefined ? 'the gradient' : 'what is carried';
    const where = layer ?? (badLoss >= 0 ? undefined : (parameter ?? buffer)) ?? 'loss';
    const whose = plan.moves.length === 1 ? '' : ` of '${m.name}'`;
    return failure(
      'NonFiniteError',
      where,
      `${what}${whose} stopped being finite at step ${at.step + 1}; the parameters of step ${good.step} are the last good ones`,
    );
  }
};
