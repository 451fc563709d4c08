/** Initial parameters: definitions evaluated once. */
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import { type Expr, topological } from '../core/expr.ts';
import { evaluateProgram } from '../core/interpreters/reference/index.ts';
import * as o from '../core/ops/index.ts';
import { initialValues } from '../core/parameters.ts';
import { type Backend, noiseFeeds, parametersOf, program } from '../core/program.ts';
import type { Shape } from '../core/shape.ts';
import { castTensor, type Tensor } from '../core/tensor.ts';
import { type AnyObjective, carriedLeaves, isStateful } from './stateful.ts';
import { stepFeed } from './training-step.ts';

/** Expressions that mention every parameter: of one event, or (a stateful objective) of a batch. */
const roots = <S extends Shape>(objective: AnyObjective<S>, x: Expr, examples: Tensor): readonly Expr[] => {
  if (!isStateful(objective)) return [D.runDraw(objective.loss(x))];
  const { losses, carried } = D.runDraw(objective.step(o.input('examples', examples.shape), carriedLeaves(objective)));
  const all = [losses, ...carried];
  for (const p of parametersOf(all))
    if (topological([p.attributes.definition]).some((e) => e.op === 'variable'))
      raise('ArgumentError', p.attributes.name, 'an objective that carries arrays has no single event to start from: initial values must not depend on data'); // biome-ignore format: one sentence
  return all;
};

/**
 * Initial values of an objective's parameters, rounded to float32. They come from the `reference` interpreter, so every backend starts
 * from the same numbers. Where a definition depends on data (ActNorm), it sees `examples`, and runs on `backend`.
 */
export const initialParameters = async <S extends Shape>(
  objective: AnyObjective<S>,
  seed: number,
  examples: Tensor,
  backend: Backend,
): Promise<Record<string, Tensor>> => {
  const x = o.input('examples', objective.shape);
  const parameters = parametersOf(roots(objective, x, examples));
  const closed = initialValues(parameters);
  const needsData = topological(closed).some((e: Expr) => e === x);
  const values = needsData
    ? initialValues(parameters, { input: x, batch: o.input('examples', examples.shape) })
    : closed;
  const precision = needsData && !backend.precisions.includes('float64') ? 'float32' : 'float64';
  const p = program(values, precision);
  const feeds = { ...noiseFeeds(p, { seed }), ...stepFeed(0), examples };
  const executable = needsData ? await backend.compile(p) : undefined;
  const results = executable === undefined ? evaluateProgram(p, feeds) : await executable.run(feeds);
  await executable?.dispose();
  return Object.fromEntries(parameters.map((e, i) => [e.attributes.name, castTensor(results[i], 'float32')]));
};
