/** `vmap`: a function of one example becomes a function of many. The only place where a batch axis is made. */
import { raise } from './errors.ts';
import { applyRule, type Expr, makeNode, type Node, topological, variable, withInputs } from './expr.ts';
import * as o from './ops/index.ts';
import { showShape } from './shape.ts';
import { vectorizeCond } from './vectorize-cond.ts';
import { vectorizeCustom } from './vectorize-custom.ts';
import { vectorizeScan } from './vectorize-loop.ts';
import { type Lane, type Mapping, vectorizeRules } from './vectorize-rules.ts';

/** Options of {@link vmap}. */
export interface VmapOptions {
  /** Number of examples; needed only where no argument is mapped. */
  readonly size?: number;
  /** For each argument: has it a leading example axis (default), or is it shared? */
  readonly mapped?: readonly boolean[];
  /** The name by which collectives (`batchMean`) refer to this mapping. */
  readonly axis?: string;
  /** The noise that each example draws independently, by path. By default none: outer noise is shared (see `Random.vmap`). */
  readonly fresh?: (path: string) => boolean;
}

/**
 * Vectorises `f` over a leading axis of its arguments. `f` is called once, with one example's placeholders.
 *
 * @example
 * const norms = vmap((x) => sum(square(x)))(input('x', [5, 3]));   // [5]
 */
export const vmap =
  <Args extends readonly Expr[]>(f: (...example: Args) => Expr, options: VmapOptions = {}) =>
  (...args: Args): Expr =>
    vmapAll((...xs: readonly Expr[]) => [f(...(xs as Args))], options)(...args)[0];

/**
 * {@link vmap} for a function with several results.
 *
 * @example
 * vmapAll((x) => [ops.exp(x), ops.neg(x)])(ops.array([0, 1])).length;   // 2
 */
export const vmapAll =
  (f: (...example: Expr[]) => readonly Expr[], options: VmapOptions = {}) =>
  (...args: Expr[]): Expr[] => {
    const isMapped = args.map((_, i) => options.mapped?.[i] ?? true);
    const sizes = [...new Set(args.filter((_, i) => isMapped[i]).map((a) => a.shape[0]))];
    const size = options.size ?? sizes[0];
    if (size === undefined || sizes.some((s) => s !== size))
      return raise('ShapeError', '', 'vmap: arguments differ in their leading axis', {
        expected: options.size === undefined ? 'one number of examples' : `${options.size} examples`,
        got: args.map((a) => showShape(a.shape)).join(', ') || 'no mapped argument and no size',
      });
    const vars = args.map((a, i) => variable(isMapped[i] ? a.shape.slice(1) : a.shape, a.type));
    const bound = new Map(vars.map((v, i) => [v, { value: args[i], mapped: isMapped[i] }] as const));
    const mapping: Mapping = { size, axis: options.axis ?? 'batch', fresh: options.fresh ?? (() => false) };
    return vectorize(f(...vars), bound, mapping).map((l) =>
      l.mapped ? l.value : o.broadcastTo(l.value, [size, ...l.value.shape]),
    );
  };

/** Vectorises expressions given lanes for some of their nodes; each result says whether it came out mapped. */
export const vectorize = (results: readonly Expr[], bound: ReadonlyMap<Expr, Lane>, m: Mapping): Lane[] => {
  const lanes = new Map<Expr, Lane>(bound);
  const loops = new Map<Expr, Lane[]>();
  for (const e of topological(results, (x) => bound.has(x))) {
    if (lanes.has(e)) continue;
    if (e.op === 'noise' && m.fresh(e.attributes.path)) {
      const attributes = { ...e.attributes, batch: e.attributes.batch + 1 };
      lanes.set(e, { value: makeNode('noise', [], attributes, [m.size, ...e.shape], e.type), mapped: true });
    } else if (e.op === 'project') {
      const all = loops.get(e.inputs[0]);
      const loop = lanes.get(e.inputs[0])!;
      lanes.set(e, all?.[e.attributes.index] ?? { value: withInputs(e, [loop.value]), mapped: false });
    } else {
      const inputs = e.inputs.map((x) => lanes.get(x)!);
      if (e.op === 'batchMean') lanes.set(e, collective(e, inputs[0], m));
      else if (!inputs.some((l) => l.mapped))
        lanes.set(e, { value: withInputs(e, inputs.map((l) => l.value)), mapped: false }); // biome-ignore format: one idea
      else if (e.op === 'scan') {
        loops.set(
          e,
          vectorizeScan(e, inputs, m, (rs, b) => vectorize(rs, b, m)),
        );
        lanes.set(e, { value: e, mapped: true });
      } else if (e.op === 'cond') {
        loops.set(
          e,
          vectorizeCond(e, inputs, m, (rs, b) => vectorize(rs, b, m)),
        );
        lanes.set(e, { value: e, mapped: true });
      } else if (e.op === 'custom') {
        loops.set(
          e,
          vectorizeCustom(e, inputs, m, (rs, b) => vectorize(rs, b, m)),
        );
        lanes.set(e, { value: e, mapped: true });
      } else lanes.set(e, { value: applyRule(vectorizeRules, e, inputs, m), mapped: true });
    }
  }
  return results.map((r) => lanes.get(r)!);
};

const collective = (e: Node<'batchMean'>, lane: Lane, m: Mapping): Lane =>
  e.attributes.axis === m.axis
    ? { value: lane.mapped ? o.mean(lane.value, 0) : lane.value, mapped: false }
    : { value: o.batchMean(lane.value, e.attributes.axis), mapped: lane.mapped };
