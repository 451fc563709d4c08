import fc from 'fast-check';
import { pipe } from 'fp-ts/lib/function.js';
import { expect, it, describe as suite } from 'vitest';
import { compose, inverse, repeat } from '../../src/algebra/transport.ts';
import { affine, affineCoupling, logit, reshape, reverse } from '../../src/bijectors/index.ts';
import * as D from '../../src/core/draw.ts';
import { PushforwardError } from '../../src/core/errors.ts';
import { input } from '../../src/core/ops/leaves.ts';
import { parametersOf } from '../../src/core/program.ts';
import { sizeOf } from '../../src/core/shape.ts';
import { normal, pushforward, standardNormal } from '../../src/distributions/index.ts';
import {
  describe,
  describeGraph,
  describeText,
  type LayerDescription,
  realNVP,
  realNVPImages,
} from '../../src/models/index.ts';
import { mlp } from '../../src/nn/index.ts';
import { graphOf } from '../../src/report/index.ts';
import { dequantise } from '../../src/transports/index.ts';
import { arbitraryDist } from './arbitrary.ts';

const square = pipe(
  normal([4], { loc: [1, 2, 3, 4], scale: 2 }),
  pushforward(
    compose(
      dequantise({ levels: 16 }),
      inverse(inverse(logit())),
      reshape([2, 2], [4]),
      inverse(repeat(3, compose(affineCoupling({ conditioner: mlp([8]) }), reverse()))),
      repeat(2, affine()),
    ),
  ),
);

const within = (layers: readonly LayerDescription[]): LayerDescription[] =>
  layers.flatMap((l) => [l, ...within(l.parts)]);

suite('describe', () => {
  it('counts what the distribution has, whatever the composition, and shapes follow each other', () => {
    fc.assert(
      fc.property(arbitraryDist, (dist) => {
        const d = describe(dist);
        const parameters = parametersOf([D.runDraw(dist.logDensity(input('x', dist.shape)))]);
        expect(d.parameters).toBe(parameters.reduce((n, p) => n + sizeOf(p.shape), 0));
        expect(d.layers.reduce((n, l) => n + l.parameters, d.base.parameters)).toBe(d.parameters);
        expect(JSON.parse(JSON.stringify(d))).toEqual(d);
        let shape = dist.shape;
        for (const l of d.layers) {
          expect(l.data).toEqual(shape);
          shape = l.latent;
        }
        expect(d.base.shape).toEqual(shape);
        for (const l of within(d.layers)) {
          const below = l.parts.reduce((n, p) => n + p.parameters, 0);
          if (l.parts.length > 0) expect(l.parameters).toBe((l.times ?? 1) * below);
          const own = parameters.filter((p) => p.attributes.name.startsWith(`${l.place}/`));
          expect(own.reduce((n, p) => n + sizeOf(p.shape), 0)).toBe(l.parameters);
        }
        expect(describeText(d).split('\n').length).toBeGreaterThan(3);
      }),
      { numRuns: 60 },
    );
  });

  it('says what is known of each layer and of the whole', () => {
    const d = describe(square);
    expect([d.shape, d.evidence, d.sign, d.cost.encode]).toEqual([
      [2, 2],
      'bound',
      '≥',
      { how: 'parallel', passes: 3 },
    ]);
    const [whole] = d.layers;
    expect(whole.parts.map((p) => [p.name, p.data, p.latent, p.grade, p.times])).toEqual([
      ['dequantise', [2, 2], [2, 2], 'bound', undefined],
      ['logit', [2, 2], [2, 2], 'bijective', undefined],
      ['reshape', [2, 2], [4], 'bijective', undefined],
      ['repeat', [4], [4], 'bijective', 3],
      ['repeat', [4], [4], 'bijective', 2],
    ]);
    expect(whole.parts[3].parts[0].parts.map((p) => p.name)).toEqual(['inverse reverse', 'inverse affineCoupling']);
    expect(d.arrays.reduce((n, a) => n + a.size, 0)).toBe(d.parameters);
    expect(d.base).toMatchObject({
      name: 'normal',
      detail: 'loc [1, 2, 3, 4], scale 2',
      shape: [4],
      evidence: 'exact',
    });
  });

  it('throws where layers do not fit, with the place', () => {
    const flat = pipe(standardNormal([1]), pushforward(compose(affine(), affineCoupling())));
    expect(() => describe(flat)).toThrow(PushforwardError);
    expect(() => describe(flat)).toThrow(/0\.compose\/1\.affineCoupling/);
  });
});

suite('describeText', () => {
  it('is a tree with aligned columns, repetitions as n ×', () => {
    expect(describeText(describe(realNVP([2])))).toBe(`\
x [2] · log p(x) = (exact) · 35,344 parameters · encode 8 passes · decode 8 passes

layer                                                     shape  parameters  grade      encode    decode
8 × compose                                               [2]        35,344  bijective  8 passes  8 passes
├─ affineCoupling  mlp [64, 64], relu, zeroLast, bounded  [2]         4,418  bijective  1 pass    1 pass
└─ reverse                                                [2]             0  bijective  free      free
standardNormal                                            [2]             0  exact
`);
    const text = describeText(describe(square));
    expect(text).toMatch(/^x \[2, 2\] · log p\(x\) ≥ \(bound\)/);
    expect(text).toMatch(/├─ 3 × inverse compose .*\n│ {2}├─ inverse reverse .*\n│ {2}└─ inverse affineCoupling/);
    expect(text).toMatch(/logit {2}alpha 1e-6/);
    expect(text).not.toMatch(/undefined|NaN|object/);
  });
});

suite('describeGraph', () => {
  it('is a chain from the data to the base that graphOf draws, with a frame for what is repeated', () => {
    const { nodes, edges, groups } = describeGraph(square);
    expect(nodes.map((n) => n.label)).toEqual([
      'x',
      'dequantise',
      'logit',
      'reshape',
      'inverse reverse',
      'inverse affineCoupling',
      'affine',
      'normal',
    ]);
    expect(edges.map((e) => [e.from, e.to])).toEqual(nodes.slice(1).map((n, i) => [nodes[i].id, n.id]));
    expect(edges.filter((e) => e.label !== undefined).map((e) => e.label)).toEqual(['[4]']);
    expect(groups.map((g) => [g.label, g.members.length])).toEqual([
      ['3 ×', 2],
      ['2 ×', 1],
    ]);
    const svg = graphOf({ nodes, edges, groups });
    expect(svg).toContain('3 ×');
    expect(graphOf(describeGraph(realNVPImages([28, 28], 256)))).toContain('dequantise');
    expect(new Set(nodes.map((n) => n.id)).size).toBe(nodes.length);
  });
});
