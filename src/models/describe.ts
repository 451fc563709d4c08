/**
 * What a distribution is made of, as plain data: the layers with their shapes, parameters, evidence and costs. Everything is read off the declaration:
 * shapes and parameters by encoding placeholders, the rest from what each layer says of itself.
 */
import { addCost, type Cost, costAt, free } from '../algebra/cost.ts';
import type { AnyDist } from '../algebra/dist.ts';
import { type Evidence, type Grade, signOf } from '../algebra/evidence.ts';
import { placeOf } from '../algebra/pushed.ts';
import type { Json, Spec } from '../algebra/spec.ts';
import type { Layer } from '../algebra/transport.ts';
import { isRecord, showJson } from '../core/codec.ts';
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import { input } from '../core/ops/leaves.ts';
import { parametersOf } from '../core/program.ts';
import { type Shape, sizeOf } from '../core/shape.ts';

/** A layer of a composition. */
export interface LayerDescription {
  readonly name: string;
  /** Its arguments, short: `mlp [64, 64] relu`. */
  readonly detail: string;
  /** Where its parameters stand: `0.compose/1.affineCoupling`. */
  readonly place: string;
  readonly data: Shape;
  readonly latent: Shape;
  /** Free numbers in it, all copies together; shared ones count once. */
  readonly parameters: number;
  readonly grade: Grade;
  readonly cost: Cost;
  /** How many copies of its one part follow each other. */
  readonly times?: number;
  /** From the data side to the latent side. */
  readonly parts: readonly LayerDescription[];
}

/** The distribution that everything is pushed forward from. */
export interface BaseDescription {
  readonly name: string;
  readonly detail: string;
  readonly place: string;
  readonly shape: Shape;
  readonly parameters: number;
  readonly evidence: Evidence;
}

/** A distribution. */
export interface Description {
  readonly shape: Shape;
  readonly evidence: Evidence;
  /** What stands between log p(x) and the number: `=`, `≥`, … */
  readonly sign: string;
  /** The method that computes the log-density, where it makes the number approximate. */
  readonly computed?: string;
  readonly parameters: number;
  /** Every array of parameters by name. */
  readonly arrays: readonly { readonly name: string; readonly shape: Shape; readonly size: number }[];
  readonly cost: Cost;
  /** From the data side to the base. */
  readonly layers: readonly LayerDescription[];
  readonly base: BaseDescription;
}

const argumentText = (value: Json): string => {
  if (isRecord(value)) {
    const { type, ...rest } = value as Spec;
    return [typeof type === 'string' ? type : '', detailOf(rest)].filter((s) => s !== '').join(' ');
  }
  if (!Array.isArray(value)) return typeof value === 'string' ? value : showJson(value);
  const some = value.slice(0, 4).map(argumentText);
  return `[${some.join(', ')}${value.length > 4 ? `, … ${value.length} in all` : ''}]`;
};

/** Keys that the tree or the column of shapes shows already. */
const SHOWN = ['type', 'opaque', 'shape', 'data', 'latent', 'layers', 'layer', 'of', 'times'];

const showNumber = (n: number): string => (n !== 0 && Math.abs(n) < 1e-3 ? n.toExponential() : `${n}`);

/** The arguments of a specification as a few words; layers inside are left to their own lines. */
const detailOf = (args: { readonly [key: string]: Json }): string =>
  Object.entries(args)
    .filter(([key, value]) => !SHOWN.includes(key) && value !== false)
    .map(([key, value]) => {
      if (value === true) return key;
      if (typeof value === 'number') return `${key} ${showNumber(value)}`;
      return Array.isArray(value) && key !== 'hidden' ? `${key} ${argumentText(value)}` : argumentText(value);
    })
    .join(', ');

const innermost = (spec: Spec): { readonly spec: Spec; readonly inverted: boolean } => {
  let at = spec;
  let inverted = false;
  while (at.type === 'inverse' && isRecord(at.of)) {
    at = at.of as Spec;
    inverted = !inverted;
  }
  return { spec: at, inverted };
};

const sizes = (outputs: readonly Expr[]): number => parametersOf(outputs).reduce((n, p) => n + sizeOf(p.shape), 0);

const describeLayer = (layer: Layer, x: Shape, place: string): LayerDescription => {
  const step = D.runDraw(layer.encode(input('x', x)), { path: place });
  const { spec, inverted } = innermost(layer.spec);
  const all = layer.parts;
  // A rewritten repetition keeps its specification, but need not be one any more.
  const copies = all.every((p) => innermost(p.layer.spec).spec === innermost(all[0].layer.spec).spec);
  const repeated = spec.type === 'repeat' && all.length > 0 && spec.times === all.length && copies;
  const type = spec.type === 'repeat' && !repeated ? 'compose' : spec.type;
  const parts: LayerDescription[] = [];
  let shape = x;
  for (const { segment, layer: part } of repeated ? all.slice(0, 1) : all) {
    const described = describeLayer(part, shape, `${place}/${segment}`);
    parts.push(described);
    shape = described.latent;
  }
  return {
    name: inverted && (parts.length === 0 || !repeated) ? `inverse ${type}` : type,
    detail: detailOf(spec),
    place,
    data: x,
    latent: step.value.shape,
    parameters: sizes([step.value, step.contribution]),
    grade: layer.grade,
    cost: all.length === 0 ? costAt(layer.cost, sizeOf(x)) : total(repeated ? all.map(() => parts[0]) : parts),
    ...(repeated ? { times: all.length } : {}),
    parts,
  };
};

const total = (layers: readonly LayerDescription[]): Cost => layers.reduce((c, l) => addCost(c, l.cost), free);

/** The expression of a distribution: its log-density, or its sampler where it has none. */
const meaning = (dist: AnyDist, place: string): Expr =>
  D.runDraw(dist.evidence === 'none' ? dist.sample : dist.logDensity(input('x', dist.shape)), { path: place });

/**
 * A description of a distribution as plain data: its layers with shapes, parameters, grades and costs, and its evidence. Throws `ShapeError` where layers do not fit together. Cost:
 * builds the expressions once; nothing is compiled.
 *
 * @example
 * describe(dist).parameters;   // the number of parameters
 */
export const describe = (dist: AnyDist): Description => {
  const arrays = parametersOf([meaning(dist, '')]).map((p) => ({
    name: p.attributes.name,
    shape: p.shape,
    size: sizeOf(p.shape),
  }));
  const layers: LayerDescription[] = [];
  let base = dist;
  let around = '';
  const inside = (segment: string): string =>
    around === '' ? segment : segment === '' ? around : `${around}/${segment}`;
  for (;;) {
    if (base.named !== undefined) {
      around = inside(base.named.place);
      base = base.named.dist;
    } else if (base.pushed !== undefined) {
      layers.push(describeLayer(base.pushed.transport, base.shape, inside(placeOf(base.pushed))));
      if (base.pushed.base.pushed === undefined) around = inside('base');
      base = base.pushed.base;
    } else break;
  }
  const place = around;
  return {
    shape: dist.shape,
    evidence: dist.evidence,
    sign: signOf(dist.evidence, { approximate: dist.approximation !== undefined }),
    ...(dist.approximation === undefined ? {} : { computed: dist.approximation.because }),
    parameters: arrays.reduce((n, a) => n + a.size, 0),
    arrays,
    cost: total(layers),
    layers,
    base: {
      name: base.spec.type,
      detail: detailOf(base.spec),
      place,
      shape: base.shape,
      parameters: sizes([meaning(base, place)]),
      evidence: base.evidence,
    },
  };
};
