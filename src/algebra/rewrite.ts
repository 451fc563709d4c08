/**
 * Rewrites that a law justifies: another program for the same distribution. A composition is flattened and then, until nothing changes,
 *
 * | rewrite | law that justifies it |
 * |---|---|
 * | f ∘ (g ∘ h) = f ∘ g ∘ h, repeat(1, f) = f | compose is associative |
 * | id ∘ f = f | identity is its unit |
 * | f⁻¹ ∘ f = id | decode ∘ encode = id, contributions cancel |
 * | permutation ∘ permutation, fixed affine ∘ fixed affine: one layer | both are closed under composition |
 * | constant contributions are summed when the program is made | contributions add |
 *
 * Nothing is renamed: a layer that stays keeps the place of its parameters and its stream of noise, and the declaration (`spec`) is the one that was
 * written, so checkpoints fit before and after. Fewer layers are computed; the numbers are the same up to rounding.
 */
import { pipe } from 'fp-ts/lib/function.js';
import * as D from '../core/draw.ts';
import { within } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import { structuralHash } from '../core/hash.ts';
import { add } from '../core/ops/elementwise.ts';
import { input, scalar } from '../core/ops/leaves.ts';
import { type Shape, sameShape } from '../core/shape.ts';
import { simplify } from '../core/simplify/index.ts';
import { has } from './capability.ts';
import { addCost, free } from './cost.ts';
import { type AnyDist, type Dist, named, pushforward } from './dist.ts';
import { fuse } from './rewrite-fixed.ts';
import { type Layer, repeating, type Step, type Transport } from './transport.ts';

/** One step from a chain to its part: which part, of how many. */
interface Turn {
  readonly segment: string;
  readonly index: number;
  readonly of: number;
}

/** A layer of a flattened composition: where it stood, and the data shape there. */
interface Item {
  readonly trail: readonly Turn[];
  readonly layer: Layer;
  readonly shape: Shape;
}

const placeholder = (shape: Shape): Expr => input('rewritten', shape);

const encoded = ({ layer, shape, trail }: Item, x: Expr = placeholder(shape)): Step =>
  D.runDraw(layer.encode(x), { path: pathOf(trail) });

const pathOf = (trail: readonly Turn[]): string => trail.map((t) => t.segment).join('/');

const latentOf = (item: Item): Shape => (item.layer.endo === true ? item.shape : encoded(item).value.shape);

/** The parts of a chain with their places and shapes. */
const partsOf = ({ layer, trail, shape }: Item): Item[] => {
  const out: Item[] = [];
  let at = shape;
  for (const [index, part] of layer.parts.entries()) {
    const item = { trail: [...trail, { segment: part.segment, index, of: layer.parts.length }], layer: part.layer, shape: at }; // biome-ignore format: one idea
    out.push(item);
    at = latentOf(item);
  }
  return out;
};

const leavesOf = (item: Item): Item[] => (item.layer.parts.length === 0 ? [item] : partsOf(item).flatMap(leavesOf));

/** The number that an expression always is, where it is one. */
const constantValue = (e: Expr): number | undefined => {
  const [s] = simplify([e]);
  return s.op === 'constant' && s.attributes.data.length === 1 ? s.attributes.data[0] : undefined;
};

/** Whether a layer changes nothing and contributes nothing. */
const isIdentity = (item: Item): boolean => {
  if (item.layer.grade !== 'bijective') return false;
  const x = placeholder(item.shape);
  const { value, contribution } = encoded(item, x);
  return simplify([value])[0] === x && constantValue(contribution) === 0;
};

/** f then g is the identity where g decodes by the same expression, over the same parameters, by which f encodes. */
const cancels = (f: Item, g: Item): boolean => {
  if (f.layer.grade !== 'bijective' || g.layer.grade !== 'bijective' || !sameShape(latentOf(g), f.shape)) return false;
  const x = placeholder(f.shape);
  const back = D.runDraw(g.layer.decode(x), { path: pathOf(g.trail) }).value;
  const keys = [encoded(f, x).value, back].map((e) => structuralHash(simplify([e])));
  return keys[0] === keys[1];
};

/** One rewrite of neighbours, or nothing. */
const once = (items: readonly Item[]): readonly Item[] | undefined => {
  for (let i = 0; i + 1 < items.length; i++) {
    const [f, g] = [items[i], items[i + 1]];
    const replaced = cancels(f, g) ? [] : fuse(f.layer, g.layer, f.shape)?.map((layer) => ({ ...f, layer }));
    if (replaced !== undefined) return [...items.slice(0, i), ...replaced, ...items.slice(i + 2)];
  }
  return undefined;
};

