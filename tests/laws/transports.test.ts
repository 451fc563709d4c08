/** The laws of layers, layer by layer. */
import { describe, expect, test } from 'vitest';
import type { Layer } from '../../src/algebra/transport.ts';
import {
  affine,
  affineCoupling,
  compose,
  identity,
  inverse,
  logit,
  permute,
  repeat,
  reshape,
  reverse,
} from '../../src/bijectors/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { of as scoped } from '../../src/core/scope.ts';
import { sizeOf } from '../../src/core/shape.ts';
import {
  compositionLaws,
  couplingZeros,
  elementwiseZeros,
  inverseLaws,
  showVerdicts,
  type TransportLawOptions,
  transportLaws,
  type Verdict,
  violations,
} from '../../src/laws/index.ts';
import { mlp, resMlp } from '../../src/nn/index.ts';
import { continuous, dequantise, type VelocityField } from '../../src/transports/index.ts';

const holds = (verdicts: readonly Verdict[]): void => {
  expect(verdicts.length).toBeGreaterThan(0);
  expect(showVerdicts(violations(verdicts))).toBe('');
};

const net = mlp([5], { activation: 'tanh' });
const relu = mlp([4, 4]);
/** x′ = −tanh x, whose divergence is Σ tanh² − n. */
const contracting: VelocityField = {
  velocity: (x) => scoped(o.neg(o.tanh(x))),
  divergence: (x) => scoped(o.sub(o.sum(o.square(o.tanh(x))), sizeOf(x.shape))),
};

const layers: readonly (readonly [string, Layer, TransportLawOptions])[] = [
  ['identity', identity(), { shape: [2, 3], zeros: elementwiseZeros }],
  ['affine', affine(), { shape: [4], zeros: elementwiseZeros }],
  ['affine of a matrix', affine(), { shape: [2, 3], zeros: elementwiseZeros }],
  ['reverse', reverse(), { shape: [5] }],
  ['reverse of a matrix', reverse(), { shape: [2, 3] }],
  ['permute by seed', permute({ seed: 3 }), { shape: [5] }],
  ['permute by order', permute({ order: [2, 0, 1] }), { shape: [2, 3] }],
  ['reshape', reshape([2, 3], [6]), { shape: [2, 3] }],
  ['logit, α = 1e-6', logit(), { shape: [3], region: 'unit', zeros: elementwiseZeros }],
  ['logit, α = 0.05', logit({ alpha: 0.05 }), { shape: [2, 2], region: 'unit', zeros: elementwiseZeros }],
  ['logit, α = 0', logit({ alpha: 0 }), { shape: [1], region: 'unit' }],
  ['inverse logit', inverse(logit({ alpha: 0.05 })), { shape: [3] }],
  ['coupling, bounded', affineCoupling({ conditioner: net }), { shape: [4], zeros: couplingZeros([4]) }],
  ['coupling, odd', affineCoupling({ conditioner: relu }), { shape: [5], zeros: couplingZeros([5]) }],
  ['coupling, learned', affineCoupling({ conditioner: net, logScale: 'learned' }), { shape: [3], zeros: couplingZeros([3]) }], // biome-ignore format: one line a layer
  ['coupling of a matrix', affineCoupling({ conditioner: net }), { shape: [2, 3], zeros: couplingZeros([2, 3]) }],
  ['coupling, default network', affineCoupling(), { shape: [2] }],
  ['inverse coupling', inverse(affineCoupling({ conditioner: net })), { shape: [3], zeros: couplingZeros([3]) }],
  ['RealNVP', repeat(3, compose(affineCoupling({ conditioner: net }), reverse())), { shape: [4] }],
  ['image preprocessing', compose(logit(), reshape([2, 2], [4]), affineCoupling({ conditioner: net }), affine()), { shape: [2, 2], region: 'unit' }], // biome-ignore format: one line a layer
  ['inverse of a reshape', inverse(compose(reshape([2, 2], [4]), affine())), { shape: [4] }],
  ['continuous flow', continuous(resMlp([5]), { times: 16 }), { shape: [3], tolerance: 1e-6 }],
  ['continuous flow of a matrix, declared divergence', continuous(contracting, { times: 12 }), { shape: [2, 2], tolerance: 1e-6, zeros: elementwiseZeros }], // biome-ignore format: one line a layer
  ['dequantise', dequantise({ levels: 5 }), { shape: [2, 2], region: { levels: 5 }, undoes: 'data', tolerance: 0 }],
  ['dequantise, 256 levels', dequantise(), { shape: [64], region: { levels: 256 }, undoes: 'data', tolerance: 0 }],
];

describe('laws of layers', () => {
  test.each(layers)('%s', (_name, layer, options) => {
    for (const seed of [0, 1]) holds(transportLaws(layer, { seed, ...options }));
  });
});

describe('laws of composition', () => {
  const f = affineCoupling({ conditioner: net });
  const g = affineCoupling({ conditioner: relu, logScale: 'learned' });

  test('compose is associative with identity as unit; contributions add', () => {
    holds(compositionLaws(f, affine(), g, { shape: [3] }));
    holds(compositionLaws(compose(g, reverse()), f, permute({ seed: 2 }), { shape: [2, 3] }));
    holds(compositionLaws(logit({ alpha: 0.1 }), f, affine(), { shape: [3], region: 'unit' }));
  });

  test('inverse negates contributions and undoes', () => {
    holds(inverseLaws(f, affine(), { shape: [3] }));
    holds(inverseLaws(compose(g, reverse()), f, { shape: [4] }));
    holds(inverseLaws(logit({ alpha: 0.1 }), affine(), { shape: [2], region: 'unit' }));
  });
});

describe('a law tells what is wrong', () => {
  test('a layer that forgets its log-determinant', () => {
    const wrong: Layer = { ...affine(), encode: reverse().encode, decode: affine().decode };
    const bad = violations(transportLaws(wrong, { shape: [3] })).map((v) => v.law);
    expect(bad).toContain('decode ∘ encode = id');
    expect(bad).toContain('contribution(decode z) = contribution(encode x)');
  });
});
