/** Conditional distributions: p(· | c) is the distribution at c, whatever c is made of; evidence, parameters and specifications follow. */

import * as fc from 'fast-check';
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import {
  type Conditional,
  conditional,
  distGiven,
  logDensityGiven,
  sampleGiven,
} from '../../src/algebra/conditional.ts';
import { type Context, classes, contextOfVector, contextSize } from '../../src/algebra/context.ts';
import { type AnyDist, pushforward } from '../../src/algebra/dist.ts';
import type { Exact, Samples } from '../../src/algebra/evidence.ts';
import { conditionalKind } from '../../src/algebra/kinds.ts';
import { compose, repeat } from '../../src/algebra/transport.ts';
import { affineCoupling, maf, reverse } from '../../src/bijectors/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { parametersOf, program } from '../../src/core/program.ts';
import { root } from '../../src/core/scope.ts';
import type { Shape } from '../../src/core/shape.ts';
import { tensorOf, toNumbers } from '../../src/core/tensor.ts';
import {
  conditionalFlow,
  conditionalNormal,
  jointly,
  laplace,
  normal,
  parametrised,
  poisson,
  standardNormal,
  studentT,
} from '../../src/distributions/index.ts';
import { distLaws, distParameters, showVerdicts, violations } from '../../src/laws/index.ts';
import { codecOf, readDist } from '../../src/models/codec.ts';
import { convNet, made, mlp, recurrent, sequential } from '../../src/nn/index.ts';
import { dequantise, stochastic } from '../../src/transports/index.ts';

const net = mlp([3], { activation: 'tanh', zeroLast: false });
const affine = (c: Expr) => repeat(2, compose(affineCoupling({ conditioner: net.given(c) }), reverse()));

/** log p(x | c) at parameters that depend on their names alone. */
const value = (l: Expr): number => {
  const p = program([l], 'float64');
  const parameters = Object.fromEntries(
    parametersOf(p.outputs).map((e) => {
      const size = e.shape.reduce((a, b) => a * b, 1);
      const seed = [...e.attributes.name].reduce((h, ch) => (h * 31 + ch.charCodeAt(0)) % 997, 7);
      return [e.attributes.name, tensorOf(Float64Array.from({ length: size }, (_, i) => 0.7 * Math.sin(seed + 3 * i)), e.shape)]; // biome-ignore format: one idea
    }),
  );
  const noise = Object.fromEntries(
    p.slots.filter((s) => s.noise !== undefined).map((s) => [s.name, tensorOf(new Float64Array(s.shape.reduce((a, b) => a * b, 1)).fill(0.3), s.shape)]), // biome-ignore format: one idea
  );
  return toNumbers(evaluateProgram(p, { ...parameters, ...noise })[0])[0];
};
const point = (context: Context) =>
  contextOfVector(context, o.constant(Float64Array.from({ length: contextSize(context) }, (_, i) => Math.cos(1 + i))));
const eventOf = (shape: Shape): Expr => o.constant(Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => 0.4 * Math.sin(2 + i)), shape); // biome-ignore format: one idea

