/** Transformations of optimisers: what each does alone, that each sees its own coefficients and selectors, and that fit follows them. */
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, it } from 'vitest';
import { onnx, reference } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { program } from '../../src/core/program.ts';
import { fromRows } from '../../src/data/index.ts';
import {
  accumulated,
  adam,
  adamW,
  clipByGlobalNorm,
  clipByValue,
  cosine,
  decayed,
  either,
  everything,
  fit,
  frozen,
  kind,
  lion,
  maximumLikelihood,
  momentum,
  not,
  type Optimizer,
  type OptimizerTransformation,
  place,
  rateScaled,
  rmsprop,
  sgd,
} from '../../src/inference/index.ts';
import { realNVP } from '../../src/models/index.ts';
import { trajectory } from './optimizer-runs.ts';

const options = { seed: Number(process.env.LAW_SEED ?? 12), numRuns: 25 };
const number = fc.double({ min: -3, max: 3, noNaN: true });
const moves = 12;
const gradients = fc.array(fc.array(number, { minLength: 2, maxLength: 2 }), { minLength: moves, maxLength: moves });
const start = [0.7, -1.1];
const rate = cosine(0.1, 20, 0.01);
const some = not(kind('bias'));

/** Optimisers by their learning rate. */
const bases: readonly ((learningRate: typeof rate) => Optimizer)[] = [
  (learningRate) => sgd({ learningRate }),
  (learningRate) => momentum({ learningRate, nesterov: true }),
  (learningRate) => adam({ learningRate }),
  (learningRate) => rmsprop({ learningRate, centred: true }),
  (learningRate) => lion({ learningRate }),
];
const base = fc.constantFrom(...bases);

const scaledBy = (factor: number): typeof rate => ({ ...rate, at: (t) => factor * rate.at(t) });

