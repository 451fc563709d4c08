/** Structs: leaves and structure come apart and together again, whatever the keys. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PushforwardError } from '../../src/core/errors.ts';
import { type ElementType, type Expr, topological } from '../../src/core/expr.ts';
import { structuralHash } from '../../src/core/hash.ts';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import { reference } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { type Backend, program } from '../../src/core/program.ts';
import * as R from '../../src/core/random.ts';
import {
  isExpr,
  leaves,
  leavesAs,
  like,
  mapStruct,
  pathsOf,
  type Struct,
  type StructRecord,
  sameStructure,
  selectStruct,
  zipStruct,
} from '../../src/core/struct.ts';
import { scanStruct, vmapStruct } from '../../src/core/struct-loops.ts';
import { toNumbers } from '../../src/core/tensor.ts';

let made = 0;
const leaf: fc.Arbitrary<Struct> = fc
  .tuple(
    fc.constantFrom<ElementType>('real', 'int32', 'bool'),
    fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
  )
  .map(([type, shape]) => o.input(`leaf ${made++}`, shape, type));

// Keys that a careless path, or a careless test for an expression, would trip over.
const key = fc.constantFrom(
  'x',
  'y',
  'op',
  'shape',
  'inputs',
  'a/b',
  'a',
  'b',
  '~',
  '~1',
  '',
  '0',
  '10',
  'length',
  '__proto__',
);

/** Random structs, the empty array and the empty record among them. */
const struct: fc.Arbitrary<Struct> = fc.letrec<{ struct: Struct; leaf: Struct; list: Struct; record: Struct }>((tie) => ({
  struct: fc.oneof({ maxDepth: 4 }, tie('leaf'), tie('list'), tie('record')),
  leaf,
  list: fc.array(tie('struct'), { maxLength: 3 }),
  record: fc.uniqueArray(fc.tuple(key, tie('struct')), { selector: ([k]) => k, maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
})).struct; // biome-ignore format: one grammar

const holding = struct.filter((s) => leaves(s).length > 0);
const same = (a: Struct, b: Struct): boolean =>
  sameStructure(a, b) && leaves(a).every((e, i) => e === leavesAs(a, b)[i]);
const mark = (name: string) => (e: Expr): Expr => o.label(name, e); // biome-ignore format: one idea

/** A struct with another part at a path. */
const replaced = (s: Struct, segments: readonly string[], by: (part: Struct) => Struct): Struct => {
  if (segments.length === 0 || isExpr(s)) return by(s);
  const [first, ...rest] = segments;
  const entries = Object.entries(s).map(([k, v]) => [k, k === first ? replaced(v, rest, by) : v] as const);
  return Array.isArray(s) ? entries.map(([, v]) => v) : Object.fromEntries(entries);
};

/** A path as the keys it is made of. */
const segmentsOf = (s: Struct, path: string): string[] =>
  isExpr(s) ? [] : path.split('/').map((k) => k.replaceAll('~1', '/').replaceAll('~0', '~'));

const failure = (f: () => unknown): PushforwardError => {
  try {
    f();
  } catch (e) {
    if (e instanceof PushforwardError) return e;
    throw e;
  }
  throw new Error('nothing was thrown');
};

const reordered = (s: Struct): Struct =>
  isExpr(s) ? s : Array.isArray(s) ? s.map(reordered) : Object.fromEntries(Object.entries(s).reverse().map(([k, v]) => [k, reordered(v)])); // biome-ignore format: one idea

describe('leaves and structure', () => {
  test('a struct is its structure with its leaves', () =>
    fc.assert(fc.property(struct, (s) => same(s, like(s, leaves(s))))));

  test('other leaves come out as they were put in, in order', () =>
    fc.assert(
      fc.property(struct, (s) => {
        const others = leaves(s).map((_, i) => o.input(`other ${i}`, []));
        expect(leaves(like(s, others))).toEqual(others);
        expect(sameStructure(s, like(s, others))).toBe(true);
      }),
    ));

  test('too many or too few leaves are refused', () =>
    fc.assert(
      fc.property(struct, (s) => {
        expect(failure(() => like(s, [...leaves(s), o.scalar(0)]))._tag).toBe('ShapeError');
        if (leaves(s).length > 0) expect(failure(() => like(s, leaves(s).slice(1)))._tag).toBe('ShapeError');
      }),
    ));

  test('paths are as many as leaves, differ, and lead to them', () =>
    fc.assert(
      fc.property(struct, (s) => {
        const paths = pathsOf(s);
        expect(new Set(paths).size).toBe(leaves(s).length);
        const found = paths.map((p) => segmentsOf(s, p).reduce<Struct>((at, k) => (at as StructRecord)[k], s));
        expect(found.every((e, i) => e === leaves(s)[i])).toBe(true);
      }),
    ));

  test('the order of keys is the template’s', () =>
    fc.assert(
      fc.property(struct, (s) => {
        const other = reordered(s);
        expect(sameStructure(s, other)).toBe(true);
        expect(leavesAs(s, other).every((e, i) => e === leaves(s)[i])).toBe(true);
      }),
    ));

  test('what is no expression is refused where it is', () => {
    const bad = { a: [o.scalar(0), 3] } as unknown as Struct;
    expect(failure(() => leaves(bad))).toMatchObject({ _tag: 'ArgumentError', path: 'a/1' });
    expect(failure(() => leaves({ a: undefined } as unknown as Struct)).path).toBe('a');
    expect(failure(() => zipStruct({ a: [] }, { a: undefined } as never, (x) => x)).path).toBe('a');
  });
});

describe('a functor', () => {
  test('keeps the identity', () =>
    fc.assert(
      fc.property(struct, (s) =>
        same(
          s,
          mapStruct(s, (e) => e),
        ),
      ),
    ));
  test('keeps composition', () =>
    fc.assert(
      fc.property(struct, (s) => {
        const [f, g] = [mark('f'), mark('g')];
        expect(mapStruct(mapStruct(s, f), g)).toEqual(mapStruct(s, (e) => g(f(e))));
      }),
    ));
  test('tells each leaf its path', () =>
    fc.assert(
      fc.property(struct, (s) => {
        const told: string[] = [];
        mapStruct(s, (e, path) => {
          told.push(path);
          return e;
        });
        expect(told).toEqual(pathsOf(s));
      }),
    ));
});

describe('zip', () => {
  test('with a projection is one of the two', () =>
    fc.assert(
      fc.property(struct, (s) => {
        const other = mapStruct(reordered(s), mark('other'));
        expect(
          same(
            s,
            zipStruct(s, other, (x) => x),
          ),
        ).toBe(true);
        expect(
          same(
            other,
            zipStruct(s, other, (_, y) => y),
          ),
        ).toBe(true);
      }),
    ));

  test('of structures that differ says where', () =>
    fc.assert(
      fc.property(
        holding,
        fc.nat(),
        fc.constantFrom<(e: Struct) => Struct>((e) => [e], (e) => ({ op: e }), () => [], () => ({})),
        (s, n, by) => {
          const path = pathsOf(s)[n % leaves(s).length];
          const other = replaced(s, segmentsOf(s, path), by);
          expect(sameStructure(s, other)).toBe(false);
          expect(sameStructure(other, s)).toBe(false);
          expect(failure(() => zipStruct(s, other, (x) => x))).toMatchObject({ _tag: 'ShapeError', path });
          expect(failure(() => selectStruct(o.constant([1], [], 'bool'), other, s))).toMatchObject({ path });
        },
      ),
    )); // biome-ignore format: one property

  test('names the record or the array that has one part more', () => {
    const s = { a: [{ x: o.scalar(0) }], b: o.scalar(1) };
    const more = { ...s, a: [{ x: o.scalar(0), y: o.scalar(0) }] };
    expect(failure(() => zipStruct<Struct>(s, more, (x) => x)).message).toBe(
      'a/0: two structures differ (expected a record of {x}, got a record of {x, y})',
    );
    expect(failure(() => zipStruct<Struct>(s, { ...s, a: [] }, (x) => x)).message).toBe(
      'a: two structures differ (expected an array of 1, got an array of 0)',
    );
    expect(failure(() => zipStruct<Struct>({ x: o.scalar(0) }, { y: o.scalar(0) }, (x) => x)).path).toBe('');
  });
});

const backends: readonly (readonly [string, Backend])[] = [['reference', reference], ['onnx', onnx('cpu', { threads: 1 })]]; // biome-ignore format: one list

const values = async (backend: Backend, s: Struct): Promise<Record<string, number[]>> => {
  const executable = await backend.compile(program(leaves(s), backend.precisions[0]));
  const out = await executable.run({});
  await executable.dispose();
  return Object.fromEntries(pathsOf(s).map((p, i) => [p, toNumbers(out[i])]));
};

const ints = (...xs: number[]): Expr => o.constant(Int32Array.from(xs), [xs.length], 'int32');
const bools = (...xs: number[]): Expr => o.constant(xs, [xs.length], 'bool');

describe.each(backends)('on %s', (_, backend) => {
  test('one of two structs is chosen, whatever the types of leaves', async () => {
    const a = { x: o.constant([1, 2]), more: [ints(3, 4), { flag: bools(1, 0) }] as const };
    const b = { x: o.constant([5, 6]), more: [ints(7, 8), { flag: bools(0, 0) }] as const };
    const flag = o.less(o.scalar(1), o.scalar(2));
    expect(await values(backend, selectStruct(flag, a, b))).toEqual({ x: [1, 2], 'more/0': [3, 4], 'more/1/flag': [1, 0] }); // biome-ignore format: one claim
    expect(await values(backend, selectStruct(o.not(flag), a, b))).toEqual({ x: [5, 6], 'more/0': [7, 8], 'more/1/flag': [0, 0] }); // biome-ignore format: one claim
  });

  test('a loop carries real, integer and bool leaves', async () => {
    const { carry, ys } = R.runRandom(
      scanStruct({
        length: 5,
        init: { sum: o.scalar(0), kept: { count: o.constant(Int32Array.from([10]), [], 'int32'), even: o.less(o.scalar(0), 1) } },
        xs: { w: o.constant([1, 2, 4, 8, 16]) },
        body: ({ sum, kept: { count, even } }, { w }) =>
          R.of({
            // Another order of keys than in `init`.
            carry: { kept: { even: o.not(even), count: o.add(count, o.constant(Int32Array.from([2]), [], 'int32')) }, sum: o.add(sum, o.where(even, w, 0)) },
            ys: [count, { even }] as const,
            done: o.less(7, w),
          }),
      }),
    ); // biome-ignore format: one loop
    // Ends after four: w = 8.
    expect(await values(backend, { carry, ys })).toEqual({
      'carry/sum': [1 + 4],
      'carry/kept/count': [18],
      'carry/kept/even': [1],
      'ys/0': [10, 12, 14, 16, 0],
      'ys/1/even': [1, 0, 1, 0, 0],
    });
  });
});

describe('loops', () => {
  test('over structs are loops over lists, with the same noise', () => {
    const byHand = R.scanRandom({
      length: 4,
      init: [o.scalar(1), o.constant([0, 0])],
      xs: [o.constant([1, 2, 3, 4])],
      body: ([a, b], [x]) => R.map((z: Expr) => ({ carry: [o.add(a, x), o.add(b, z)], ys: [o.mul(a, z)] }))(R.normal([2])),
    });
    const typed = scanStruct({
      length: 4,
      init: { a: o.scalar(1), b: o.constant([0, 0]) },
      xs: { x: o.constant([1, 2, 3, 4]) },
      body: ({ a, b }, { x }) => R.map((z: Expr) => ({ carry: { a: o.add(a, x), b: o.add(b, z) }, ys: o.mul(a, z) }))(R.normal([2])),
    });
    const [left, right] = [R.runRandom(byHand), R.runRandom(typed)];
    expect(structuralHash(leaves(right))).toBe(structuralHash([...left.carry, ...left.ys]));
    const noise = (es: readonly Expr[]) => topological(es).flatMap((e) => (e.op === 'noise' ? [e.attributes.path] : []));
    expect(noise(leaves(right))).toEqual(noise([...left.carry, ...left.ys]));
    expect(typed(R.start())[1]).toEqual(byHand(R.start())[1]);
  }); // biome-ignore format: one claim

  test('over examples are vmapRandom, with the same noise', () => {
    const [x, y] = [o.input('x', [3, 2]), o.input('y', [3])];
    const byHand = R.vmapRandom((a, b) => R.map((z: Expr) => [o.add(a, z), o.mul(b, 2)])(R.normal([2])))(x, y);
    const typed = vmapStruct(({ a, rest: [b] }: { a: Expr; rest: readonly [Expr] }) =>
      R.map((z: Expr) => ({ out: [o.add(a, z), { b: o.mul(b, 2) }] as const }))(R.normal([2])),
    )({ a: x, rest: [y] });
    const result = R.runRandom(typed);
    expect(structuralHash(leaves(result))).toBe(structuralHash(R.runRandom(byHand)));
    expect(result.out[1].b.shape).toEqual([3]);
  });

  test('say which leaf a body changes, and which sequence is too short', () => {
    const init = { a: { b: o.scalar(0) }, c: o.scalar(0) };
    const loop = (next: Struct, xs: Struct = {}) => () =>
      R.runRandom(scanStruct({ length: 3, init: init as Struct, xs, body: () => R.of({ carry: next, ys: {} }) })); // biome-ignore format: one idea
    expect(failure(loop({ ...init, a: { b: o.constant([0, 0]) } })).message).toBe(
      'a/b: the body of a loop changes what it carries (expected real [], got real [2])',
    );
    expect(failure(loop({ ...init, c: o.less(o.scalar(0), 1) })).path).toBe('c');
    expect(failure(loop({ ...init, a: {} })).path).toBe('a');
    expect(failure(loop(init, { w: [o.constant([1, 2])] })).message).toBe(
      'w/0: a sequence has another length than its loop (expected 3, got [2])',
    );
  });
});
