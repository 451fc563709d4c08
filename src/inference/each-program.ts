import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Backend, type Program, program } from '../core/program.ts';
import type { Shape } from '../core/shape.ts';
import { vmapAll } from '../core/vectorize.ts';
import { isTrainingNoise } from './training/move-plan.ts';

/** A function of one event of some shape, vectorised over `size` rows named `x`. */
export const eachProgram = (
  f: (x: Expr) => D.Draw<readonly Expr[]>,
  event: Shape,
  size: number,
  backend: Pick<Backend, 'precisions'>,
): Program =>
  program(
    vmapAll((v) => D.runDraw(f(v)), { fresh: isTrainingNoise })(o.input('x', [size, ...event])),
    backend.precisions[0],
  );
