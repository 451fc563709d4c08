/** The programs of a sampler that runs in blocks of steps. */
import * as D from '../core/draw.ts';
import { dependents, type Expr, substitute, topological } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Backend, type Executable, type Program, program } from '../core/program.ts';
import type { Cursor } from '../core/random.ts';
import type { Shape } from '../core/shape.ts';
import { leaves, leavesAs, like, pathsOf } from '../core/struct.ts';
import { vmapAll } from '../core/vectorize.ts';
import type { Denoiser } from './denoiser.ts';
import type { Terminal } from './process.ts';
import { type DiffusionSampler, type SamplerState, stepsFrom } from './sampler.ts';

/** Whose programs these are. */
export interface Stepped<T extends Terminal> {
  readonly denoiser: Denoiser<Shape, T>;
  readonly sampler: DiffusionSampler<T>;
  /** The place of the denoiser's parameters; default the outermost. `base` for a diffusion distribution that was pushed forward. */
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
  const one = o.input('x', shape);
  const template: SamplerState = { x: one, memory: sampler.memory(one) };
  const names = pathsOf(template);
  const given = leaves(template).map((e, i) => o.input(names[i], [rows, ...e.shape], e.type));
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
      (...all) => {
        const state = like(template, all.slice(0, names.length));
        const [end] = stepsFrom(sampler, denoiser)(state, all.slice(names.length))(scope)(LOOP);
        return leavesAs(template, end);
      },
      given,
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
    /** Names under which the state is fed, in the order in which programs give it; that of the event is `x`. */
    names,
    start: () =>
      get('start', () =>
        each(() => {
          const [x] = D.forked(denoiser.process.prior(shape).sample)(scope)(PRIOR);
          return leavesAs(template, { x, memory: sampler.memory(x) });
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