describe('decay and rates by selector', () => {
  it('decay multiplies what is selected by 1 − lr λ before the step, and leaves the rest to the inner optimiser', () =>
    fc.assert(
      fc.asyncProperty(base, gradients, async (b, gs) => {
        const optimizer = decayed({ rate: 0.3, on: some })(b(rate));
        expect(await trajectory(optimizer, start, gs, [false])).toEqual(await trajectory(b(rate), start, gs));
        // From the inner optimiser's steps, which read the gradient alone, the path with decay is a recursion.
        const free = [start, ...(await trajectory(b(rate), start, gs))];
        const got = await trajectory(optimizer, start, gs, [true]);
        let want = start;
        gs.forEach((_, t) => {
          want = want.map((x, i) => (1 - rate.at(t) * 0.3) * x + free[t + 1][i] - free[t][i]);
          want.forEach((x, i) => {
            expect(got[t][i]).toBeCloseTo(x, 12);
          });
        });
      }),
      options,
    ));

  it('adamW is adam, decayed', async () => {
    const gs = [[1, -2], [0.1, 0.3], [-1, 4]]; // biome-ignore format: three moves
    const [a, b] = [
      adamW({ learningRate: rate, weightDecay: 0.2 }),
      decayed({ rate: 0.2 })(adam({ learningRate: rate })),
    ];
    expect(await trajectory(a, start, gs)).toEqual(await trajectory(b, start, gs));
    expect(a.selectors).toEqual([everything]);
    expect(adamW({ on: some }).selectors).toEqual([some]);
  });

  it('a scaled rate is, to the bit, the optimiser at that rate', () =>
    fc.assert(
      fc.asyncProperty(base, gradients, fc.constantFrom(0.1, 3), async (b, gs, factor) => {
        const optimizer = rateScaled({ factor, on: some })(b(rate));
        expect(await trajectory(optimizer, start, gs, [false])).toEqual(await trajectory(b(rate), start, gs));
        expect(await trajectory(optimizer, start, gs, [true])).toEqual(
          await trajectory(b(scaledBy(factor)), start, gs),
        );
      }),
      options,
    ));

  it('compose in any order and depth: each sees its own coefficients and selectors', () => {
    const part = fc.record({
      is: fc.constantFrom('decay' as const, 'scale' as const),
      by: fc.constantFrom(0.1, 0.5, 2),
      selected: fc.boolean(),
    });
    return fc.assert(
      fc.asyncProperty(base, fc.array(part, { maxLength: 5 }), gradients, async (b, parts, gs) => {
        const optimizer = parts.reduce(
          (inner, { is, by }) =>
            is === 'decay' ? decayed({ rate: by, on: some })(inner) : rateScaled({ factor: by, on: some })(inner),
          b(rate),
        );
        const selected = parts.map((p) => p.selected);
        expect(optimizer.selectors ?? []).toHaveLength(parts.length);
        expect(optimizer.at(3)).toHaveLength(optimizer.coefficients.length);
        // A rate is scaled by what stands outside it; the base, by all.
        const outside = (from: number): number =>
          parts.slice(from).reduce((f, p) => (p.is === 'scale' && p.selected ? f * p.by : f), 1);
        const free = [start, ...(await trajectory(b(scaledBy(outside(0))), start, gs))];
        const got = await trajectory(optimizer, start, gs, selected);
        let want = start;
        gs.forEach((_, t) => {
          const kept = parts.reduce(
            (k, p, i) => (p.is === 'decay' && p.selected ? k * (1 - rate.at(t) * outside(i + 1) * p.by) : k),
            1,
          );
          want = want.map((x, i) => kept * x + free[t + 1][i] - free[t][i]);
          want.forEach((x, i) => {
            expect(Math.abs(got[t][i] - x)).toBeLessThan(1e-9 * Math.max(1, Math.abs(x)));
          });
        });
      }),
      options,
    );
  });

  it('an optimiser at another rate keeps its transformations', () =>
    fc.assert(
      fc.asyncProperty(base, gradients, async (b, gs) => {
        const around: OptimizerTransformation = (inner) =>
          pipe(
            inner,
            decayed({ rate: 0.3, on: some }),
            clipByValue(1),
            rateScaled({ factor: 0.5, on: some }),
            clipByGlobalNorm(0.7),
            frozen(place('base')),
            accumulated(2),
          );
        const [a, c] = [around(b(scaledBy(7))), around(b(rate)).withRate!(scaledBy(7))];
        expect(await trajectory(c, start, gs)).toEqual(await trajectory(a, start, gs));
        expect([c.spec.type, c.held?.spec, c.microbatches]).toEqual([a.spec.type, a.held?.spec, 2]);
        expect(c.learningRate?.at(3)).toBe(scaledBy(7).at(3));
      }),
      { ...options, numRuns: 5 },
    ));

  it('ask for a learning rate', () => {
    const { learningRate: _, withRate: __, ...without } = sgd();
    expect(() => decayed({ rate: 1 })(without)).toThrow('decayed: the inner optimiser has no learning rate (got sgd)');
    expect(() => rateScaled({ factor: 1, on: everything })(without)).toThrow('has no learning rate');
    expect(() => rateScaled({ factor: 0, on: everything })(sgd())).toThrow('factor cannot be used');
    expect(clipByValue(1)(without).withRate).toBeUndefined();
  });
});

describe('clipping', () => {
  const clipped = async (optimizer: Optimizer, gs: readonly (readonly number[])[]): Promise<number[][]> => {
    const leaves = gs.map((g, i) => o.input(`g${i}`, [g.length]));
    const e = await reference.compile(program(optimizer.together!(leaves), 'float64'));
    const feeds = gs.map(
      (g, i) => [`g${i}`, { shape: [g.length], type: 'float64', data: Float64Array.from(g) }] as const,
    );
    const out = await e.run(Object.fromEntries(feeds));
    return out.map((x) => [...x.data]);
  };
  const lists = fc.array(fc.array(number, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 });
  const norm = (gs: readonly (readonly number[])[]): number => Math.hypot(...gs.flat());

  it('by the norm keeps the direction over all vectors and brings the length to the limit', () =>
    fc.assert(
      fc.asyncProperty(lists, fc.double({ min: 0.1, max: 5, noNaN: true }), async (gs, limit) => {
        const out = await clipped(clipByGlobalNorm(limit)(sgd()), gs);
        const length = norm(gs);
        expect(norm(out)).toBeCloseTo(Math.min(length, limit), 10);
        out.flat().forEach((x, i) => {
          expect(x).toBeCloseTo(gs.flat()[i] * Math.min(1, limit / length), 10);
        });
      }),
      options,
    ));

  it('by value keeps what is inside and brings the rest to the limit', () =>
    fc.assert(
      fc.asyncProperty(lists, fc.double({ min: 0.1, max: 5, noNaN: true }), async (gs, limit) => {
        const out = await clipped(clipByValue(limit)(sgd()), gs);
        expect(out).toEqual(gs.map((g) => g.map((x) => (Math.abs(x) <= limit ? x : Math.sign(x) * limit) + 0)));
      }),
      options,
    ));

  it('is done from the outermost inwards', async () => {
    const gs = [[3, 0.1], [-4]]; // biome-ignore format: two vectors
    const [v, n] = [clipByValue(1), clipByGlobalNorm(0.5)];
    const valueFirst = await clipped(pipe(adam(), n, v), gs);
    expect(norm(valueFirst)).toBeCloseTo(0.5, 12);
    expect(valueFirst[0][0]).toBeCloseTo(-valueFirst[1][0], 12);
    const normFirst = await clipped(pipe(adam(), v, n), gs);
    expect(normFirst[0][0] / normFirst[1][0]).toBeCloseTo(-3 / 4, 12);
  });
});

