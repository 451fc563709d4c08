import { expect, test } from 'vitest';
import { divergence, grad, jacobian, jvp } from '../../src/core/differentiate/index.ts';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { program } from '../../src/core/program.ts';
import { tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { vmap } from '../../src/core/vectorize.ts';

const run = (ys: Expr[], feeds: Record<string, [number[], number[]]>) =>
  evaluateProgram(
    program(ys, 'float64'),
    Object.fromEntries(Object.entries(feeds).map(([k, [v, s]]) => [k, tensorOf(v, s)])),
  ).map(toNumbers);

test('the mixed derivative tfjs gets wrong', () => {
  const x = o.input('x', [2]);
  const w = o.input('w', [2, 2]);
  const s = o.sum(o.tanh(o.vecmat(x, w)));
  const [gx] = grad(s, [x]);
  const n = o.sum(o.square(gx));
  const [gw] = grad(n, [w]);
  const W = [0.3, -0.5, 0.7, 0.2];
  const X = [0.4, 0.9];
  const [g] = run([gw], { x: [X, [2]], w: [W, [2, 2]] });
  const f = (k: number, h: number) =>
    run([n], { x: [X, [2]], w: [W.map((v, i) => (i === k ? v + h : v)), [2, 2]] })[0][0];
  for (let k = 0; k < 4; k++) expect(g[k]).toBeCloseTo((f(k, 1e-5) - f(k, -1e-5)) / 2e-5, 7);
});

test('scan: vjp and jvp of a power loop', () => {
  const x = o.input('x', []);
  const w = o.input('w', []);
  const { carry, ys } = o.scan({
    length: 3,
    init: [x],
    body: ([c]) => ({ carry: [o.mul(c, o.mul(w, c))], ys: [o.sin(c)] }),
  });
  const y = o.add(carry[0], o.sum(ys[0]));
  const [gx, gw] = grad(y, [x, w]);
  const [gxx] = grad(gx, [x]);
  const [t] = jvp([y], [w], [o.scalar(1)]);
  const [gwx] = grad(t, [x]);
  const at = (a: number, b: number) => run([y, gx, gw, gxx, t, gwx], { x: [[a], []], w: [[b], []] }).map((v) => v[0]);
  const [, a1, b1, c1, t1, m1] = at(0.7, 1.1);
  const h = 1e-5;
  expect(a1).toBeCloseTo((at(0.7 + h, 1.1)[0] - at(0.7 - h, 1.1)[0]) / (2 * h), 7);
  expect(b1).toBeCloseTo((at(0.7, 1.1 + h)[0] - at(0.7, 1.1 - h)[0]) / (2 * h), 7);
  expect(c1).toBeCloseTo((at(0.7 + h, 1.1)[1] - at(0.7 - h, 1.1)[1]) / (2 * h), 6);
  expect(t1).toBeCloseTo(b1, 10);
  expect(m1).toBeCloseTo((at(0.7 + h, 1.1)[2] - at(0.7 - h, 1.1)[2]) / (2 * h), 6);
});

test('vmap of everything, jacobian and divergence', () => {
  const x = o.input('x', [3, 2]);
  const f = (v: Expr): Expr => o.add(o.sin(v), o.reverse(o.mul(v, v)));
  const d = vmap((v) => divergence(f(v), v))(x);
  const X = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
  const [got] = run([d], { x: [X, [3, 2]] });
  got.forEach((g, i) => expect(g).toBeCloseTo(Math.cos(X[2 * i]) + Math.cos(X[2 * i + 1]), 10));
  const y = o.input('y', [2]);
  const [j] = run([jacobian(f(y), y)], { y: [[0.1, 0.2], [2]] });
  expect(j[1]).toBeCloseTo(0.4, 10);
});
