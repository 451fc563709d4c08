/** Host values of draws and expressions in double precision, for the tests of this room. */
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import { type Feeds, noiseFeeds, program } from '../../src/core/program.ts';
import { toNumbers } from '../../src/core/tensor.ts';
import { vmapAll } from '../../src/core/vectorize.ts';

/** The value of an expression without noise. */
export const numbersOf = (e: Expr, feeds: Feeds = {}): number[] =>
  toNumbers(evaluateProgram(program([e], 'float64'), feeds)[0]);

/** `n` independent values of a draw, one after the other. */
export const drawn = (draw: D.Draw<Expr>, n: number, seed = 0): number[] => {
  const [all] = vmapAll(() => [D.runDraw(draw)], { size: n, fresh: () => true })();
  const p = program([all], 'float64');
  return toNumbers(evaluateProgram(p, noiseFeeds(p, { seed }))[0]);
};

/** Mean and variance with their standard errors (those of a normal law for the variance). */
export const moments = (xs: readonly number[]) => {
  const n = xs.length;
  const mean = xs.reduce((a, x) => a + x, 0) / n;
  const variance = xs.reduce((a, x) => a + (x - mean) ** 2, 0) / (n - 1);
  return { mean, variance, meanError: Math.sqrt(variance / n), varianceError: variance * Math.sqrt(2 / n) };
};
