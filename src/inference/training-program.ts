/** The training program: K optimiser steps in one run, as a scan over batches, coefficients and noise. */

import { grad } from '../core/differentiate/index.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr, NoiseLaw } from '../core/expr.ts';
import { substitute, topological } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { noiseKey, type Program, parametersOf, program, writeNoise } from '../core/program.ts';
import type { Shape } from '../core/shape.ts';
import { sizeOf } from '../core/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { vmapAll } from '../core/vectorize.ts';
import { flatten, groupsOf, joinGroups, type Layout, layoutOf, splitGroups, unflatten } from './flat.ts';
import type { Objective } from './objective.ts';
import type { Optimizer } from './optimizers/index.ts';
import { type AnyObjective, carriedLeaves, checkStep, isStateful } from './stateful.ts';
import { stepLeaves } from './training-step.ts';

/** Noise drawn while training; initial values use paths of their own. */
export const isTrainingNoise = (path: string): boolean => path.startsWith('noise');

/** The losses of a batch, `[B]`: the objective vectorised, each example with noise of its own. */
export const batchLosses = <S extends Shape>(objective: Objective<S>, batch: Expr): Expr =>
  vmapAll((x) => [D.runDraw(objective.loss(x))], { fresh: isTrainingNoise })(batch)[0];

/** What one step computes of a batch: its mean loss, and what is carried on. */
export interface BatchStep {
  readonly loss: Expr;
  /** Leaves that stand for the carried arrays, and their next values. */
  readonly before: readonly Expr[];
  readonly after: readonly Expr[];
}

/** The step of an objective on a batch. Throws `ShapeError` where it changes what it carries. */
export const batchStep = <S extends Shape>(objective: AnyObjective<S>, batch: Expr): BatchStep => {
  if (!isStateful(objective)) return { loss: o.mean(batchLosses(objective, batch)), before: [], after: [] };
  const before = carriedLeaves(objective);
  const { losses, carried } = checkStep(objective, batch, D.runDraw(objective.step(batch, before)));
  return { loss: o.mean(losses), before, after: carried };
};

/** The mean loss of a batch (over leaves for what the objective carries). */
export const meanLoss = <S extends Shape>(objective: AnyObjective<S>, batch: Expr): Expr =>
  batchStep(objective, batch).loss;

/** A training program with what is needed to feed it. */
export interface TrainingProgram {
  readonly program: Program;
  readonly layout: Layout;
  /** The inputs that a run's first outputs are fed back to, in order: parameters, the optimiser's state, the average, what is carried. */
  readonly carry: readonly string[];
  readonly steps: number;
  /** Noise per step: shapes are those of one step. */
  readonly noise: readonly {
    readonly name: string;
    readonly path: string;
    readonly law: NoiseLaw;
    readonly batch: number;
    readonly shape: Shape;
  }[];
}

/** Options of {@link trainingProgram}. */
export interface TrainingOptions<S extends Shape> {
  readonly objective: AnyObjective<S>;
  readonly optimizer: Optimizer;
  readonly batchSize: number;
  /** K, the optimiser steps in one run. */
  readonly steps: number;
  /** Decay of the exponential moving average of parameters, where one is kept. */
  readonly ema?: number;
}

/**
 * Builds the program (θ, state…, [ema], carried…; batches [K, B, …], coefficients [K, c], noise [K, …], [step numbers [K]]) ↦
 * (θ, state…, [ema], carried…, losses [K]). The parameters are one flat vector outside the loop; inside, each large one stands by itself.
 */
