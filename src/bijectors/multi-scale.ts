import { pipe } from 'fp-ts/lib/function.js';
import { addCost, free } from '../algebra/cost.ts';
import { asEndo, layerKind } from '../algebra/kinds.ts';
import { type Invertible, type Layer, type Step, type Transport, transport } from '../algebra/transport.ts';
import { list, shapeCodec } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import * as D from '../core/draw.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import { type Shape, showShape, sizeOf } from '../core/shape.ts';
import { nested } from '../core/specification.ts';

/** A multi-scale layer: its latent is flat, and these are the shapes of what lies in it, one after the other. */
export interface MultiScale {
  /** What each scale factored out, from the finest; the last is what went through all scales. */
  readonly latents: readonly Shape[];
}

const latentShape = (layer: Layer, data: Shape): Shape =>
  D.runDraw(layer.encode(o.input('multiScale:probe', data))).value.shape;

/** The last axis in two: what goes on, and what is factored out. */
const halves = (shape: Shape): readonly [Shape, Shape] => {
  const n = shape[shape.length - 1] ?? 0;
  const out = Math.floor(n / 2);
  return out < 1
    ? raise('ShapeError', 'multiScale', 'nothing to factor out', {
        expected: 'a last axis of 2 or more',
        got: showShape(shape),
      })
    : [
        [...shape.slice(0, -1), n - out],
        [...shape.slice(0, -1), out],
      ];
};

const placed = (i: number, layer: Layer, step: D.Draw<Step>): D.Draw<Step> =>
  D.at(`${i}.${layer.spec.type}`, D.chain((s: Step) => D.map((value: Expr) => ({ ...s, value }))(D.labelled(s.value)))(step)); // biome-ignore format: one idea

/**
 * The multi-scale architecture (Dinh et al. 2017, §3.6): x goes through the first scale; half of its channels (the last ones) are done, the rest goes
 * through the next scale, and so on. The latent is the flat concatenation of what was factored out, finest first, with what went through all
 * scales at the end; their shapes are the data `latents`. A bijection: contributions add, and nothing factored out is lost.
 *
 * A scale is any bijection, usually `compose(squeeze(…), …steps)`. A learned prior for the factored-out half given the rest is the same as one more
 * `affineCoupling` at the end of the scale. Throws `ShapeError` where shapes do not fit or there is nothing to factor out.
 *
 * @example
 * multiScale([28, 28, 1], [784], [
 *   compose(squeeze([28, 28, 1], [14, 14, 4]), actNorm(), invertible1x1()),
 *   compose(squeeze([14, 14, 2], [7, 7, 8]), actNorm()),
 * ])
 */
export const multiScale = define(
  layerKind,
  {
    type: 'multiScale',
    about: 'Layers of which half of the channels leave after each.',
    takes: ['data', 'latent', 'scales'],
    required: { data: shapeCodec, latent: shapeCodec, scales: list(nested(layerKind), 'a list of layers') },
    build: ({ data, latent, scales }): Layer => multiScale(data, latent, scales.map(asEndo)),
    shapes: [[4, 4, 1]],
    examples: [
      {
        data: [4, 4, 1],
        latent: [16],
        scales: [{ type: 'squeeze', data: [4, 4, 1], latent: [2, 2, 4] }, { type: 'actNorm' }],
      },
    ],
  },
  <const X extends Shape, const Z extends Shape>(
    data: X,
    latent: Z,
    scales: readonly Invertible[],
  ): Transport<X, Z, 'bijective'> & MultiScale => {
    if (scales.length === 0) return raise('ArgumentError', 'multiScale', 'needs one scale or more', { got: 'none' });
    const weak = scales.find((l) => l.grade !== 'bijective');
    if (weak !== undefined)
    return raise('ArgumentError', 'multiScale', 'every scale must be a bijection', { got: `${weak.spec.type}, of grade ${weak.grade}` }); // biome-ignore format: one idea
    let shape: Shape = data;
    const latents: Shape[] = [];
    const wholes = scales.map((layer, i) => {
      const whole = latentShape(layer, shape);
      const [goesOn, out] = i === scales.length - 1 ? [whole, whole] : halves(whole);
      latents.push(out);
      shape = goesOn;
      return whole;
    });
    if (latent.length !== 1 || latent[0] !== sizeOf(data))
    return raise('ShapeError', 'multiScale', 'the latent is flat', { expected: `[${sizeOf(data)}]`, got: showShape(latent) }); // biome-ignore format: one idea
    const flat = (x: Expr): Expr => o.reshape(x, [sizeOf(x.shape)]);

    const encode = (i: number, x: Expr): D.Draw<{ readonly parts: readonly Expr[]; readonly contribution: Expr }> =>
      pipe(
        placed(i, scales[i], scales[i].encode(x)),
        D.chain(({ value, contribution }) => {
          if (i === scales.length - 1) return D.of({ parts: [flat(value)], contribution });
          const axis = value.shape.length - 1;
          const n = value.shape[axis];
          const cut = n - latents[i][axis];
          return pipe(
            encode(i + 1, o.sliceAxis(value, axis, 0, cut)),
            D.map((rest) => ({
              parts: [flat(o.sliceAxis(value, axis, cut, n)), ...rest.parts],
              contribution: o.add(contribution, rest.contribution),
            })),
          );
        }),
      );
    const decode = (i: number, z: Expr): D.Draw<Step> => {
      if (i === scales.length - 1) return placed(i, scales[i], scales[i].decode(o.reshape(z, wholes[i])));
      const size = sizeOf(latents[i]);
      return pipe(
        decode(i + 1, o.sliceAxis(z, 0, size, z.shape[0])),
        D.chain((rest) =>
          pipe(
            placed(i, scales[i], scales[i].decode(o.concat([rest.value, o.reshape(o.sliceAxis(z, 0, 0, size), latents[i])], wholes[i].length - 1))), // biome-ignore format: one idea
            D.map((s) => ({ value: s.value, contribution: o.add(s.contribution, rest.contribution) })),
          ),
        ),
      );
    };
    return {
      ...transport(
        'bijective',
        { data, latent },
        {
          spec: { type: 'multiScale', data, latent, scales: scales.map((l) => l.spec) },
          cost: scales.reduce((c, l) => addCost(c, l.cost), free),
          encode: (x) =>
            D.map((r: { readonly parts: readonly Expr[]; readonly contribution: Expr }) => ({
              value: o.concat(r.parts),
              contribution: r.contribution,
            }))(encode(0, x)),
          decode: (z) => decode(0, z),
        },
      ),
      latents,
    };
  },
);