const struct = { label: classes(3), image: [2, 2], more: { level: [] } } as const;
const flow = conditional([2], (c) => pipe(standardNormal([2]), pushforward(affine(c))));
const kinds: { readonly [name: string]: Conditional<Context, Shape> } = {
  flow,
  autoregressive: conditional([2], (c) =>
    pipe(standardNormal([3]), pushforward(maf({ conditioner: made([4]).given(c) }))),
  ),
  'the context is a parameter': conditional([2], (c) => normal([2], { loc: c, scale: 0.5 })),
  'of a struct': conditional(struct, (c) =>
    pipe(
      normal([2], { loc: c.more.level }),
      pushforward(compose(affineCoupling({ conditioner: net.given(c.label) }), reverse(), affineCoupling({ conditioner: net.given(c) }))),
    )), // biome-ignore format: one idea
  'a VAE': conditional(classes(3), (c) =>
    pipe(
      standardNormal([2]),
      pushforward(
        stochastic({
          encoder: conditionalNormal([3], [2], { network: net.given(c) }),
          decoder: conditionalNormal([2], [3], { network: net.given(c) }),
        }),
      ),
    )), // biome-ignore format: one idea
  'within another': conditional([2], (outer) =>
    pipe(
      standardNormal([1]),
      pushforward(
        stochastic({
          encoder: conditional([1], (inner) => pipe(normal([1], { loc: inner }), pushforward(maf({ conditioner: made([3]).given(outer).given(inner) })))),
          decoder: conditionalNormal([1], [1], { network: net.given(outer) }),
        }),
      ),
    )), // biome-ignore format: one idea
  'over another': conditional([2], (c) => pipe(distGiven(flow, c), pushforward(affine(c)))),
  'a conditional flow over another': conditionalFlow(
    conditionalFlow(conditionalNormal([2], [2], { network: net }), affine),
    affine,
  ),
  parametrised: parametrised(studentT, { context: struct, event: [2], fixed: { degrees: 3 }, network: net }),
  counts: parametrised(poisson, { context: [2], event: [] }),
};

describe.each(Object.entries(kinds))('%s', (_, part) => {
  const c = point(part.context);
  const x = part === kinds.counts ? o.scalar(2) : eventOf(part.event);
  test('is the distribution at a context: given(c), distGiven and the distribution itself agree', () => {
    const [a, b, d] = [
      logDensityGiven(part, c, x),
      distGiven(part, c).logDensity(x),
      (scope: typeof root) => part.given(c)(scope).logDensity(x)(scope),
    ].map((l) => value(D.runDraw(l)));
    expect(a).toBe(b);
    expect(a).toBe(d);
    expect(Number.isFinite(a)).toBe(true);
    const dist = part.given(c)(root);
    expect([part.event, part.evidence]).toEqual([dist.shape, dist.evidence]);
  });

  test('reads the context', () => {
    const other = contextOfVector(part.context, o.broadcastTo(0.2, [contextSize(part.context)]));
    const at = (v: typeof c): number => value(D.runDraw(logDensityGiven(part, v, x)));
    expect(Math.abs(at(c) - at(other))).toBeGreaterThan(1e-6);
  });

  test('its parameters are the same at every context, twice in one loss', () => {
    const both = D.chain((s: { readonly value: Expr }) => logDensityGiven(part, point(part.context), s.value))(sampleGiven(part, c)); // biome-ignore format: one idea
    const names = (l: Expr): string[] => [...new Set(parametersOf([l]).map((p) => p.attributes.name))].sort();
    expect(names(D.runDraw(both))).toEqual(names(D.runDraw(logDensityGiven(part, c, x))));
    expect(program([D.runDraw(both)]).slots.length).toBeGreaterThan(0);
  });

  test('reads back from JSON: the same specification, the same names, the same numbers', () => {
    const json = JSON.parse(JSON.stringify(part.spec));
    const read = codecOf(conditionalKind).decode(json);
    expect(read._tag === 'Left' ? read.left.map((e) => e.message) : read.right.spec).toEqual(part.spec);
    if (read._tag === 'Left') return;
    expect(value(D.runDraw(logDensityGiven(read.right, c, x)))).toBe(value(D.runDraw(logDensityGiven(part, c, x))));
  });
});

