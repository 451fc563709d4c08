/** Estimators of conditional distributions: the loss of a pair is the estimator's loss at its context; what they demand; training against oracles. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { conditional } from '../../src/algebra/conditional.ts';
import { classes } from '../../src/algebra/context.ts';
import { type AnyDist, pushforward } from '../../src/algebra/dist.ts';
import { compose, repeat } from '../../src/algebra/transport.ts';
import { affineCoupling, reverse } from '../../src/bijectors/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { onnx } from '../../src/core/interpreters/onnx/index.ts';
import { reference } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { generator, keyOf } from '../../src/core/prng.ts';
import { parametersOf } from '../../src/core/program.ts';
import { tensor, tensorOf, toNumbers } from '../../src/core/tensor.ts';
import { fromRows, labelsOf, pairs, partsOf, readRows, shuffled } from '../../src/data/index.ts';
import { conditionalNormal, energy, normal, standardNormal } from '../../src/distributions/index.ts';
import {
  adam,
  conditionalLikelihood,
  conditionally,
  contrastiveDivergence,
  cosine,
  denoisingScoreMatching,
  elbo,
  fit,
  guided,
  importanceWeighted,
  maximumLikelihood,
  run,
  scoreMatching,
} from '../../src/inference/index.ts';
import { mala } from '../../src/mcmc/index.ts';
import { classConditional, readDist, readObjective, withClass } from '../../src/models/index.ts';
import { mlp, resMlp } from '../../src/nn/index.ts';
import { diffusion, exactDenoiser, logSnrGrid, predict, vp } from '../../src/sde/index.ts';
import { stochastic } from '../../src/transports/index.ts';

const backend = onnx('cpu');
const net = mlp([8], { activation: 'tanh', zeroLast: false });
const flow = conditional(classes(3), (c) =>
  pipe(standardNormal([2]), pushforward(repeat(2, compose(affineCoupling({ conditioner: net.given(c) }), reverse())))),
);
const vae = conditional([2], (c) =>
  pipe(
    standardNormal([1]),
    pushforward(
      stochastic({
        encoder: conditionalNormal([2], [1], { network: net.given(c) }),
        decoder: conditionalNormal([1], [2], { network: net.given(c) }),
      }),
    ),
  ),
);
const smooth = mlp([8], { activation: 'softplus', zeroLast: false });
const energies = conditional([1], (c) => energy([2], smooth.given(c)));
const denoisers = conditional(classes(2), (c) =>
  diffusion(predict('noise', vp(), resMlp([8]).given(c), { shape: [2] })),
);

/** A pair of linear data, y = 2x − 1 + 0.5 e, e standard normal. */
const linear = (size: number, seed: number) => {
  const g = generator(keyOf(seed));
  const x = Float32Array.from({ length: size }, () => g.normal());
  const y = x.map((v) => 2 * v - 1 + 0.5 * g.normal());
  return { x: fromRows('x', x, [1]), y: fromRows('y', y, [1]) };
};

describe('types and demands', () => {
  test('evidence is checked where it compiles, and where it is read', () => {
    const objectives = [
      conditionalLikelihood(flow),
      conditionally(elbo)(vae),
      conditionally(importanceWeighted(5))(vae),
      conditionally(scoreMatching)(energies),
      conditionally(contrastiveDivergence({ kernel: mala({ stepSize: 0.01 }), steps: 2 }))(energies),
      conditionally(denoisingScoreMatching, { drop: 0.1 })(denoisers),
    ];
    for (const f of objectives) {
      const read = readObjective(JSON.parse(JSON.stringify(f.spec)));
      expect(read._tag === 'Left' ? read.left : read.right.spec).toEqual(f.spec);
      const names = parametersOf([D.runDraw(f.loss(o.broadcastTo(0.5, f.shape)))]).map((p) => p.attributes.name);
      expect(names.length).toBeGreaterThan(0);
    }
    // @ts-expect-error a VAE only has a bound
    expect(() => conditionalLikelihood(vae)).toThrow(/no exact log-density.*got conditional/);
    const json = { ...objectives[1].spec, estimator: { type: 'maximumLikelihood', dist: { type: 'conditioned' } } };
    const read = readObjective(JSON.parse(JSON.stringify(json)));
    expect(read._tag === 'Left' && read.left.message).toMatch(/no exact log-density/);
    // @ts-expect-error an energy has no bound
    expect(() => conditionally(elbo)(energies)).toThrow(/bound/);
    // @ts-expect-error a flow has no denoiser
    expect(() => conditionally(denoisingScoreMatching)(flow)).toThrow(/no denoiser/);
    const levels = classConditional({ shape: [2], levels: 4 }, 3);
    // @ts-expect-error dequantised: a bound
    expect(() => maximumLikelihood(withClass(levels))).toThrow(/no exact log-density/);
    expect(maximumLikelihood(withClass(classConditional({ shape: [2] }, 3))).evidence).toBe('exact');
  });

  test('drop is a chance', () => expect(() => conditionally(elbo, { drop: 2 })(vae)).toThrow(/drop is a chance/));
});

