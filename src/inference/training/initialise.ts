/** Initial values of parameters and buffers: definitions evaluated once. */
import { collectAdvances, mentioned } from '../../core/advances.ts';
import { buffersOf, whileTraining } from '../../core/buffer.ts';
import * as D from '../../core/draw.ts';
import { raise } from '../../core/errors.ts';
import { type Expr, type Node, topological } from '../../core/expr.ts';
import { evaluateProgram } from '../../core/interpreters/reference/index.ts';
import * as o from '../../core/ops/index.ts';
import { initialValues } from '../../core/parameters.ts';
import { type Backend, type Feeds, hostType, noiseFeeds, parametersOf, program } from '../../core/program.ts';
import { root } from '../../core/scope.ts';
import { type Shape, sameShape, showShape } from '../../core/shape.ts';
import { castTensor, type Tensor } from '../../core/tensor.ts';
import { type AnyObjective, isBatchObjective } from '../objective.ts';
import { gameOf, type Trainable } from './game.ts';
import { batchStep } from './move-plan.ts';
import { stepFeed } from './step-number.ts';

/** Expressions that mention every parameter and buffer of an objective: of one event `x`, or of a batch. */
const rootsOf = <S extends Shape>(objective: AnyObjective<S>, x: Expr, examples: Shape): readonly Expr[] => {
  if (!isBatchObjective(objective)) {
    const loss = whileTraining((scope) => D.runDraw(objective.loss(x), scope))(root);
    const { outputs, advances } = collectAdvances([loss]);
    return mentioned(outputs, advances);
  }
  const batch = o.input('examples of a batch', examples);
  const { loss, advances } = batchStep(objective, batch);
  const all = mentioned([loss], advances);
  for (const p of [...parametersOf(all), ...buffersOf(all)])
    if (topological([p.attributes.definition]).some((e) => e.op === 'variable' || e === batch))
      raise('ArgumentError', p.attributes.name, 'a loss of a whole batch has no single event to start from: initial values must not depend on data'); // biome-ignore format: one sentence
  return all;
};

const inputName = (name: string): string => `known ${name}`;

/** The input that stands for an array that is known. Throws `ShapeError` where it does not fit. */
const knownInput = (e: Node<'parameter'> & Expr, array: Tensor | undefined): (readonly [string, Expr])[] => {
  const { name } = e.attributes;
  if (array === undefined) return [];
  if (!sameShape(array.shape, e.shape))
    raise('ShapeError', name, 'the array to start from has another shape', { expected: showShape(e.shape), got: showShape(array.shape) }); // biome-ignore format: one idea
  return [[name, o.input(inputName(name), e.shape, e.type)]];
};

/**
 * Initial values of the parameters and buffers of an objective or game, by name, rounded to float32. They come from the `reference` interpreter, so they are the same
 * on every backend. Where an initial value depends on data (ActNorm), it is computed on `backend` from `examples`: one batch, or one for each move. Arrays in `known` are
 * used as they are, and whatever starts from them (a copy, another place) starts from these arrays. Throws `ArgumentError` where a definition depends on single
 * examples, or on the data of a loss of whole batches.
 *
 * @example
 * const first = await initialParameters(maximumLikelihood(dist), 0, tensorOf([0, 0, 1, 1], [2, 2]), onnx('cpu'));
 */
export const initialParameters = async <S extends Shape>(
  objective: Trainable<S>,
  seed: number,
  examples: Tensor | readonly Tensor[],
  backend: Backend,
  known: Feeds = {},
): Promise<Record<string, Tensor>> => {
  const { moves } = gameOf(objective);
  const given = 'shape' in examples ? moves.map(() => examples) : examples;
  const placeholders = moves.map((m, i) => o.input(i === 0 ? 'examples' : `examples ${i}`, m.objective.shape));
  const roots = moves.flatMap((m, i) => rootsOf(m.objective, placeholders[i], given[i].shape));
  const all = [...parametersOf(roots), ...buffersOf(roots)];
  const inputs = new Map(all.flatMap((e) => knownInput(e, known[e.attributes.name])));
  const leaves = all.filter((e) => !inputs.has(e.attributes.name));
  // Of all, since what is computed may start from what is known.
  const chosen = (values: readonly Expr[]): Expr[] => values.filter((_, i) => leaves.includes(all[i]));
  const closed = chosen(initialValues(all, [], inputs));
  const asked = new Set(topological(closed));
  const used = placeholders.flatMap((x, i) => (asked.has(x) ? [{ x, i }] : []));
  const named = ({ x, i }: { readonly x: Expr; readonly i: number }): Expr => o.input(`${x.op === 'input' ? x.attributes.name : ''}`, given[i].shape); // biome-ignore format: one idea
  const values =
    used.length > 0 ? chosen(initialValues(all, used.map((u) => ({ input: u.x, batch: named(u) })), inputs)) : closed; // biome-ignore format: one idea
  const precision = used.length > 0 && !backend.precisions.includes('float64') ? 'float32' : 'float64';
  const p = program(values, precision);
  const data = Object.fromEntries(used.map(({ x, i }) => [x.op === 'input' ? x.attributes.name : '', given[i]]));
  const starts = Object.fromEntries([...inputs.keys()].map((name) => [inputName(name), known[name]]));
  const feeds = { ...noiseFeeds(p, { seed }), ...stepFeed(0), ...data, ...starts };
  const executable = used.length > 0 ? await backend.compile(p) : undefined;
  const results = executable === undefined ? evaluateProgram(p, feeds) : await executable.run(feeds);
  await executable?.dispose();
  return Object.fromEntries(
    leaves.map((e, i) => [e.attributes.name, castTensor(results[i], hostType(e.type, 'float32'))]),
  );
};