const settled = (items: readonly Item[]): readonly Item[] => {
  const next = once(items);
  return next === undefined ? items : settled(next);
};

/** Repetitions none of whose layers were touched are put together again. */
const folded = (item: Item, kept: ReadonlyMap<string, Item>): Item[] => {
  const { layer, trail } = item;
  const survives = (leaf: Item): boolean => kept.get(pathOf(leaf.trail))?.layer === leaf.layer;
  if (layer.parts.length === 0) {
    const now = kept.get(pathOf(trail));
    return now === undefined ? [] : [now];
  }
  if (has(repeating, layer) && layer.parts.length > 1 && leavesOf(item).every(survives)) return [item];
  return partsOf(item).flatMap((part) => folded(part, kept));
};

type Direction = 'encode' | 'decode';

/** A layer run as if it stood where it was: at its place, with its stream of noise. */
const inPlace =
  ({ trail, layer }: Item, direction: Direction, value: Expr): D.Draw<Step> =>
  (scope) =>
  (cursor) => {
    const segment = pathOf(trail);
    const path = scope.path === '' ? segment : `${scope.path}/${segment}`;
    const turns = trail.map((t) => (direction === 'encode' ? t.index : t.of - 1 - t.index));
    const from = `${cursor.path}/${turns.map((t, i) => (i === 0 ? cursor.next + t : t)).join('/')}`;
    const labelled = pipe(
      layer[direction](value),
      D.chain((s) => D.map((v: Expr): Step => ({ ...s, value: v }))(D.labelled(s.value))),
    );
    return within(segment, () => [labelled({ ...scope, path })({ path: from, next: 0 })[0], cursor]);
  };

/** The items one after the other; what is constant in the contributions is one number. */
const run =
  (items: readonly Item[], direction: Direction, turns: number) =>
  (from: Expr): D.Draw<Step> =>
  (scope) =>
  (cursor) => {
    let value = from;
    let constant = 0;
    let rest: Expr | undefined;
    for (const item of direction === 'encode' ? items : [...items].reverse()) {
      const [step] = inPlace(item, direction, value)(scope)(cursor);
      value = step.value;
      const known = constantValue(step.contribution);
      if (known !== undefined) constant += known;
      else rest = rest === undefined ? step.contribution : add(rest, step.contribution);
    }
    const contribution = rest === undefined ? scalar(constant) : constant === 0 ? rest : add(rest, constant);
    return [
      { value, contribution },
      { ...cursor, next: cursor.next + turns },
    ];
  };

/**
 * A layer rewritten for events of one shape: a chain of what is left, each at its own place. Its `spec` stays the declaration it was made from. A
 * layer that is not a chain comes back as it is.
 *
 * @example
 * rewriteLayer(compose(reverse(), reverse(), affine()), [2]).parts.length;   // 1
 */
export const rewriteLayer = (layer: Layer, shape: Shape): Layer => {
  const whole: Item = { trail: [], layer, shape };
  if (layer.parts.length === 0) return layer;
  const left = settled(leavesOf(whole).filter((item) => !isIdentity(item)));
  const items = folded(whole, new Map(left.map((item) => [pathOf(item.trail), item])));
  if (items.length === 1 && items[0] === whole) return layer;
  return {
    ...layer,
    parts: items.map((item) => ({ segment: pathOf(item.trail), layer: item.layer })),
    cost: items.reduce((c, item) => addCost(c, item.layer.cost), free),
    encode: (x) => D.owned(layer.declaration, run(items, 'encode', layer.parts.length)(x)),
    decode: (z) => D.owned(layer.declaration, run(items, 'decode', layer.parts.length)(z)),
  };
};

/**
 * The same distribution by a shorter program: every transport it was pushed through is rewritten by {@link rewriteLayer}. Parameters keep their names, and
 * density and samples are the same up to rounding (wherever the composition was defined: cancelling log ∘ exp also cancels its edge).
 *
 * @example
 * const short = rewrite(dist);
 * console.log(describeText(describe(dist)), describeText(describe(short)));
 */
export const rewrite = <L extends AnyDist>(dist: L): L => {
  if (dist.named !== undefined)
    return { ...dist, ...named(dist.named.place)(rewrite(dist.named.dist) as Dist<Shape, unknown> & AnyDist) };
  if (dist.pushed === undefined) return dist;
  const { transport, base } = dist.pushed;
  const short = rewriteLayer(transport, dist.shape) as Transport<Shape, Shape, 'bound'>;
  return { ...dist, ...pushforward(short)(rewrite(base) as Dist<Shape, unknown> & AnyDist) };
};
