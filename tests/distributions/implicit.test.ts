/** Implicit distributions: what is sampled is the network of what the base gives; there is no density, in the type and at run time. */
import { describe, expect, test } from 'vitest';
import { onnx } from '../../src/core/interpreters/index.ts';
import * as o from '../../src/core/ops/index.ts';
import * as Sc from '../../src/core/scope.ts';
import { implicit, normal, standardNormal } from '../../src/distributions/index.ts';
import { maximumLikelihood, run } from '../../src/inference/index.ts';
import { describe as describeDist, readDist } from '../../src/models/index.ts';
import { mlp, network, spectrallyNormalised } from '../../src/nn/index.ts';

const twice = network({ spec: { type: 'twice' }, apply: (x, output) => Sc.of(o.reshape(o.mul(2, x), output)) });
const generator = implicit([3], standardNormal([2]), spectrallyNormalised(mlp([4], { zeroLast: false })));

describe('an implicit distribution', () => {
  test('gives the network of what its base gives', async () => {
    const dist = implicit([2, 1], normal([2], { loc: 5, scale: 0.5 }), twice);
    const n = 20_000;
    const { shape, data } = await run(dist, {}, onnx('cpu')).sample(n, 0);
    expect(shape).toEqual([n, 2, 1]);
    const values = Array.from(data, Number);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    // 2 N(5, ¼): mean 10 ± 5 standard errors, variance 1.
    expect(Math.abs(mean - 10)).toBeLessThan(5 / Math.sqrt(2 * n));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / (2 * n)));
  });

  test('says that it has no density', async () => {
    expect(generator.evidence).toBe('none');
    expect(() => generator.logDensity(o.input('x', [3]))).toThrow(/an implicit distribution has no density/);
    // @ts-expect-error: samples alone are no likelihood
    const refused = () => maximumLikelihood(generator);
    expect(refused).toBeTypeOf('function');
  });

  test('is read back from JSON, and described by its sampler', async () => {
    const read = readDist(JSON.parse(JSON.stringify(generator.spec)));
    if (read._tag === 'Left') throw new Error(read.left.message);
    expect(read.right.spec).toEqual(generator.spec);
    expect(describeDist(generator).arrays.map((a) => a.name)).toEqual(
      ['dense0/kernel', 'dense0/bias', 'out/kernel', 'out/bias'].map((n) => `generator/${n}`),
    );
    expect(readDist({ type: 'implicit', shape: [3], base: { type: 'standardNormal', shape: [2] } })).toMatchObject({
      _tag: 'Left',
      left: { message: expect.stringMatching(/network/) },
    });
  });
});
