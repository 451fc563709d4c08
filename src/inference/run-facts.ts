/** The closed forms of a distribution (mean, entropy, …), as numbers on a backend. */
import type { AnyDist } from '../algebra/dist.ts';
import { type AllFacts, type FunctionFact, knownFacts } from '../algebra/facts.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import type { HostArray } from '../core/nested.ts';
import { type Backend, type Feeds, program } from '../core/program.ts';
import { type ExampleRunner, exampleRunner } from '../core/run-segments.ts';
import type { Tensor } from '../core/tensor.ts';
import { eachProgram } from './each-program.ts';
import { rowsOf } from './host-rows.ts';
import { chunkRunner } from './run-chunks.ts';

/** The facts that are arrays. */
export type ArrayFact = 'mean' | 'variance' | 'covariance' | 'mode' | 'entropy';

/**
 * The facts that a distribution of type L has, as functions of host arrays: `mean`, `variance`, `mode` (of the event's shape), `covariance` and `entropy` of the
 * parameters alone, and `cdf`, `quantile`, `logCdf`, `logSurvival`, `lowerQuantile`, `upperQuantile` of each row of `[n, …event]`, coordinate by coordinate.
 * What L does not know does not compile; in plain JavaScript it is rejected with an `ArgumentError` that says what is known.
 */
export type RunningFacts<L> = {
  readonly [K in keyof L & ArrayFact]: () => Promise<Tensor>;
} & { readonly [K in keyof L & FunctionFact]: (x: HostArray) => Promise<Tensor> };

const ARRAYS: readonly ArrayFact[] = ['mean', 'variance', 'covariance', 'mode', 'entropy'];
const FUNCTIONS: readonly FunctionFact[] = [
  'cdf',
  'quantile',
  'logCdf',
  'logSurvival',
  'lowerQuantile',
  'upperQuantile',
];

/** Every fact as a function of host arrays; what is not known says so. Programs are compiled at first use. */
export const runningFacts = (
  dist: AnyDist,
  backend: Backend,
): ((parameters: Feeds) => { readonly [name: string]: (x: HostArray) => Promise<Tensor> }) => {
  const known: Partial<AllFacts> = knownFacts(dist as Partial<AllFacts>);
  const unknown = (name: string) => async (): Promise<never> =>
    raise('ArgumentError', dist.spec.type, `its ${name} is not known in closed form`, {
      expected: `one of ${Object.keys(known).join(', ') || 'no facts at all'}`,
    });
  const arrays = ARRAYS.map((name) => {
    const fact = known[name];
    if (fact === undefined) return () => [name, unknown(name)] as const;
    let runner: ExampleRunner | undefined;
    return (parameters: Feeds) => {
      const at = async (): Promise<Tensor> => {
        runner ??= exampleRunner(program([fact], backend.precisions[0]), backend);
        return (await runner.run(parameters, { seed: 0, firstExample: 0 }))[0];
      };
      return [name, at] as const;
    };
  });
  const functions = FUNCTIONS.map((name) => {
    const fact = known[name];
    if (fact === undefined) return () => [name, unknown(name)] as const;
    const each = (x: Expr): D.Draw<readonly Expr[]> => D.of([fact(x)]);
    const runner = chunkRunner((size) => ({ f: () => eachProgram(each, dist.shape, size, backend) }), backend);
    return (parameters: Feeds) => {
      const run = runner.with(parameters);
      const at = async (given: HostArray): Promise<Tensor> => {
        const x = rowsOf(name, given, dist.shape);
        return (await run('f', x.shape[0], 0, x))[0];
      };
      return [name, at] as const;
    };
  });
  return (parameters) => Object.fromEntries([...arrays, ...functions].map((f) => f(parameters)));
};