test('random conditional flows read back', () => {
  const context = fc.oneof(
    fc.constant([2] as Context),
    fc.constant(classes(3) as Context),
    fc.constant(struct as Context),
  );
  const networks = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 2 },
      fc.constantFrom(mlp([2]), mlp([]), recurrent(2), sequential(mlp([2]), mlp([1]))),
      (tie('any') as fc.Arbitrary<ReturnType<typeof mlp>>).map((n) => n.given(o.constant([1]))),
    ),
  })).any as fc.Arbitrary<ReturnType<typeof mlp>>; // biome-ignore format: one idea
  fc.assert(
    fc.property(context, networks, fc.integer({ min: 1, max: 3 }), (c, n, times) => {
      const part = conditional(c, (v) =>
        pipe(standardNormal([2]), pushforward(repeat(times, affineCoupling({ conditioner: n.given(v) })))),
      );
      const read = codecOf(conditionalKind).decode(JSON.parse(JSON.stringify(part.spec)));
      const opaque = JSON.stringify(part.spec).includes('opaque');
      expect(read._tag).toBe(opaque ? 'Left' : 'Right');
      if (read._tag === 'Right') expect(read.right.spec).toEqual(part.spec);
    }),
    { numRuns: 60 },
  );
});

test('what older files say is translated', () => {
  const coupling = {
    type: 'affineCoupling',
    conditioner: { type: 'contextual', network: { type: 'mlp', hidden: [3] } },
  };
  const base = {
    type: 'conditionalNormal',
    context: [2],
    event: [2],
    network: { type: 'mlp', hidden: [4] },
    scale: 0.5,
  };
  const older = { type: 'conditionalFlow', base, layer: { type: 'compose', layers: [coupling, { type: 'reverse' }] } };
  const today = conditionalFlow(conditionalNormal([2], [2], { network: mlp([4]), scale: 0.5 }), (c) =>
    compose(affineCoupling({ conditioner: mlp([3]).given(c) }), reverse()),
  );
  const read = codecOf(conditionalKind).decode(older);
  expect(read._tag === 'Right' && read.right.spec).toEqual(today.spec);
  const plain = codecOf(conditionalKind).decode({ type: 'unconditional', context: [3], dist: { type: 'standardNormal', shape: [2] } }); // biome-ignore format: one line
  expect(plain._tag === 'Right' && plain.right.spec).toEqual({ type: 'conditional', context: [3], dist: { type: 'standardNormal', shape: [2] } }); // biome-ignore format: one line
  const alone = readDist({ type: 'pushforward', transport: coupling, base: { type: 'standardNormal', shape: [2] } });
  expect(alone._tag === 'Left' && alone.left.message).toMatch(/no context here/);
});

describe('what cannot be read is told', () => {
  test('an expression of the context', () => {
    const part = conditional([2], (c) => normal([2], { loc: o.mul(2, c) }));
    const read = codecOf(conditionalKind).decode(JSON.parse(JSON.stringify(part.spec)));
    expect(read._tag === 'Left' && read.left[0].message).toMatch(/cannot be read back: the parameter is an expression/);
  });
  test.each([
    [{ type: 'normal', shape: [1], loc: { type: 'context' } }, /there is no context here/],
    [{ type: 'jointly', prior: { type: 'standardNormal', shape: [2] }, dist: { type: 'conditional', context: [2], dist: { type: 'normal', shape: [2], loc: { type: 'context', field: 'a' } } } }, /no field 'a'/],
    [{ type: 'jointly', prior: { type: 'standardNormal', shape: [2] }, dist: { type: 'conditional', context: [2], dist: { type: 'normal', shape: [2], loc: { type: 'context', up: 1 } } } }, /there is no context here/],
    [{ type: 'jointly', prior: { type: 'standardNormal', shape: [3] }, dist: flow.spec }, /no distribution of contexts/],
  ])('%j', (spec, message) => {
    const read = readDist(JSON.parse(JSON.stringify(spec)));
    expect(read._tag === 'Left' && read.left.message).toMatch(message);
  }); // biome-ignore format: a table
});