export const trainingProgram = <S extends Shape>({
  objective,
  optimizer,
  batchSize,
  steps,
  ema,
}: TrainingOptions<S>): TrainingProgram => {
  const batch = o.input('batch', [batchSize, ...objective.shape]);
  const { loss, before, after } = batchStep(objective, batch);
  const roots = [loss, ...after];
  const layout = layoutOf(roots);
  if ((optimizer.microbatches ?? 1) > 1)
    raise('ArgumentError', 'trainingProgram', 'gradients of several batches are not averaged here yet', {
      got: `${optimizer.microbatches} batches`,
    });
  const asked = optimizer.selectors ?? [];
  const treatment = new Map(
    parametersOf(roots).map((p) => {
      const selected = asked.map((s) => s.selects(p));
      return [p.attributes.name, { selected, held: optimizer.held?.selects(p) ?? false }] as const;
    }),
  );
  const groups = groupsOf(layout, (name) => JSON.stringify(treatment.get(name)));
  const of = groups.map((g) => treatment.get(g.entries[0].name)!);
  const noise = topological(roots).filter((e) => e.op === 'noise');
  const numbers = stepLeaves(roots);
  const noiseNames = [...new Map(noise.map((e) => [e.op === 'noise' ? e.attributes.path : '', e] as const)).entries()];

  const vector = (name: string): Expr => o.input(name, [layout.size]);
  const slots = optimizer.slots.map((s) => vector(`state:${s}`));
  const vectors = [vector('parameters'), ...slots, ...(ema === undefined ? [] : [vector('ema')])];
  const { carry, ys } = o.scan({
    length: steps,
    init: [...vectors.flatMap((v) => splitGroups(layout, groups, v)), ...before],
    xs: [
      o.input('batches', [steps, batchSize, ...objective.shape]),
      o.input('coefficients', [steps, optimizer.coefficients.length]),
      ...noiseNames.map(([path, e]) => o.input(`noise:${path}`, [steps, ...e.shape])),
      ...(numbers.length > 0 ? [o.input('step numbers', [steps])] : []),
    ],
    body: (now, [x, coefficients, ...drawn]) => {
      const n = groups.length;
      const [theta, ...state] = vectors.map((_, i) => now.slice(i * n, (i + 1) * n));
      const carried = now.slice(vectors.length * n);
      const inPlace = new Map<Expr, Expr>([[batch, x]]);
      for (const e of numbers) inPlace.set(e, drawn[noiseNames.length]);
      for (const e of noise)
        if (e.op === 'noise') inPlace.set(e, drawn[noiseNames.findIndex(([p]) => p === e.attributes.path)]);
      before.forEach((leaf, i) => {
        inPlace.set(leaf, carried[i]);
      });
      const { outputs, pieces } = unflatten(substitute(roots, inPlace), groups, theta);
      const gradients = grad(outputs[0], pieces.flat());
      const joined = pieces.map((p) => flatten(gradients.splice(0, p.length)));
      const scalars = optimizer.coefficients.map((_, i) => o.reshape(o.sliceAxis(coefficients, 0, i, i + 1), []));
      const moved = joined.filter((_, g) => !of[g].held);
      const ready = optimizer.together?.(moved) ?? moved;
      const gradientOf = groups.map((_, g) => ready[of.slice(0, g).filter((x) => !x.held).length]);
      const next = groups.map((_, g) => {
        if (of[g].held) return vectors.map((__, i) => now[i * n + g]);
        const { parameters, state: after } = optimizer.update(
          gradientOf[g],
          theta[g],
          state.slice(0, slots.length).map((s) => s[g]),
          scalars,
          of[g].selected,
        );
        const average =
          ema === undefined ? [] : [o.add(o.mul(ema, state[slots.length][g]), o.mul(1 - ema, parameters))];
        return [parameters, ...after, ...average];
      });
      return { carry: [...vectors.flatMap((_, i) => next.map((g) => g[i])), ...outputs.slice(1)], ys: [outputs[0]] };
    },
  });
  const last = vectors.map((_, i) =>
    joinGroups(layout, groups, carry.slice(i * groups.length, (i + 1) * groups.length)),
  );
  return {
    program: program([...last, ...carry.slice(vectors.length * groups.length), ys[0]], 'float32'),
    layout,
    carry: [...vectors, ...before].map((e) => (e.op === 'input' ? e.attributes.name : '')),
    steps,
    noise: noiseNames.map(([path, e]) => ({
      name: `noise:${path}`,
      path,
      law: e.op === 'noise' ? e.attributes.law : 'normal',
      batch: e.op === 'noise' ? e.attributes.batch : 0,
      shape: e.shape,
    })),
  };
};

/**
 * Fills the arrays of K steps' noise from a first step on: step t's noise depends on (seed, t) alone, however steps are grouped into runs. The arrays
 * are made once and filled anew by each call: what a run was fed is gone when the next begins.
 */
export const noiseFeeder = (t: TrainingProgram, seed: number): ((firstStep: number) => Record<string, Tensor>) => {
  const arrays = t.noise.map((n) => new Float32Array(t.steps * sizeOf(n.shape)));
  return (firstStep) =>
    Object.fromEntries(
      t.noise.map((n, i) => {
        const [data, size] = [arrays[i], sizeOf(n.shape)];
        for (let k = 0; k < t.steps; k++)
          writeNoise(n.shape, n.law, n.batch, noiseKey(seed, firstStep + k, n.path), data, k * size);
        return [n.name, { shape: [t.steps, ...n.shape], type: 'float32', data } satisfies Tensor];
      }),
    );
};
