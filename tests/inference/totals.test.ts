/** Objectives made of objectives, and parts that stay as they are. */
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, test } from 'vitest';
import { parameters, type Shape } from '../../src/core/index.ts';
import { fromRows } from '../../src/data/index.ts';
import {
  adam,
  affine,
  compose,
  draw,
  type Expr,
  elbo,
  fit,
  fitOrThrow,
  frozen,
  importanceWeighted,
  lossOf,
  maximumLikelihood,
  mlp,
  type Objective,
  ops,
  penalised,
  pipe,
  place,
  pushforward,
  reference,
  scope,
  spectralPenalty,
  standardNormal,
  total,
  vae,
  value,
  weighted,
} from '../../src/index.ts';

const number = <S extends Shape>(objective: Objective<S>, x: readonly number[], seed = 0): number =>
  value(objective.loss(ops.array(x)), { seed }) as unknown as number;

const flow = pipe(standardNormal([2]), pushforward(affine()));
const x = [0.3, -1.2];

describe('total', () => {
  test('is the weighted sum', () => {
    const a = maximumLikelihood(flow);
    const b = lossOf('square', [2], (v) => draw.of(ops.sum(ops.square(v))));
    expect(number(total([a, b]), x)).toBeCloseTo(number(a, x) + number(b, x), 12);
    expect(number(total([a, b], { weights: [2, -0.5] }), x)).toBeCloseTo(2 * number(a, x) - 0.5 * number(b, x), 12);
    expect(number(total([a, b], { weights: [2, -0.5] }), x)).toBeCloseTo(number(total([weighted(2, a), weighted(-0.5, b)]), x), 12); // biome-ignore format: one idea
  });

  test('gives each objective noise that no other moves', () => {
    const model = vae([2]);
    const noisy = (draws: number): Objective<readonly [2]> =>
      lossOf('noisy', [2], () =>
        Array.from({ length: draws }).reduce<ReturnType<typeof draw.of<Expr>>>(
          (d) => draw.chain((s: Expr) => draw.map((e: Expr) => ops.add(s, ops.mul(0, ops.sum(e))))(standardNormal([2]).sample))(d),
          draw.of(ops.scalar(0)),
        ),
      ); // biome-ignore format: one idea
    const second = (draws: number): number => number(total([noisy(draws), elbo(model)]), x);
    expect(second(1)).toBe(second(3));
    expect(number(total([elbo(model), noisy(1)]), x)).not.toBe(second(1));
  });

  test('shares the parameters of one model, and keeps specifications that can be read', () => {
    const model = vae([2]);
    const both = total([elbo(model), importanceWeighted(3)(model)], { weights: [0.5, 0.5] });
    expect(both.spec).toEqual({ type: 'total', objectives: [elbo(model).spec, importanceWeighted(3)(model).spec], weights: [0.5, 0.5] }); // biome-ignore format: one idea
    expect(both.evidence).toBe('none');
    expect(Number.isFinite(number(both, x))).toBe(true);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['nothing', () => total([]), /^total: there is nothing to sum/],
    ['other events', () => total([maximumLikelihood(flow), maximumLikelihood(standardNormal([3])) as never]), /^total: the objectives are of different events \(expected \[2\], got \[3\]\)$/], // biome-ignore format: a table
    [
      'too few weights',
      () => total([maximumLikelihood(flow)], { weights: [] }),
      /one for each objective \(expected 1, got \[\]\)$/,
    ],
    [
      'a mistyped option',
      () => total([maximumLikelihood(flow)], { weight: [1] } as never),
      /did you mean 'weights'\?$/,
    ],
  ])('refuses %s', (_, f, message) => {
    expect(f).toThrow(message);
  });
});

