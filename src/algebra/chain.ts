/** Layers one after the other: what `compose` and `repeat` are made of. */
import { pipe } from 'fp-ts/lib/function.js';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import { add } from '../core/ops/elementwise.ts';
import { scalar } from '../core/ops/leaves.ts';
import { declare } from '../core/reading.ts';
import { approximationOf, refinedOf } from './approximation.ts';
import { addCost, free } from './cost.ts';
import { type Grade, weaker } from './evidence.ts';
import { countedBy } from './levels.ts';
import type { Spec } from './spec.ts';
import type { Layer, Part, Step } from './transport.ts';

/** One layer's direction at its place: its parameters, noise, errors and non-finite numbers are found by it. */
export const placed = (segment: string, step: () => D.Draw<Step>): D.Draw<Step> =>
  D.at(
    segment,
    (scope) => (cursor) =>
      pipe(
        step(),
        D.chain((s) => D.map((value: Expr) => ({ value, contribution: s.contribution }))(D.labelled(s.value))),
      )(scope)(cursor),
  );

/** A direction of a chain. */
export type Way = 'encode' | 'decode';

/** How a chain runs one of its directions. */
export type Running = (parts: readonly Part[], direction: Way) => (from: Expr) => D.Draw<Step>;

/** Layers one after the other: a loop, so that ten thousand of them need no deeper stack than one. */
export const inOrder: Running = (parts, direction) => (from) => (scope) => (cursor) => {
  let value = from;
  let contribution: Expr = scalar(0);
  let at = cursor;
  for (const { segment, layer } of direction === 'encode' ? parts : [...parts].reverse()) {
    const before = value;
    const [step, next] = placed(segment, () => layer[direction](before))(scope)(at);
    value = step.value;
    contribution = add(contribution, step.contribution);
    at = next;
  }
  return [{ value, contribution }, at];
};

/** The chain of some layers from the data side, as one layer. */
export const chainOf = (layers: readonly Layer[], spec: Spec, running: Running = inOrder): Layer => {
  const parts = layers.map((layer, i) => ({ segment: `${i}.${layer.spec.type}`, layer }));
  const declaration = declare('layer', spec.type);
  return countedBy(layers[0])({
    spec,
    parts,
    declaration,
    ...endoOf(layers),
    grade: layers.reduce<Grade>((g, l) => weaker(g, l.grade), 'bijective'),
    approximation: approximationOf(layers, () => chainOf(layers.map(refinedOf), spec, running)),
    cost: layers.reduce((c, l) => addCost(c, l.cost), free),
    dataShape: (z) => layers.reduceRight((s, l) => l.dataShape(s), z),
    encode: D.method(declaration, 'encode', running(parts, 'encode')),
    decode: D.method(declaration, 'decode', running(parts, 'decode')),
  });
};

/** Layers that all fit any shape make one that does. */
const endoOf = (layers: readonly Layer[]): { readonly endo?: true } =>
  layers.every((l) => l.endo === true) ? { endo: true } : {};
