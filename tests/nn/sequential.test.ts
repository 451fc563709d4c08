/** Layers one after the other, each at a place of its own. */
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, test } from 'vitest';
import { affineCoupling } from '../../src/bijectors/index.ts';
import * as D from '../../src/core/draw.ts';
import type { Expr } from '../../src/core/expr.ts';
import { structuralHash } from '../../src/core/hash.ts';
import * as o from '../../src/core/ops/index.ts';
import { parametersOf } from '../../src/core/program.ts';
import * as Sc from '../../src/core/scope.ts';
import { readNetwork, readTransport, showSpec } from '../../src/models/index.ts';
import { activation, activations, dense, denseZero, groupNorm, mlp, type Network, selfAttention, sequential } from '../../src/nn/index.ts'; // biome-ignore format: one line

const x = o.input('x', [3]);
const ran = (n: Network, output: readonly number[] = []): Expr => D.runDraw(D.fromScoped(n.apply(x, output)));
const namesOf = (e: Expr): readonly string[] => parametersOf([e]).map((p) => p.attributes.name);

describe('sequential', () => {
  test('numbers its layers, and is what one writes with places', () => {
    const net = sequential(dense(4), o.tanh, dense(4), activation('silu'), dense(1));
    const hand: Sc.Scoped<Expr> = (scope) => {
      const a = o.tanh(Sc.at('0.dense', dense(4)(x))(scope));
      const b = activations.silu(Sc.at('2.dense', dense(4)(a))(scope));
      return o.reshape(Sc.at('4.dense', dense(1)(b))(scope), []);
    };
    expect(structuralHash([ran(net)])).toBe(structuralHash([D.runDraw(D.fromScoped(hand))]));
    expect(namesOf(ran(net))).toEqual(['0', '2', '4'].flatMap((i) => [`${i}.dense/kernel`, `${i}.dense/bias`]));
  });

  test('a network in it is asked for the shape of the whole where it is last, else for that of its input; one in another nests', () => {
    const net = sequential(mlp([2]), sequential(dense(5), o.relu), mlp([2]));
    expect(ran(net, [2, 2]).shape).toEqual([2, 2]);
    const kernels = parametersOf([ran(net, [2, 2])]).map((p) => [p.attributes.name, p.shape] as const);
    expect(kernels).toContainEqual(['0.mlp/out/kernel', [2, 3]]);
    expect(kernels).toContainEqual(['1.sequential/0.dense/kernel', [3, 5]]);
    expect(kernels).toContainEqual(['2.mlp/dense0/kernel', [5, 2]]);
  });

  test('refuses no layers, and says where the last one gives too little', () => {
    expect(() => sequential()).toThrow(/there are no layers/);
    expect(() => ran(sequential(dense(4), dense(2)), [3])).toThrow(/1\.dense: .*expected \[3\], got \[2\]/);
  });

  test('is read back from JSON where its layers are', () => {
    const net = sequential(groupNorm(1), denseZero(4), o.tanh, activation('silu'), sequential(dense(4)), mlp([2]));
    const read = readNetwork(JSON.parse(showSpec(net)));
    if (E.isLeft(read)) throw new Error(read.left.message);
    expect(structuralHash([ran(read.right, [2])])).toBe(structuralHash([ran(net, [2])]));
    expect(E.isRight(readTransport(affineCoupling({ conditioner: net }).spec))).toBe(true);
    expect(E.isRight(readNetwork(sequential(selfAttention(2)).spec))).toBe(true);
    for (const opaque of [sequential((v: Expr) => o.add(1, v)), sequential(dense(2, { bias: () => (c) => [o.scalar(0), c] }))])
      expect(readNetwork(opaque.spec)).toMatchObject({ _tag: 'Left', left: { message: /cannot be read back/ } });
  }); // biome-ignore format: one idea
});
