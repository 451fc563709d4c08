/** Three gradients of one solve, against matrix exponentials and the discrete gradient of Euler's method. */
import { describe, expect, test } from 'vitest';
import { grad, jvp } from '../../src/core/differentiate/index.ts';
import { type Expr, topological } from '../../src/core/expr.ts';
import { onnx } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { program } from '../../src/core/program.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { simplify } from '../../src/core/simplify/index.ts';
import { tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { vmap } from '../../src/core/vectorize.ts';
import {
  bogackiShampine,
  dormandPrince,
  euler,
  heun,
  midpoint,
  type OdeSolver,
  rk4,
  type SolveGradient,
  solveOde,
} from '../../src/dynamics/index.ts';
import { column, exact, grid, linearField, plus, problem, scaled, slopeOf, times, turned, unit, valuesOf } from './linear-field.ts'; // biome-ignore format: one import

const gradients: readonly SolveGradient[] = ['throughSteps', 'checkpointed', 'backsolve'];
const { A, y0, c, T } = problem;
const truth = exact();
const [a, y, ts] = [o.input('A', [2, 2]), o.input('y', [2]), o.input('t', [2])];
const inputs = { A: A.flat(), y: y0 };

const lossOf = (solver: OdeSolver, gradient: SolveGradient, at: readonly number[] | Expr, start: Expr = y): Expr =>
  o.dot(o.constant(c), solveOde(solver, linearField(a), { gradient })([start], at)[0]);
const gradientOf = (solver: OdeSolver, gradient: SolveGradient, at: readonly number[]): number[][] =>
  valuesOf(grad(lossOf(solver, gradient, at), [a, y]), inputs);
const distance = (u: readonly number[], v: readonly number[]): number => Math.hypot(...u.map((x, i) => x - v[i]));

/** Σₖ h ((I + hA)ᵀ)ⁿ⁻¹⁻ᵏ c yₖᵀ with yₖ = (I + hA)ᵏ y0: what the program of Euler's method depends on A. */
const discreteGradient = (n: number): { readonly dA: number[]; readonly dy0: number[] } => {
  const step = plus(unit(2), scaled(T / n, A));
  const back = turned(step);
  const ys = [column(y0)];
  const cs = [column(c)];
  for (let k = 1; k < n; k++) ys.push(times(step, ys[k - 1]));
  for (let k = 1; k <= n; k++) cs.push(times(back, cs[k - 1]));
  const terms = ys.map((v, k) => scaled(T / n, times(cs[n - 1 - k], turned(v))));
  return { dA: terms.reduce((s, v) => plus(s, v)).flat(), dy0: cs[n].flat() };
};

test('the oracle is the one of the reference', () => {
  expect(truth.loss).toBeCloseTo(0.593363204, 8);
  [0.66763721, -0.10667859, 0.03080124, 0.10373496].forEach((v, i) => {
    expect(truth.dA.flat()[i]).toBeCloseTo(v, 7);
  });
});

describe('every gradient is right to the tolerance', () => {
  const tight: readonly OdeSolver[] = [dormandPrince({ rtol: 1e-9, atol: 1e-9 }), bogackiShampine({ rtol: 1e-8, atol: 1e-8 })]; // biome-ignore format: a list
  test.each(gradients)('%s', (gradient) => {
    for (const solver of tight) {
      const [dA, dy0] = gradientOf(solver, gradient, [0, T]);
      expect(distance(dA, truth.dA.flat())).toBeLessThan(1e-5);
      expect(distance(dy0, truth.dy0)).toBeLessThan(1e-5);
    }
    const [dA, dy0] = gradientOf(rk4(), gradient, grid(60));
    expect(distance(dA, truth.dA.flat())).toBeLessThan(1e-6);
    expect(distance(dy0, truth.dy0)).toBeLessThan(1e-6);
  });
});

describe('the discrete gradient', () => {
  test.each([7, 36, 50] as const)('of %s steps of Euler’s method, through the steps and by checkpoints', (n) => {
    const { dA, dy0 } = discreteGradient(n);
    for (const gradient of ['throughSteps', 'checkpointed'] as const) {
      const found = gradientOf(euler(), gradient, grid(n));
      expect(distance(found[0], dA)).toBeLessThan(1e-14);
      expect(distance(found[1], dy0)).toBeLessThan(1e-14);
    }
  });

  test('by checkpoints is that through the steps, for every solver, forwards and backwards in time', () => {
    const field = ([x]: readonly Expr[], t: Expr) => [o.tanh(o.add(o.matvec(a, x), o.sin(t)))];
    for (const solver of [euler(), midpoint(), heun(), rk4(), dormandPrince(), bogackiShampine({ maxSteps: 90 })])
      for (const at of [grid(10), [...grid(10)].reverse(), [0, T]]) {
        const loss = (gradient: SolveGradient): Expr =>
          o.sum(o.square(solveOde(solver, field, { gradient })([y], at)[0]));
        const [plain, kept] = (['throughSteps', 'checkpointed'] as const).map((g) =>
          valuesOf([loss(g), ...grad(loss(g), [a, y])], inputs).flat(),
        );
        expect(kept[0]).toBe(plain[0]);
        expect(distance(plain, kept)).toBeLessThan(1e-13);
      }
  });

  test('by checkpoints keeps of the order of √n states', () => {
    const n = 400;
    /** Numbers in the largest array that a loop gives out, beside what the times are. */
    const kept = (gradient: SolveGradient): number => {
      const field = ([x]: readonly Expr[]) => [o.tanh(o.matvec(a, x))];
      const loss = o.sum(solveOde(rk4(), field, { gradient })([y], grid(n))[0]);
      const largest = (es: readonly Expr[]): number =>
        topological(es).reduce((m, e) => {
          const inner = e.op === 'scan' ? largest(e.attributes.body.results) : 0;
          return Math.max(m, inner, e.op === 'project' ? sizeOf(e.shape) : 0);
        }, 0);
      return largest(simplify([loss, ...grad(loss, [a, y])]));
    };
    expect(kept('throughSteps')).toBe(2 * n);
    expect(kept('checkpointed')).toBe(2 * Math.sqrt(n));
  });
});

describe('backsolve is an estimate', () => {
  test('Euler’s is off by O(h), in the gradient and in the state that it solves back', () => {
    const error = [50, 100, 200].map((n) => {
      const [found, discrete] = [gradientOf(euler(), 'backsolve', grid(n))[0], discreteGradient(n).dA];
      return Math.max(...found.map((v, i) => Math.abs(v - discrete[i])));
    });
    [0.0172, 0.0085, 0.0042].forEach((v, i) => {
      expect(Math.abs(error[i] - v)).toBeLessThan(1e-4);
    });
    const drift = [50, 100, 200].map((n) => {
      const [end] = solveOde(euler(), linearField(a))([y], grid(n));
      return distance(valuesOf(solveOde(euler(), linearField(a))([end], [...grid(n)].reverse()), inputs)[0], y0);
    });
    [0.0293, 0.0145, 0.0072].forEach((v, i) => {
      expect(Math.abs(drift[i] - v)).toBeLessThan(1e-4);
    });
  });

  test.each([euler(), midpoint(), heun(), rk4()])('$spec.type: its error falls by the power $order', (solver) => {
    const ns = [20, 40, 80];
    const errors = ns.map(
      (n) => [1 / n, distance(gradientOf(solver, 'backsolve', grid(n))[0], truth.dA.flat())] as const,
    );
    expect(Math.abs(slopeOf(errors) - solver.order)).toBeLessThan(0.3);
  });

  test('where the flow contracts, the state that it solves back is lost, and the gradient with it', () => {
    // y' = −k y over [0, 1]: dL/dk of L = y(1) is −y(0) e^{−k}.
    const k = o.input('k', []);
    const loss = (gradient: SolveGradient): Expr =>
      solveOde(dormandPrince({ rtol: 1e-6, atol: 1e-6 }), ([x]) => [o.neg(o.mul(k, x))], { gradient })([o.scalar(1)], [0, 1])[0]; // biome-ignore format: one idea
    const slope = (gradient: SolveGradient, at: number): number =>
      valuesOf(grad(loss(gradient), [k]), { k: [at] })[0][0];
    for (const gradient of gradients) expect(slope(gradient, 1)).toBeCloseTo(-Math.exp(-1), 4);
    expect(Math.abs(slope('throughSteps', 30))).toBeLessThan(1e-4);
    expect(Math.abs(slope('checkpointed', 30))).toBeLessThan(1e-4);
    // Backwards the error of y(1), at most the tolerance, grows by e³⁰.
    const [end] = solveOde(dormandPrince({ rtol: 1e-6, atol: 1e-6 }), ([x]) => [o.mul(-30, x)])([o.scalar(1)], [0, 1]);
    const [start] = solveOde(dormandPrince({ rtol: 1e-6, atol: 1e-6 }), ([x]) => [o.mul(-30, x)])([end], [1, 0]);
    expect(Math.abs(valuesOf([start])[0][0] - 1)).toBeGreaterThan(1e4);
  });
});

describe('times are values', () => {
  test.each(gradients)('%s: dL/dT = a(T)ᵀ f(T), dL/dt₀ = −a(t₀)ᵀ f(t₀)', (gradient) => {
    const solver = dormandPrince({ rtol: 1e-9, atol: 1e-9 });
    const [dt] = valuesOf(grad(lossOf(solver, gradient, ts), [ts]), { ...inputs, t: [0, T] });
    // The field does not depend on the time: moving both ends moves nothing.
    expect(dt[1]).toBeCloseTo(truth.dT, 6);
    expect(dt[0]).toBeCloseTo(-truth.dT, 6);
  });

  test('central differences agree, for a field that reads the time, on a grid of several', () => {
    const t3 = o.input('t', [3]);
    const field = ([x]: readonly Expr[], t: Expr) => [o.mul(o.cos(o.mul(2, t)), o.matvec(a, x))];
    const at = [0.2, 0.7, 1.4];
    for (const gradient of gradients) {
      const loss = o.sum(solveOde(dormandPrince({ rtol: 1e-10, atol: 1e-10 }), field, { gradient })([y], t3)[0]);
      const [found] = valuesOf(grad(loss, [t3]), { ...inputs, t: at });
      [0, 1, 2].forEach((i) => {
        const moved = (d: number): number => valuesOf([loss], { ...inputs, t: at.map((v, j) => v + (i === j ? d : 0)) })[0][0]; // biome-ignore format: one idea
        expect(Math.abs(found[i] - (moved(1e-4) - moved(-1e-4)) / 2e-4)).toBeLessThan(1e-5);
      });
    }
  });
});

describe('gradients of solves compose', () => {
  test.each(gradients)('%s: grad ∘ vmap = vmap ∘ grad, and what is shared gets the sum', (gradient) => {
    const starts = o.reshape(o.constant([0.9, 0.4, -0.2, 1.1, 3, 0.1]), [3, 2]); // biome-ignore format: rows
    for (const solver of [rk4(), dormandPrince({ rtol: 1e-7, atol: 1e-7 })]) {
      const at = solver.adaptive === undefined ? grid(5) : [0, T];
      const each = vmap((s) => lossOf(solver, gradient, at, s))(starts);
      const [together] = valuesOf(grad(o.sum(each), [a]), inputs);
      const one = vmap((s) => grad(lossOf(solver, gradient, at, s), [a])[0])(starts);
      const [apart] = valuesOf([o.sum(one, 0)], inputs);
      expect(distance(together, apart)).toBeLessThan(1e-12);
      expect(together.every(Number.isFinite)).toBe(true);
    }
  });

  test('second derivatives: through the steps and by checkpoints those of the program, by backsolve to the tolerance', () => {
    const field = ([x]: readonly Expr[]) => [o.tanh(o.matvec(a, x))];
    const second = (gradient: SolveGradient): number[] => {
      const loss = o.sum(o.square(solveOde(rk4(), field, { gradient })([y], grid(9))[0]));
      return valuesOf(grad(o.sum(o.sin(grad(loss, [y])[0])), [a, y]), inputs).flat();
    };
    const [plain, kept, back] = gradients.map(second);
    expect(distance(plain, kept)).toBeLessThan(1e-12);
    expect(distance(plain, back)).toBeLessThan(1e-3);
  });

  test('forward mode goes through the steps, whatever reverse mode does', () => {
    const along = gradients.map((g) =>
      valuesOf(jvp([lossOf(rk4(), g, grid(9))], [y], [o.constant([1, 0.5])]), inputs).flat(),
    );
    expect(along[2]).toEqual(along[0]);
    expect(distance(along[0], along[1])).toBeLessThan(1e-14);
  });

  test('an error that is exactly 0 has a gradient', () => {
    const still = solveOde(dormandPrince(), ([x]) => [o.mul(0, x)])([y], [0, 1]);
    expect(valuesOf(grad(o.sum(still[0]), [y]), inputs)[0]).toEqual([1, 1]);
  });

  test('on ONNX Runtime they are those of the reference, to single precision', async () => {
    for (const gradient of gradients) {
      const es = grad(lossOf(dormandPrince({ rtol: 1e-4, atol: 1e-4 }), gradient, [0, T]), [a, y]);
      const executable = await onnx('cpu').compile(program(es, 'float32'));
      const found = await executable.run({
        A: { ...tensorOf(A.flat()), shape: [2, 2], type: 'float32', data: Float32Array.from(A.flat()) },
        y: { shape: [2], type: 'float32', data: Float32Array.from(y0) },
      });
      await executable.dispose();
      expect(distance(toNumbers(found[0]), truth.dA.flat())).toBeLessThan(1e-2);
      expect(distance(toNumbers(found[1]), truth.dy0)).toBeLessThan(1e-2);
    }
  });
});
