/** What the tests of energies share: evaluation in float64, parameters far from their start, sums over states. */
import { isLeft, isRight } from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { AnyDist } from '../../src/algebra/dist.ts';
import * as D from '../../src/core/draw.ts';
import { type Failure, sentence } from '../../src/core/errors.ts';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { generator, keyOf } from '../../src/core/prng.ts';
import { type Feeds, noiseFeeds, parametersOf, program } from '../../src/core/program.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { type Tensor, tensor, tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';

/** What a task gives, or the sentence of its failure as an exception. */
export const done = async <A>(task: TaskEither<Failure, A>): Promise<A> => {
  const r = await task();
  if (isLeft(r)) throw new Error(sentence(r.left));
  return r.right;
};

/** The sentence a task fails with. */
export const refusal = async <A>(task: TaskEither<Failure, A>): Promise<string> => {
  const r = await task();
  if (isRight(r)) throw new Error('nothing was refused');
  return sentence(r.left);
};

/** Parameters from N(0, spread²): a distribution far from its start. */
export const parametersFor = (dist: AnyDist, spread: number, seed = 1): Record<string, Tensor> => {
  const g = generator(keyOf(seed));
  return Object.fromEntries(
    parametersOf([D.runDraw(dist.logDensity(o.input('x', dist.shape)))]).map((p) => [
      p.attributes.name,
      tensor(
        Float64Array.from({ length: sizeOf(p.shape) }, () => spread * g.normal()),
        p.shape,
      ),
    ]),
  );
};

/** Expressions in float64. */
export const values = (outputs: readonly Expr[], feeds: Feeds = {}, seed = 0): number[][] => {
  const p = program(outputs, 'float64');
  return evaluateProgram(p, { ...noiseFeeds(p, { seed }), ...feeds }).map(toNumbers);
};

/** log f of rows. */
export const logDensities = (dist: AnyDist, rows: readonly (readonly number[])[], feeds: Feeds = {}): number[] => {
  const x = tensorOf(rows.flat(), [rows.length, ...dist.shape]);
  const [l] = vmapAll((v) => [D.runDraw(dist.logDensity(v))])(o.input('x', x.shape));
  return values([l], { ...feeds, x })[0];
};

/** n samples as rows. */
export const samples = (dist: AnyDist, n: number, feeds: Feeds = {}, seed = 0): number[][] => {
  const [x] = vmapAll(() => [D.runDraw(dist.sample)], { size: n, fresh: () => true })();
  const [flat] = values([x], feeds, seed);
  const width = sizeOf(dist.shape);
  return Array.from({ length: n }, (_, i) => flat.slice(i * width, (i + 1) * width));
};

/** Every vector of n zeros and ones. */
export const bits = (n: number): number[][] =>
  Array.from({ length: 2 ** n }, (_, k) => Array.from({ length: n }, (_, j) => Math.floor(k / 2 ** j) % 2));

export const logSumExp = (v: readonly number[]): number => {
  const top = Math.max(...v);
  return top + Math.log(v.reduce((a, l) => a + Math.exp(l - top), 0));
};
