/** Draw: lawful, as Scoped and Random are; places, streams of noise and errors go together. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as D from '../../src/core/draw.ts';
import { PushforwardError, raise } from '../../src/core/errors.ts';
import { type Expr, topological } from '../../src/core/expr.ts';
import { structuralHash } from '../../src/core/hash.ts';
import * as o from '../../src/core/ops/index.ts';
import * as P from '../../src/core/parameters.ts';
import { parametersOf } from '../../src/core/program.ts';
import { normal, start, uniform } from '../../src/core/random.ts';
import * as Sc from '../../src/core/scope.ts';
import { monadLaws } from './monad-laws.ts';

type Effect = (x: Expr) => D.Draw<Expr>;

const weight = D.fromScoped(Sc.parameter('w', [], { init: P.normalInit(1) }));

const effects: fc.Arbitrary<Effect> = fc.letrec<{
  effect: Effect;
  leaf: Effect;
  later: Effect;
  inside: Effect;
  apart: Effect;
}>((tie) => ({
  effect: fc.oneof({ maxDepth: 3 }, tie('leaf'), tie('later'), tie('inside'), tie('apart')),
  leaf: fc.constantFrom<Effect>(
    D.of,
    () => weight,
    () => D.fromRandom(normal([])),
    (x) => D.map((u: Expr) => o.mul(u, x))(D.fromRandom(uniform([]))),
    D.labelled,
  ),
  later: fc.tuple(tie('effect'), tie('effect')).map(
    ([a, b]): Effect =>
      (x) =>
        D.chain(b)(a(x)),
  ),
  inside: fc.tuple(fc.constantFrom('p', 'q'), tie('effect')).map(
    ([at, a]): Effect =>
      (x) =>
        D.at(at, a(x)),
  ),
  apart: tie('effect').map(
    (a): Effect =>
      (x) =>
        D.forked(a(x)),
  ),
})).effect;

const noiseOf = (e: Expr): string[] => topological([e]).flatMap((n) => (n.op === 'noise' ? [n.attributes.path] : []));
const namesOf = (e: Expr): string[] => parametersOf([e]).map((p) => p.attributes.name);

const observe = (d: D.Draw<Expr>): string => {
  const [value, cursor] = d({ path: 'here' })(start());
  return JSON.stringify([structuralHash([value]), namesOf(value), noiseOf(value), cursor]);
};

describe('Draw is a lawful monad', () => monadLaws({ monad: D.Monad, effects, observe }));

describe('places', () => {
  test('give parameters their names and noise its stream', () => {
    const part = D.chain((w: Expr) => D.map((e: Expr) => o.mul(w, e))(D.fromRandom(normal([]))))(weight);
    const value = D.runDraw(D.at('outer', D.at('inner', part)));
    expect(namesOf(value)).toEqual(['outer/inner/w']);
    expect(noiseOf(value)).toEqual(['noise/0/0#0']);
  });

  test('adding draws or parameters at one place leaves every other place as it was', () => {
    fc.assert(
      fc.property(effects, effects, effects, (a, more, b) => {
        const x = o.input('x', []);
        const second = (first: D.Draw<Expr>): Expr =>
          D.runDraw(D.chain(() => D.at('second', b(x)))(D.at('first', first)));
        const extended = D.chain(() => more(x))(a(x));
        expect(structuralHash([second(extended)])).toBe(structuralHash([second(a(x))]));
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  test('appear in the paths of errors', () => {
    const failing: D.Draw<Expr> = () => () => raise('ShapeError', 'coupling', 'nothing to split');
    try {
      D.runDraw(D.at('flow', D.at('3', failing)));
      expect.unreachable();
    } catch (e) {
      expect(e).toBeInstanceOf(PushforwardError);
      expect((e as PushforwardError).path).toBe('flow/3/coupling');
    }
  });

  test('labels say where a value was made', () => {
    const value = D.runDraw(D.at('flow', D.at('3', D.labelled(o.input('x', [])))));
    expect(value.op === 'label' && value.attributes.path).toBe('flow/3');
  });
});
