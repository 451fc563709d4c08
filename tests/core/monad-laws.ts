/** The laws of Functor, Applicative and Monad, for any effect whose results can be observed as text. */
import fc from 'fast-check';
import type { Kind, URIS } from 'fp-ts/HKT';
import type { Monad1 } from 'fp-ts/lib/Monad.js';
import { expect, test } from 'vitest';
import type { Expr } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';

/** What the laws are tried on: effects that may depend on a value, and what can be seen of one. */
export interface Trial<F extends URIS> {
  readonly monad: Monad1<F>;
  readonly effects: fc.Arbitrary<(x: Expr) => Kind<F, Expr>>;
  readonly observe: (effect: Kind<F, Expr>) => string;
}

const pure: fc.Arbitrary<(x: Expr) => Expr> = fc.constantFrom(
  (x: Expr) => x,
  o.tanh,
  (x: Expr) => o.add(x, 1),
  (x: Expr) => o.mul(x, x),
  () => o.scalar(2),
);

const options = { seed: Number(process.env.LAW_SEED ?? 1), numRuns: Number(process.env.LAW_RUNS ?? 100) };

/** Registers a test for each distribution. */
export const monadLaws = <F extends URIS>({ monad: m, effects, observe }: Trial<F>): void => {
  const same = (a: Kind<F, Expr>, b: Kind<F, Expr>): void => {
    expect(observe(a)).toBe(observe(b));
  };
  const x = o.input('x', []);
  type Fn = (x: Expr) => Expr;
  const dist = (name: string, check: (k: readonly ((x: Expr) => Kind<F, Expr>)[], f: Fn, g: Fn) => void): void =>
    test(name, () => {
      const three = fc.tuple(effects, effects, effects);
      fc.assert(
        fc.property(three, pure, pure, (k, f, g) => {
          check(k, f, g);
        }),
        options,
      );
    });
  /** An effect whose value is a function. */
  const functions = (k: (x: Expr) => Kind<F, Expr>): Kind<F, Fn> =>
    m.map(k(x), (a) => (b: Expr) => o.add(o.tanh(a), b));

  dist('Functor: identity', ([k]) =>
    same(
      m.map(k(x), (a) => a),
      k(x),
    ),
  );
  dist('Functor: composition', ([k], f, g) => same(m.map(m.map(k(x), f), g), m.map(k(x), (a) => g(f(a))))); // biome-ignore format: one law a line
  dist('Applicative: identity', ([k]) =>
    same(
      m.ap(
        m.of((a: Expr) => a),
        k(x),
      ),
      k(x),
    ),
  );
  dist('Applicative: homomorphism', (_, f) => same(m.ap(m.of(f), m.of(x)), m.of(f(x))));
  dist('Applicative: interchange', ([k]) => same(m.ap(functions(k), m.of(x)), m.ap(m.of((f: Fn) => f(x)), functions(k)))); // biome-ignore format: one law a line
  dist('Applicative: composition', ([k, l, n]) => {
    const compose = (f: Fn) => (g: Fn) => (a: Expr) => f(g(a));
    const [u, v, w] = [functions(k), functions(l), n(x)];
    same(m.ap(m.ap(m.ap(m.of(compose), u), v), w), m.ap(u, m.ap(v, w)));
  });
  dist('Monad: left identity', ([k]) => same(m.chain(m.of(x), k), k(x)));
  dist('Monad: right identity', ([k]) => same(m.chain(k(x), m.of), k(x)));
  dist('Monad: associativity', ([k, l, n]) => same(m.chain(m.chain(k(x), l), n), m.chain(k(x), (a) => m.chain(l(a), n)))); // biome-ignore format: one law a line
  dist('ap and map agree with chain', ([k, l], f) => {
    same(
      m.ap(functions(k), l(x)),
      m.chain(functions(k), (h) => m.map(l(x), h)),
    );
    same(
      m.map(k(x), f),
      m.chain(k(x), (a) => m.of(f(a))),
    );
  });
};
