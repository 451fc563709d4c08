/** The oracle's own check: derivatives on `reference` against central differences, and `vmap` against one example at a time. */
import type { Expr } from '../core/expr.ts';
import { evaluateProgram } from '../core/interpreters/reference/index.ts';
import { type Feeds, program, slotName } from '../core/program.ts';
import { sizeOf } from '../core/shape.ts';
import { type Tensor, tensor } from '../core/tensor.ts';
import { between, type Case, drawInput } from './conformance-case.ts';
import { answers, examples, type Kind, type PlacedCase, place, slopeNorm, valueAndPullback, vmapMasks } from './conformance-kinds.ts'; // biome-ignore format: one import

/** How far a kind of answer is from what it should be. */
export interface Deviation {
  readonly kind: Kind;
  /** Largest difference over the largest magnitude. */
  readonly error: number;
  readonly tolerance: number;
  readonly pass: boolean;
}

const numbers = (outputs: readonly Expr[], feeds: Feeds): number[] =>
  outputs.length === 0 ? [] : evaluateProgram(program(outputs, 'float64'), feeds).flatMap((t) => Array.from(t.data));

const nameOf = (leaf: Expr): string =>
  leaf.op === 'input' || leaf.op === 'parameter' || leaf.op === 'noise' ? slotName(leaf) : '';

/** Feeds with some leaves moved by `h` along directions. */
const moved = (feeds: Feeds, leaves: readonly Expr[], along: readonly Tensor[], h: number): Feeds => {
  const out: Record<string, Tensor> = { ...feeds };
  leaves.forEach((leaf, i) => {
    const x = feeds[nameOf(leaf)];
    const d = along[i].data;
    out[nameOf(leaf)] = tensor(
      Float64Array.from(x.data as Float64Array, (v, k) => v + h * d[k]),
      x.shape,
    );
  });
  return out;
};

/** d/dh at 0 by the five-point stencil, and how much a step of half the size changes it. */
const slope = (f: (h: number) => number[], h: number): { readonly value: number[]; readonly doubt: number[] } => {
  const at = (s: number): number[] => {
    const [a, b, c, d] = [f(-2 * s), f(-s), f(s), f(2 * s)];
    return a.map((_, i) => (8 * (c[i] - b[i]) - (d[i] - a[i])) / (12 * s));
  };
  const [coarse, fine] = [at(h), at(h / 2)];
  return { value: fine, doubt: fine.map((v, i) => Math.abs(v - coarse[i])) };
};

const peak = (v: readonly number[]): number => v.reduce((m, x) => Math.max(m, Math.abs(x)), 0);

const deviation = (
  kind: Kind,
  got: readonly number[],
  want: readonly number[],
  doubt: readonly number[],
  tolerance: number,
): Deviation => {
  const scale = Math.max(peak(want), peak(got), 1e-2);
  const error =
    got.length === want.length && got.every((g, i) => Number.isFinite(g) && Number.isFinite(want[i]))
      ? peak(got.map((g, i) => g - want[i])) / scale
      : Number.POSITIVE_INFINITY;
  const allowed = tolerance + Math.min(3 * (peak(doubt) / scale), 1e-4);
  return { kind, error, tolerance: allowed, pass: error <= allowed };
};

const step = 2e-3;

const basis = (leaves: readonly Expr[], which: number, element: number): Tensor[] =>
  leaves.map((x, i) =>
    tensor(
      Float64Array.from({ length: sizeOf(x.shape) }, (_, k) => (i === which && k === element ? 1 : 0)),
      x.shape,
    ),
  );

const dotted = (a: readonly number[], b: ArrayLike<number>): number => a.reduce((s, v, i) => s + v * b[i], 0);

/** Reference's vjp (each element), jvp, second and mixed derivative of a case against central differences in float64. */
export const checkDerivatives = (p: PlacedCase, tolerance = 1e-7): Deviation[] => {
  if (p.wrt.length === 0) return [];
  const { feeds, wrt, ws } = p;
  const ts = p.ts.map((t) => feeds[nameOf(t)]);
  const c = feeds[nameOf(p.c)].data;
  const h = step * Math.min(1, Math.max(1e-3, ...wrt.map((x) => peak(Array.from(feeds[nameOf(x)].data)))));
  const along = (ys: readonly Expr[], leaves: readonly Expr[], d: readonly Tensor[]): ReturnType<typeof slope> =>
    slope((s) => numbers(ys, moved(feeds, leaves, d, s)), h);
  const got = (kind: Kind): number[] => numbers(answers(p, kind), feeds);

  const columns = wrt.flatMap((x, i) =>
    Array.from({ length: sizeOf(x.shape) }, (_, k) => along([p.y], wrt, basis(wrt, i, k))),
  );
  const forward = along([p.y], wrt, ts);
  const second = along(answers(p, 'vjp'), wrt, ts);
  const directions = [0, 1, 2].map((k) =>
    ws.map((w, i) => drawInput(between(w.shape, -1, 1), `${p.id}/d${k}.${i}`, 0)),
  );
  const norm = directions.map((d) => along([slopeNorm(p)], ws, d));
  const mixed = got('mixed');
  return [
    deviation(
      'vjp',
      got('vjp'),
      columns.map((s) => dotted(s.value, c)),
      columns.map((s) => peak(s.doubt)),
      tolerance,
    ),
    deviation('jvp', got('jvp'), forward.value, forward.doubt, tolerance),
    deviation('second', got('second'), second.value, second.doubt, tolerance),
    deviation(
      'mixed',
      directions.map((d) => dotted(mixed, d.flatMap((t) => Array.from(t.data)))), // biome-ignore format: one idea
      norm.map((s) => s.value[0]),
      norm.map((s) => s.doubt[0]),
      tolerance,
    ),
  ];
};

/** Example `k` of an array of examples. */
const example = (t: Tensor, k: number): Tensor => {
  const n = t.data.length / examples;
  return tensor(t.data.slice(k * n, (k + 1) * n), t.shape.slice(1));
};

/** The vectorised value and vjp of a case against one example at a time, for every choice of mapped inputs. */
export const checkVmap = (p: PlacedCase, tolerance = 1e-12): Deviation[] => {
  if (p.source.vmap === false) return [];
  const got = evaluateProgram(program(answers(p, 'vmap'), 'float64'), p.feeds);
  const single = valueAndPullback(p)(...p.xs);
  const want = vmapMasks(p.xs.length).flatMap((mask) => {
    const runs = Array.from({ length: examples }, (_, k) => {
      const chosen = p.xs.map((x, i) => [nameOf(x), mask[i] ? example(p.feeds[nameOf(p.es[i])], k) : p.feeds[nameOf(x)]] as const); // biome-ignore format: one idea
      return evaluateProgram(program(single, 'float64'), { ...p.feeds, ...Object.fromEntries(chosen) });
    });
    return single.flatMap((_, j) => runs.flatMap((r) => Array.from(r[j].data)));
  });
  return [deviation('vmap', got.flatMap((t) => Array.from(t.data)), want, [], tolerance)]; // biome-ignore format: one idea
};

/**
 * Compares the derivatives of a case on `reference` with central differences, and its `vmap` with one example at a time: one deviation for each comparison.
 *
 * @example
 * const deviations = checkAgainstDifferences('exp', primitiveCases.exp[0]);
 */
export const checkAgainstDifferences = (id: string, source: Case, seed = 0): Deviation[] => {
  const p = place(id, source, seed);
  return [...checkDerivatives(p), ...checkVmap(p)];
};
