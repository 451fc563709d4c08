/** The programs of a sampler that runs in blocks of steps. */
import * as D from '../core/draw.ts';
import { dependents, type Expr, substitute, topological } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Backend, type Executable, type Program, program } from '../core/program.ts';
import type { Cursor } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { vmapAll } from '../core/vectorize.ts';
import type { Denoiser } from './denoiser.ts';
import type { Terminal } from './process.ts';
import { type DiffusionSampler, stepsFrom } from './sampler.ts';

/** Whose programs these are. */
export interface Stepped<T extends Terminal> {
  readonly denoiser: Denoiser<Shape, T>;
  readonly sampler: DiffusionSampler<T>;
  /** The place of the denoiser's parameters; default the outermost. `base` for a diffusion law that was pushed forward. */
  readonly place?: string;
}

/** The name under which a table is fed. */
export const tableName = (i: number): string => `table.${i}`;

const STREAM = 'noise';

/** Where the noise of `sampleWith` stands: the prior's is the first fork of the stream, the loop's the second. */
const PRIOR: Cursor = { path: STREAM, next: 0 };
const LOOP: Cursor = { path: STREAM, next: 1 };

/** The programs of a run, compiled at first use. */
export const samplerPrograms = <T extends Terminal>(options: Stepped<T>, rows: number, backend: Backend) => {
  const { denoiser, sampler, place = '' } = options;
  const scope = { path: place };
  const { shape } = denoiser;
  const precision = backend.precisions[0];
  const x0 = o.input('x', [rows, ...shape]);
  const memory0 = sampler.memory(o.input('x', shape));
  const names = Object.keys(memory0).sort();
  const memoryIn = names.map((k) => o.input(`memory.${k}`, [rows, ...memory0[k].shape]));
  const rowsOf = (
    f: (...xs: Expr[]) => readonly Expr[],
    inputs: readonly Expr[],
    shared: readonly Expr[] = [],
  ): readonly Expr[] =>
    vmapAll(f, {
      size: rows,
      fresh: (path) => path.startsWith(STREAM),
      mapped: [...inputs.map(() => true), ...shared.map(() => false)],
    })(...inputs, ...shared);
  const each = (...args: Parameters<typeof rowsOf>): Program => program(rowsOf(...args), precision);
  /** A loop over some steps, and what it reads in each of them that depends on their times alone. */
  const loopOver = (steps: number): { readonly outputs: readonly Expr[]; readonly tables: readonly Expr[] } => {
    const times = [o.input('from', [steps]), o.input('to', [steps])];
    const outputs = rowsOf(
      (x, ...rest) => {
        const memory = Object.fromEntries(names.map((k, i) => [k, rest[i]]));
        const [state] = stepsFrom(sampler, denoiser)({ x, memory }, rest.slice(names.length))(scope)(LOOP);
        return [state.x, ...names.map((k) => state.memory[k])];
      },
      [x0, ...memoryIn],
      times,
    );
    const order = topological(outputs);
    const others = order.filter((e) => (e.op === 'input' && !times.includes(e)) || e.op === 'noise');
    const [timely, mixed] = [dependents(order, times), dependents(order, others)];
    const tables = order
      .filter((e) => e.op === 'scan' && mixed.has(e))
      .flatMap((e) => (e.op === 'scan' ? e.inputs.slice(e.attributes.carries).slice(0, e.attributes.sequences) : []))
      .filter((e) => timely.has(e) && !mixed.has(e));
    return { outputs, tables };
  };
  const paths: string[] = [];
  const cache = new Map<string, Promise<{ readonly p: Program; readonly run: Executable }>>();
  const get = (name: string, make: () => Program) => {
    const known = cache.get(name);
    if (known !== undefined) return known;
    const p = make();
    const made = backend.compile(p).then((run) => ({ p, run }));
    cache.set(name, made);
    return made;
  };
  return {
    names,
    start: () =>
      get('start', () =>
        each(() => {
          const [x] = D.forked(denoiser.process.prior(shape).sample)(scope)(PRIOR);
          const memory = sampler.memory(x);
          return [x, ...names.map((k) => memory[k])];
        }, []),
      ),
    block: (steps: number) =>
      get(`block ${steps}`, () => {
        const { outputs, tables } = loopOver(steps);
        const fed = tables.map((e, i) => [e, o.input(tableName(i), e.shape, e.type)] as const);
        return program(substitute(outputs, new Map(fed)), precision);
      }),
    /** What the steps of a whole grid read, computed once: the same numbers in blocks of any length. */
    tables: (steps: number) => get(`tables ${steps}`, () => program(loopOver(steps).tables, precision)),
    finish: () => get('finish', () => each((x, t) => [denoiser.data(x, t)(scope)], [x0], [o.input('t', [])])),
    /** Every labelled value of the denoiser's fields, in the order of computation. */
    fields: () => {
      return {
        paths,
        compiled: get('fields', () =>
          each(
            (x, t) => {
              const outputs = [denoiser.data, denoiser.noise, denoiser.score].map((f, i) =>
                o.label(`${place === '' ? '' : `${place}/`}${['data', 'noise', 'score'][i]}`, f(x, t)(scope)),
              );
              const labels = topological(outputs).filter((e) => e.op === 'label');
              paths.push(...labels.map((l) => (l.op === 'label' ? l.attributes.path : '')));
              return labels.map((l) => l.inputs[0]);
            },
            [x0],
            [o.input('t', [])],
          ),
        ),
      };
    },
    dispose: async () => {
      for (const made of cache.values()) await (await made).run.dispose();
    },
  };
};