describe('the loss of a row (x, c)', () => {
  test('is that of x at c', async () => {
    const c = o.constant([0, 1, 0]);
    const x = o.constant([0.3, -0.4]);
    const row = o.concat([x, c]);
    const f = conditionally(maximumLikelihood)(flow);
    const at = D.chain((dist: AnyDist) => D.map(o.neg)(dist.logDensity(x)))(D.fromScoped(flow.given(c)));
    const evaluate = async (d: D.Draw<Expr>) => {
      const rows = tensor(new Float32Array(1), [1, 1]);
      const names = parametersOf([D.runDraw(d)]);
      const parameters = Object.fromEntries(names.map((p) => [p.attributes.name, tensor(Float64Array.from({ length: p.shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i + p.attributes.name.length)), p.shape)])); // biome-ignore format: one idea
      const [out] = await run(standardNormal([1]), parameters, reference).each(() => D.map((l: Expr) => [l])(d))(rows);
      return toNumbers(out)[0];
    };
    expect(await evaluate(f.loss(row))).toBe(await evaluate(at));
  });
});

describe('pairs', () => {
  test('are rows of event and context, whose parts are told', () => {
    const y = fromRows('y', Float32Array.of(1, 2, 3, 4), [2], { labels: Int32Array.of(1, 0) });
    const x = fromRows('x', Float32Array.of(5, 6), [1]);
    const both = pairs({ label: labelsOf(y, 2), x }, y);
    expect(Array.from(readRows(both, [1, 0]))).toEqual([3, 4, 1, 0, 6, 1, 2, 0, 1, 5]);
    expect(both.parts).toEqual([[2], [2], [1]]);
    expect(partsOf(both, o.input('e', [5])).map((e) => e.shape)).toEqual([[2], [2], [1]]);
    expect(() => pairs(fromRows('x', Float32Array.of(5), [1]), y)).toThrow(/equal number/);
    expect(() => labelsOf(x, 2)).toThrow(/there are no labels/);
    expect(() => labelsOf(y, 1)).toThrow(/not a class/);
  });

  test('of sources are drawn together', async () => {
    const { x, y } = linear(64, 3);
    const doubled = fromRows('2x', Float32Array.from(readRows(x, Array.from({ length: 64 }, (_, i) => i)), (v) => 2 * v), [1]); // biome-ignore format: one idea
    const { values } = await pairs(shuffled(x), shuffled(doubled)).batch({ seed: 1, index: 0, size: 16 });
    for (let i = 0; i < 16; i++) expect(values[2 * i]).toBe(2 * values[2 * i + 1]);
    expect(() => pairs(x as never, shuffled(y))).toThrow(/both data sets, or both sources/);
  });

  test('of other parts are refused by training', async () => {
    const { x, y } = linear(8, 0);
    const wide = conditionalNormal([1], [2]);
    const two = fromRows('two', new Float32Array(16), [2]);
    for (const data of [pairs(two, y), pairs(x, y)]) {
      const fitted = await fit({ objective: conditionalLikelihood(wide), data, steps: 1 })();
      expect(fitted._tag === 'Left' && fitted.left.message).toMatch(/do not fit the model/);
    }
  });
});