describe('penalised', () => {
  const ridge = (name: string, w: Expr): Expr | undefined =>
    name.endsWith('kernel') ? ops.mul(0.1, ops.sum(ops.square(w))) : undefined;
  const net = lossOf('net', [2], (v) => draw.fromScoped(scope.map((y: Expr) => ops.sum(y))(mlp([3], { zeroLast: false }).apply(v, [1])))); // biome-ignore format: one idea

  test('adds what each parameter costs, once', () => {
    const names: string[] = [];
    const counted = penalised(net, (name, w) => {
      names.push(name);
      return ridge(name, w);
    });
    const [kernels] = [value(draw.map((l: Expr) => ops.add(l, 0))(counted.loss(ops.array(x))))];
    expect(new Set(names).size).toBe(names.length);
    expect(names.some((n) => n.endsWith('bias'))).toBe(true);
    expect(kernels as unknown as number).toBeGreaterThan(number(net, x));
    expect(
      number(
        penalised(net, () => undefined),
        x,
      ),
    ).toBe(number(net, x));
    expect(isOpaque(counted.spec)).toBe(true);
  });

  test('leaves alone what the loss reads as a constant', () => {
    const w = (name: string) => draw.fromScoped(scope.parameter(name, [], { init: parameters.constantly(2) }));
    const loss = lossOf('two', [2], () =>
      draw.chain((a: Expr) => draw.map((b: Expr) => ops.mul(a, b))(draw.detached(w('held'))))(w('moved')),
    );
    const asked: string[] = [];
    number(
      penalised(loss, (name) => void asked.push(name)),
      x,
    );
    expect(asked).toEqual(['moved']);
  });

  test('says where a penalty is no number', () => {
    expect(() =>
      number(
        penalised(net, (_, w) => ops.square(w)),
        x,
      ),
    ).toThrow(/a penalty is one number: sum it \(expected \[\]/);
  });

  test('of spectral norms is the spectral penalty', () => {
    expect(number(spectralPenalty({ weight: 0 })(net), x)).toBeCloseTo(
      number(
        penalised(net, () => ops.scalar(0)),
        x,
      ),
      12,
    );
  });

  const isOpaque = (spec: object): boolean => 'opaque' in spec;
});

describe('frozen parts', () => {
  const rows = fromRows('rows', Float32Array.from({ length: 200 }, (_, i) => Math.sin(i * i)), [2]); // biome-ignore format: one call
  const held = affine();
  const model = pipe(standardNormal([2]), pushforward(compose(held, affine())));
  const options = { objective: maximumLikelihood(model), data: rows, steps: 3, batchSize: 20, backend: reference };

  test('of a layer stay as they started, others move; a place says the same', async () => {
    const byLayer = await fitOrThrow({ ...options, optimizer: pipe(adam(), frozen(held)) });
    const names = Object.keys(byLayer.parameters);
    const where = names.filter((n) => Array.from(byLayer.parameters[n].data).every((v) => v === 0));
    expect(where.length).toBe(names.length / 2);
    const [at] = where.map((n) => n.slice(0, n.lastIndexOf('/')));
    const byPlace = await fitOrThrow({ ...options, optimizer: pipe(adam(), frozen(place(at))) });
    expect(byPlace.parameters).toEqual(byLayer.parameters);
  });

  test('are parts that declare something', () => {
    expect(() => frozen(mlp([3]) as never)).toThrow(/^frozen: this has no parameters of its own/);
    expect(() => frozen([] as never)).toThrow(/got an array\)$/);
  });

  test('fitOrThrow gives what fit gives, and throws what it says', async () => {
    const outcome = await fit(options)();
    const fitted = await fitOrThrow(options);
    expect(E.isRight(outcome) && outcome.right.parameters).toEqual(fitted.parameters);
    const failed = await fit({ ...options, steps: 0 })();
    await expect(fitOrThrow({ ...options, steps: 0 })).rejects.toMatchObject({ name: 'ArgumentError', path: E.isLeft(failed) ? failed.left.path : '' }); // biome-ignore format: one idea
  });
});