describe('distributions', () => {
  test.each(['flow', 'autoregressive', 'parametrised'])('of distributions hold for %s at a context', (name) => {
    const part = kinds[name];
    expect(showVerdicts(violations(distLaws(part.given(point(part.context))(root) as AnyDist, { spread: 0.2 })))).toBe(
      '',
    );
  });

  test('p(x, c) = p(c) p(x | c)', () => {
    const dist = jointly(normal([2], { loc: 1 }), flow);
    const [x, c] = [o.constant([0.2, -0.3]), o.constant([0.5, 1.5])];
    const joint = dist.logDensity(o.concat([x, c]));
    const parts = D.chain((a: Expr) => D.map((b: Expr) => o.add(a, b))(D.at('prior', normal([2], { loc: 1 }).logDensity(c))))(D.at('given', logDensityGiven(flow, c, x))); // biome-ignore format: one idea
    expect(value(D.runDraw(joint))).toBeCloseTo(value(D.runDraw(parts)), 12);
    expect(distParameters(dist as unknown as AnyDist)).not.toEqual({});
  });
});

describe('networks given a context', () => {
  const run = (net: ReturnType<typeof mlp>, x: Expr, out: Shape): number[] => {
    const y = net.apply(x, out)(root);
    return Array.from({ length: y.shape.reduce((a, b) => a * b, 1) }, (_, i) =>
      value(o.reshape(o.sliceAxis(o.reshape(y, [-1]), 0, i, i + 1), [])),
    );
  };
  test('a perceptron reads (x, c) as one vector', () => {
    const [x, c] = [o.constant([1, 2]), o.constant([3])];
    expect(run(net.given(c), x, [2])).toEqual(run(net, o.constant([1, 2, 3]), [2]));
    expect(run(net.given({ a: c, b: c }), x, [2])).toEqual(run(net, o.constant([1, 2, 3, 3]), [2]));
  });

  test('a convolution reads images repeated or folded to its size, and vectors at every pixel, as channels', () => {
    const conv = convNet({ channels: 2, zeroLast: false });
    const x = eventOf([2, 2, 1]);
    const image = o.constant([5], [1, 1, 1]);
    const five = o.broadcastTo(5, [2, 2, 1]);
    const joined = run(conv, o.concat([x, five], 2), [2, 2, 1]);
    expect(run(conv.given(image), x, [2, 2, 1])).toEqual(joined);
    expect(run(conv.given(o.constant([5])), x, [2, 2, 1])).toEqual(joined);
    const large = o.constant(
      Float64Array.from({ length: 16 }, (_, i) => i),
      [4, 4, 1],
    );
    const folded = o.constant([0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15], [2, 2, 4]);
    expect(run(conv.given(large), x, [2, 2, 1])).toEqual(run(conv, o.concat([x, folded], 2), [2, 2, 1]));
    expect(() => conv.given(eventOf([3, 3, 1])).apply(x, [2, 2, 1])(root)).toThrow(/does not fit the pixels/);
  });
});

test('what does not fit is told', () => {
  expect(() => flow.given(o.constant([1, 2, 3]))).toThrow(/context does not fit.*\[2\].*\[3\]/);
  expect(() => classes(0)).toThrow(/positive integer/);
  expect(() => parametrised(laplace, { context: [1], event: [1], fixed: { rate: 2 } })).toThrow(/no such parameter.*loc, scale.*rate/); // biome-ignore format: one line
});

test('the evidence of a conditional distribution is that of the distribution at a context, in its type too', () => {
  const exact: Conditional<readonly [2], readonly [2], Exact & Samples> = flow;
  const bounded = conditional([2], (c) =>
    pipe(standardNormal([2]), pushforward(affine(c)), pushforward(dequantise({ levels: 4 }))),
  );
  // @ts-expect-error a dequantised distribution only has a bound
  const wrong: Conditional<readonly [2], readonly [2], Exact & Samples> = bounded;
  expect([exact.evidence, wrong.evidence]).toEqual(['exact', 'bound']);
  // @ts-expect-error the field is not in the struct
  expect(() => conditional(struct, (c) => normal([2], { loc: c.colour }))).not.toThrow();
});