test('linear regression finds the posterior: y | x ~ N(2x − 1, ¼)', async () => {
  const p = conditionalNormal([1], [1], { network: mlp([], { zeroLast: true }) });
  const { x, y } = linear(8192, 0);
  const fitted = await fit({ objective: conditionalLikelihood(p), data: pairs(x, y), steps: 1500, optimizer: adam({ learningRate: cosine(3e-2, 1500) }) })(); // biome-ignore format: one call
  if (fitted._tag === 'Left') throw fitted.left;
  const running = run(p, fitted.right.parameters, backend);
  const at = running.given([0.5]);
  const density = (v: number, scale = 0.5): number => -0.5 * (v / scale) ** 2 - Math.log(scale) - 0.5 * Math.log(2 * Math.PI); // biome-ignore format: one line
  const ys = [-1, 0, 0.5];
  const found = toNumbers(await at.logDensity(tensorOf(ys, [3, 1])));
  // y | 0.5 ~ N(0, ¼); the scale too is a function of x, linear before its softplus.
  ys.forEach((v, i) => void expect(Math.abs(found[i] - density(v))).toBeLessThan(0.15));
  const drawn = toNumbers(await at.sample(2000, 0));
  const mean = drawn.reduce((a, b) => a + b, 0) / 2000;
  expect(Math.abs(mean)).toBeLessThan(0.06);
  // Rows of contexts against rows of events.
  const rows = toNumbers(await running.logDensityGiven(tensorOf([0.5, 0.5, 0.5], [3, 1]), tensorOf(ys, [3, 1])));
  rows.forEach((v, i) => void expect(v).toBeCloseTo(found[i], 5));
  const each = toNumbers(await running.sampleGiven(tensorOf([3, -3], [2, 1]), 0));
  expect(each[0]).toBeGreaterThan(3);
  expect(each[1]).toBeLessThan(-5);
});

describe('run', () => {
  const parameters = (p: typeof flow) => Object.fromEntries(parametersOf([D.runDraw(distAt(p))]).map((e, k) => [e.attributes.name, tensor(Float64Array.from({ length: e.shape.reduce((a, b) => a * b, 1) }, (_, i) => 0.5 * Math.sin(i + k)), e.shape)])); // biome-ignore format: one idea
  const distAt = (p: typeof flow) => D.chain((dist: AnyDist) => dist.logDensity(o.constant([0, 0])))(D.fromScoped(p.given(o.constant([1, 0, 0])))); // biome-ignore format: one line
  test('a class by its number, a struct by its fields', async () => {
    const running = run(flow, parameters(flow), reference);
    const rows = tensorOf([0.1, 0.2, -0.4, 1], [2, 2]);
    const [a, b] = [await running.given(1).logDensity(rows), await running.given(tensorOf([0, 1, 0])).logDensity(rows)];
    expect(toNumbers(a)).toEqual(toNumbers(b));
    expect(toNumbers(await running.given(2).logDensity(rows))).not.toEqual(toNumbers(a));
    const struct = conditional({ label: classes(2), at: [1] }, (c) => normal([1], { loc: c.at, scale: o.add(1, o.sum(o.mul(o.constant([0, 1]), c.label))) })); // biome-ignore format: one idea
    const [l] = toNumbers(await run(struct, {}, reference).given({ label: 1, at: tensorOf([3]) }).logDensity(tensorOf([3], [1, 1]))); // biome-ignore format: one line
    expect(l).toBeCloseTo(-Math.log(2) - 0.5 * Math.log(2 * Math.PI), 12);
    const many = { label: tensorOf([1, 0, 0, 1], [2, 2]), at: tensorOf([3, 4], [2, 1]) };
    expect(toNumbers(await run(struct, {}, reference).logDensityGiven(many, tensorOf([3, 4], [2, 1])))[1]).toBeCloseTo(
      l,
      12,
    );
  });

  test('what does not fit is told', () => {
    const running = run(flow, parameters(flow), reference);
    expect(() => running.given(3)).toThrow(/no such class.*0 … 2/);
    expect(() => running.given(tensorOf([1, 0]))).toThrow(/context does not fit/);
    // @ts-expect-error an energy has no log-density to ask for
    const asked = () => run(energies, {}, reference).given(tensorOf([1])).logDensity;
    void asked;
  });
});

test('guidance from one conditional distribution moves to the class and beyond', async () => {
  // E[x₀ | x_t] of N(m c, ¼), c = 0 being N(0, ¼): a class whose weight is the context itself.
  const p = conditional([1], (c) =>
    diffusion(exactDenoiser(vp(), normal([1], { loc: c, scale: 0.5 })), { grid: logSnrGrid(40) }),
  );
  const mean = async (scale: number): Promise<number> => {
    const all = toNumbers(await run(guided(p, o.constant([1]), { scale }), {}, backend).sample(2000, 0));
    return all.reduce((a, b) => a + b, 0) / 2000;
  };
  const [none, one, three] = [await mean(0), await mean(1), await mean(3)];
  // The score is linear in the context: guidance by s is the distribution at s · c.
  expect(Math.abs(none)).toBeLessThan(0.06);
  expect(Math.abs(one - 1)).toBeLessThan(0.06);
  expect(Math.abs(three - 3)).toBeLessThan(0.1);
  expect(readDist(JSON.parse(JSON.stringify(guided(p, o.constant([1])).spec)))._tag).toBe('Left');
});
