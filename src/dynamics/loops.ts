/** Loops over the steps of a solve, by how they are differentiated. */
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { of as nothingDrawn, runRandom, scanRandom } from '../core/random.ts';

/**
 * How a solve is differentiated in reverse mode.
 *
 * | | what is differentiated | memory | gradient |
 * |---|---|---|---|
 * | `throughSteps` | the steps, each with its incoming state kept | n states | of the program, exactly |
 * | `checkpointed` | the steps, √n states kept, the others recomputed | 2√n states | the same, up to the order of sums |
 * | `backsolve` | a second equation, solved backwards with the state | 1 state | an estimate, up to the solver's error |
 *
 * `backsolve` solves the state backwards as well, so its error grows where the flow contracts (by e^{λT} for decay at rate λ): it is for fields that are not
 * stiff. Forward mode (`jvp`) differentiates the steps in every case.
 */
export type SolveGradient = 'throughSteps' | 'checkpointed' | 'backsolve';

/** Options of loops over steps. */
export interface LoopOptions {
  readonly gradient?: SolveGradient | undefined;
}

type Steps = (carry: readonly Expr[], x: readonly Expr[]) => readonly Expr[];

/** What a loop carries at its end; what its steps compute of `xs` and parameters alone is computed for all of them before it. */
const gridLoop = (length: number, init: readonly Expr[], xs: readonly Expr[], step: Steps): readonly Expr[] =>
  runRandom(
    scanRandom({ length, init, xs, early: true, body: (c, x) => nothingDrawn({ carry: step(c, x) }) }),
    { path: 'ode', next: 0 },
  ).carry; // biome-ignore format: one idea

/**
 * One step after another over the rows of `xs`. With `checkpointed`, in segments of √n steps: the backward pass keeps the state before each segment, and those
 * within one segment at a time.
 */
export const overGrid = (
  init: readonly Expr[],
  xs: readonly Expr[],
  step: Steps,
  { gradient }: LoopOptions = {},
): readonly Expr[] => {
  const length = xs[0].shape[0];
  if (gradient !== 'checkpointed' || length < 4) return gridLoop(length, init, xs, step);
  const size = Math.ceil(Math.sqrt(length));
  const segments = Math.floor(length / size);
  const cut = segments * size;
  const { carry } = o.scan({
    length: segments,
    init,
    xs: xs.map((x) => o.reshape(o.sliceAxis(x, 0, 0, cut), [segments, size, ...x.shape.slice(1)])),
    body: (c, rows) => ({ carry: gridLoop(size, c, rows, step) }),
  });
  return cut === length ? carry : gridLoop(length - cut, carry, xs.map((x) => o.sliceAxis(x, 0, cut, length)), step); // biome-ignore format: one idea
};

/** Steps until one reports that it is the last, or `most` were taken. With `checkpointed`, in segments, as {@link overGrid}. */
export const untilDone = (
  init: readonly Expr[],
  most: number,
  step: (carry: readonly Expr[]) => { readonly carry: readonly Expr[]; readonly done: Expr },
  { gradient }: LoopOptions = {},
): readonly Expr[] => {
  if (gradient !== 'checkpointed' || most < 4) return o.scan({ length: most, init, body: step }).carry;
  const size = Math.ceil(Math.sqrt(most));
  const inSegment = (all: readonly Expr[]): { readonly carry: readonly Expr[]; readonly done: Expr } => {
    const [made, , ...c] = all;
    const { carry, done } = step(c);
    const next = o.add(made, 1);
    const ended = o.or(done, o.lessEqual(most, next));
    return { carry: [next, ended, ...carry], done: ended };
  };
  const { carry } = o.scan({
    length: Math.ceil(most / size),
    init: [o.scalar(0, 'int32'), o.scalar(0, 'bool'), ...init],
    body: (c) => {
      const after = o.scan({ length: size, init: c, body: inSegment }).carry;
      return { carry: after, done: after[1] };
    },
  });
  return carry.slice(2);
};
