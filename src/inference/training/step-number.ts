/** The number of the training step as an expression: what annealing is written with. */
import { raise } from '../../core/errors.ts';
import { type Expr, topological } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import type { Feeds } from '../../core/program.ts';

const NAME = 'training step';

/**
 * The number of optimiser steps done before this one: 0 in the first. A leaf that any objective may mention: `fit` puts each step's own number
 * there (so does a resumed run), validation the number of steps done so far, initialisation 0. A real scalar, exact below 2²⁴.
 *
 * @example
 * const temperature = ops.exp(ops.mul(-1e-3, trainingStep));   // e^(−t/1000)
 */
export const trainingStep: Expr = o.input(NAME, []);

/**
 * min(1, t / steps): 0 at the first step, 1 from step `steps` on. The weight of a KL term that is warmed up (Sønderby et al. 2016,
 * arXiv:1602.02282, §2.2). Throws `ArgumentError` where `steps` is not positive.
 *
 * @example
 * const weight = rampUp(1000);
 */
export const rampUp = (steps: number): Expr =>
  steps > 0
    ? o.min(1, o.div(trainingStep, steps))
    : raise('ArgumentError', 'rampUp', 'the number of steps must be positive', { got: `${steps}` });

/** The leaves of expressions that stand for the training step. */
export const stepLeaves = (outputs: readonly Expr[]): Expr[] =>
  topological(outputs).filter((e) => e.op === 'input' && e.attributes.name === NAME);

/** The feed of a program in which the leaf is free. */
export const stepFeed = (step: number): Feeds => ({
  [NAME]: { shape: [], type: 'float32', data: Float32Array.of(step) },
});

/** The numbers of K steps, `[K]`. */
export const stepNumbers = (first: number, k: number): Float32Array => Float32Array.from({ length: k }, (_, i) => first + i); // biome-ignore format: one idea
