/** Selectors: what each selects, the distributions of Boolean algebra, and reading back. */
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { type Claim, type Expr, makeNode } from '../../src/core/expr.ts';
import * as o from '../../src/core/ops/index.ts';
import { parametersOf } from '../../src/core/program.ts';
import * as scope from '../../src/core/scope.ts';
import { standardNormal } from '../../src/distributions/index.ts';
import {
  belongingTo,
  both,
  either,
  everything,
  kind,
  not,
  type Parameter,
  place,
  type Selector,
} from '../../src/inference/index.ts';
import { readSelector } from '../../src/models/index.ts';
import { dense } from '../../src/nn/index.ts';

const options = { seed: Number(process.env.LAW_SEED ?? 12), numRuns: 300 };

const parameter = (name: string, kind?: string, claim?: Claim): Parameter => {
  const attributes = {
    name,
    definition: o.scalar(0),
    ...(kind === undefined ? {} : { kind }),
    ...(claim === undefined ? {} : { claim }),
  };
  return makeNode('parameter', [], attributes, [], 'real') as Parameter;
};

const owners = (['generator', 'critic', 'game'] as const).map((name) => ({
  declaration: { kind: 'dist' as const, name },
}));
const segment = fc.constantFrom('a', 'b', 'ab', '0.dense', 'kernel');
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((s) => s.join('/'));
const kinds = fc.constantFrom('kernel', 'bias', 'scale');
const parameters = fc
  .record({ name: path, kind: fc.option(kinds, { nil: undefined }), of: fc.subarray(owners) })
  .map((p) => parameter(p.name, p.kind, { reading: undefined, owners: p.of.map((o) => o.declaration) }));

const { selector, readable } = fc.letrec<{ selector: Selector; readable: Selector }>((tie) => {
  const leaves = [
    fc.constant(everything),
    path.map(place),
    fc.array(kinds, { minLength: 1, maxLength: 2 }).map((k) => kind(...k)),
  ];
  const combined = (part: fc.Arbitrary<Selector>) => [
    fc.array(part, { maxLength: 3 }).map((of) => both(...of)),
    fc.array(part, { maxLength: 3 }).map((of) => either(...of)),
    part.map(not),
  ];
  return {
    selector: fc.oneof(
      { maxDepth: 3 },
      ...leaves,
      fc.constantFrom(...owners).map(belongingTo),
      ...combined(tie('selector')),
    ),
    readable: fc.oneof({ maxDepth: 3 }, ...leaves, ...combined(tie('readable'))),
  };
});

describe('selectors', () => {
  it('select by segments, kinds and owners', () => {
    const critic = place('critic');
    expect(
      ['critic', 'critic/0.dense/kernel', 'critics/0', 'a/critic', 'crit'].map((n) => critic.selects(parameter(n))),
    ).toEqual([true, true, false, false, false]);
    expect(place('a.c').selects(parameter('abc'))).toBe(false);
    expect(['kernel', 'bias', undefined].map((k) => kind('kernel', 'scale').selects(parameter('a', k)))).toEqual([
      true,
      false,
      false,
    ]);
    const [a, b] = owners;
    const of = (claim?: Claim): boolean => belongingTo(a).selects(parameter('x', undefined, claim));
    const claim = (...whose: typeof owners): Claim => ({ reading: undefined, owners: whose.map((o) => o.declaration) });
    expect([of(claim(b, a)), of(claim(b)), of()]).toEqual([true, false, false]);
    // A copy of a distribution is that distribution; another of the same name is not.
    expect(belongingTo({ ...a }).selects(parameter('x', undefined, claim(a)))).toBe(true);
    expect(belongingTo({ declaration: { ...a.declaration } }).selects(parameter('x', undefined, claim(a)))).toBe(false);
    const judged = scope.placed('critic', (x: Expr) => dense(1)(x));
    const [kernel] = parametersOf([judged(o.constant([1]))(scope.root)]);
    expect([belongingTo(judged), belongingTo(standardNormal([1]))].map((s) => s.selects(kernel))).toEqual([
      true,
      false,
    ]);
  });

  it('refuse what selects nothing whatever the parameters are called', () => {
    for (const at of ['', '/a', 'a/', 'a//b'])
      expect(() => place(at)).toThrow('place: a place is names with single slashes');
    expect(() => kind()).toThrow('kind: say at least one kind');
  });

  const same = (dist: (a: Selector, b: Selector, c: Selector) => readonly [Selector, Selector]): void =>
    fc.assert(
      fc.property(selector, selector, selector, parameters, (a, b, c, p) => {
        const [x, y] = dist(a, b, c);
        expect(x.selects(p)).toBe(y.selects(p));
      }),
      options,
    );
  const nothing = not(everything);

  it.each([
    ['associative', (a, b, c) => [both(a, both(b, c)), both(both(a, b), c)]],
    ['commutative', (a, b) => [both(a, b), both(b, a)]],
    ['idempotent', (a) => [both(a, a), a]],
    ['absorbing', (a, b) => [both(a, either(a, b)), a]],
    ['distributive', (a, b, c) => [both(a, either(b, c)), either(both(a, b), both(a, c))]],
    ['distributive the other way', (a, b, c) => [either(a, both(b, c)), both(either(a, b), either(a, c))]],
    ['with a unit', (a) => [both(a, everything), a]],
    ['with the other unit', (a) => [either(a, nothing), a]],
    ['with complements', (a) => [both(a, not(a)), nothing]],
    ['with complements that fill', (a) => [either(a, not(a)), everything]],
    ['with De Morgan’s distribution', (a, b) => [not(both(a, b)), either(not(a), not(b))]],
    ['with double negation', (a) => [not(not(a)), a]],
    ['variadic', (a, b, c) => [either(a, b, c), either(a, either(b, c))]],
    ['empty: all', () => [both(), everything]],
    ['empty: none', () => [either(), nothing]],
  ] as const satisfies readonly (readonly [
    string,
    Parameters<typeof same>[0],
  ])[])('are a Boolean algebra: %s', (_, dist) => same(dist));

  it('read back from JSON', () =>
    fc.assert(
      fc.property(readable, parameters, (s, p) => {
        const again = readSelector(JSON.parse(JSON.stringify(s.spec)));
        if (E.isLeft(again)) throw new Error(again.left.message);
        expect(again.right.spec).toEqual(s.spec);
        expect(again.right.selects(p)).toBe(s.selects(p));
      }),
      options,
    ));

  it('known by identity cannot be read back, and say so', () => {
    expect(readSelector(not(belongingTo(owners[0])).spec)).toMatchObject({
      left: { path: 'of', message: "this selector 'belongingTo' cannot be read back: the owner is known by identity" },
    });
  });
});