describe('frozen and accumulated', () => {
  it('name what is held, and how many batches are averaged', () => {
    const [a, b] = [place('a'), place('b')];
    expect(frozen(a)(sgd()).held).toBe(a);
    expect(pipe(sgd(), frozen(a), frozen(b)).held?.spec).toEqual(either(a, b).spec);
    expect(sgd().microbatches ?? 1).toBe(1);
    expect(pipe(sgd(), accumulated(3), accumulated(2)).microbatches).toBe(6);
    expect(() => accumulated(1.5)(sgd())).toThrow('accumulated: the number of batches cannot be used');
  });
});

describe('fit follows selectors', () => {
  const dist = realNVP([2], { layers: 2, hidden: [8] });
  const data = fromRows('rows', Float32Array.from({ length: 200 }, (_, i) => 2 * Math.sin(i * i)), [2]); // biome-ignore format: one idea
  const trained = async (optimizer: Optimizer, steps = 6) => {
    const fitted = await fit({
      objective: maximumLikelihood(dist),
      data,
      optimizer,
      steps,
      batchSize: 50,
      backend: onnx('cpu', { threads: 1 }),
      stepsPerRun: 3,
    })();
    if (E.isLeft(fitted)) throw new Error(fitted.left.message);
    return fitted.right;
  };

  it('frozen parameters and their state stay to the bit, others move; adamW decays what is selected alone', async () => {
    const one = await trained(sgd({ learningRate: 1e-30 }), 1);
    const names = Object.keys(one.parameters);
    const held = names[0].split('/').slice(0, -1).join('/');
    const inside = names.filter((name) => name.startsWith(`${held}/`));
    expect(inside.length).toBeGreaterThan(0);
    expect(inside.length).toBeLessThan(names.length);

    const { parameters, last } = await trained(
      pipe(adamW({ weightDecay: 1 }), clipByGlobalNorm(1), frozen(place(held))),
    );
    for (const name of names)
      if (inside.includes(name)) expect(parameters[name].data).toEqual(one.parameters[name].data);
      else expect(parameters[name].data).not.toEqual(one.parameters[name].data);
    const moments = last.slots['first moment'];
    // What is held has no state, the same as a state of zeros.
    for (const name of inside) expect([...(moments[name]?.data ?? [])].every((x) => x === 0)).toBe(true);
    for (const name of names.filter((n) => !inside.includes(n)))
      expect(moments[name].data.some((x) => x !== 0)).toBe(true);

    // One step of plain descent at no rate to speak of: what moves, decay moved.
    const rate = 1e-3;
    const decay = decayed({ rate: 100, on: place(held) })(sgd({ learningRate: rate }));
    const [with_, without] = [await trained(decay, 1), await trained(sgd({ learningRate: rate }), 1)];
    for (const name of names) {
      const [a, b] = [with_.parameters[name].data, without.parameters[name].data];
      if (!inside.includes(name)) expect(a).toEqual(b);
      else
        a.forEach((x, i) => {
          expect(x).toBeCloseTo(b[i] - 0.1 * one.parameters[name].data[i], 6);
        });
    }
  });
});
