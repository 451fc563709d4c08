/** Figures of inference in a distribution: reconstructions, KL by group, units in use, and a walk through a code of two numbers. */
import type { AnyDist } from '../../algebra/dist.ts';
import { decodeFromBase, encodeToBase, innermost } from '../../algebra/pushed.ts';
import { type Trace, trace } from '../../algebra/trace.ts';
import * as D from '../../core/draw.ts';
import type { Expr } from '../../core/expr.ts';
import * as o from '../../core/ops/index.ts';
import { type Shape, sizeOf } from '../../core/shape.ts';
import { type Tensor, tensor } from '../../core/tensor.ts';
import { type BoundTerms, boundTerms } from '../../inference/latent/sgvb.ts';
import { imageGrid } from '../image-grid.ts';
import { latentUnits } from '../latent-units.ts';
import { firstRows, floats, gridOf, type ImageShape, imageShape } from './events.ts';
import { type Figure, type Finder, nothing, type RunRecord } from './record.ts';

/** The code of a stochastic layer: its place in the composition and its size. */
interface Group {
  readonly name: string;
  readonly size: number;
}

const groupsOf = (dist: AnyDist): readonly Group[] =>
  D.runDraw(boundTerms(dist)(o.input('x', dist.shape))).divergences.map((d, i) => ({
    name: `group ${i + 1}`,
    size: d.size,
  }));

const ROWS = 1000;

/** For each event the KL of every group at one draw, in closed form where there is one, and every unit at another. */
const inferred =
  (dist: AnyDist) =>
  (x: Expr): D.Draw<readonly Expr[]> =>
    D.chain((terms: BoundTerms) =>
      D.map((t: Trace): readonly Expr[] => [
        ...terms.divergences.map((d) => d.value),
        o.concat(t.groups.map((g) => o.reshape(g.value, [sizeOf(g.value.shape)]))),
      ])(D.forked(trace(dist)(x))),
    )(D.forked(boundTerms(dist)(x)));

/** {@link inferred}, twice, with noise of their own. */
const inferredTwice =
  (dist: AnyDist) =>
  (x: Expr): D.Draw<readonly Expr[]> => {
    const half = D.forked(inferred(dist)(x));
    return D.chain((a: readonly Expr[]) => D.map((b: readonly Expr[]) => [...a, ...b])(half))(half);
  };

const meanOf = (t: Tensor): number => floats(t).reduce((a, b) => a + b, 0) / t.data.length;

/**
 * Var over events of each unit's posterior mean, without bias from the noise of a draw: the covariance, over events, of two independent draws of the
 * posterior (Burda et al. 2016, §5, measured with the mean itself).
 */
export const activityOf = (first: Tensor, second: Tensor): number[] => {
  const [n, size] = first.shape;
  return Array.from({ length: size }, (_, j) => {
    let [a, b, ab] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      const [u, v] = [first.data[i * size + j], second.data[i * size + j]];
      a += u;
      b += v;
      ab += u * v;
    }
    return Math.max(0, (ab - (a * b) / n) / (n - 1));
  });
};

/** Nats of KL below which a group says nothing: the posterior is the prior. */
const COLLAPSED = 0.05;

const klFacts = (groups: readonly Group[], kl: readonly number[], used: readonly number[]) =>
  groups.map((g, i) => ({
    label: groups.length === 1 ? 'KL(posterior ‖ prior)' : `KL of ${g.name}`,
    value: `${kl[i].toFixed(2)} nats`,
    hint:
      kl[i] < COLLAPSED || used[i] === 0
        ? 'posterior collapse: the code says nothing of the event; a KL warm-up or free bits may help'
        : `${used[i]} of ${g.size} units in use`,
  }));

/** DRAWS decodings of one code, averaged: what it says of the event, without the decoder's own noise. */
const DRAWS = 32;
const meanDecoding =
  (dist: AnyDist) =>
  (z: Expr): D.Draw<Expr> =>
    D.map(([all]: readonly Expr[]) => o.mean(all, [0]))(
      D.vmapDraw(() => D.map((x: Expr) => [x])(decodeFromBase(dist, z)), { size: DRAWS, axis: 'draws' })(),
    );

const PAIRS = 30;

const reconstructions = async ({ running, test, seed }: RunRecord, image: ImageShape): Promise<Figure> => {
  const { dist } = running;
  const shown = firstRows(test, PAIRS);
  const [decoded] = await running.each((x) =>
    D.chain((z: Expr) => D.map((m: Expr): readonly Expr[] => [m])(meanDecoding(dist)(z)))(encodeToBase(dist, x)),
  )(shown, seed);
  const size = sizeOf(dist.shape);
  const [a, b] = [floats(shown), floats(decoded)];
  // Ten columns: a row of data above the row of what their codes decode to.
  const rows = Array.from({ length: PAIRS / 10 }, (_, r) =>
    [a, b].map((v) => v.subarray(10 * r * size, 10 * (r + 1) * size)),
  ).flat();
  const joined = new Float32Array(rows.reduce((n, r) => n + r.length, 0));
  rows.reduce((at, r) => {
    joined.set(r, at);
    return at + r.length;
  }, 0);
  const levels = test.levels ?? 256;
  const picture = imageGrid({
    ...image,
    scale: Math.max(1, Math.min(6, Math.floor(56 / image.width))),
    columns: 10,
    images: joined.map((v) => v / (levels - 1)),
  });
  return {
    name: 'reconstructions',
    title: 'Reconstructions',
    caption: `Test images, and under each row the mean of ${DRAWS} decodings of one code drawn from its posterior.`,
    ...picture,
  };
};

const SIDE = 15;

const walk = async ({ running, test, seed }: RunRecord, image: ImageShape, base: Shape): Promise<Figure> => {
  const at = (k: number): number => (k + 0.5) / SIDE;
  const p = Float32Array.from({ length: SIDE * SIDE * 2 }, (_, i) => {
    const cell = Math.floor(i / 2);
    return i % 2 === 0 ? at(cell % SIDE) : 1 - at(Math.floor(cell / SIDE));
  });
  const [decoded] = await running.each((u) => D.map((m: Expr): readonly Expr[] => [m])(meanDecoding(running.dist)(o.normalQuantile(u))))(
    tensor(p, [SIDE * SIDE, ...base]),
    seed,
  ); // biome-ignore format: one idea
  return {
    name: 'walk',
    title: 'A walk through the code',
    caption: 'Codes at the quantiles of the prior, each decoded (the mean of the decodings).',
    ...gridOf(decoded, image, test.levels ?? 256, SIDE * SIDE),
  };
};

/** Distributions with stochastic layers: what their codes say. */
export const inference: Finder = async (record) => {
  const { running, test, seed } = record;
  const { dist } = running;
  const groups = groupsOf(dist);
  if (groups.length === 0) return nothing;
  const results = await running.each(inferredTwice(dist))(firstRows(test, ROWS), seed);
  const half = groups.length + 1;
  const kl = groups.map((_, i) => (meanOf(results[i]) + meanOf(results[half + i])) / 2);
  const all = activityOf(results[half - 1], results[2 * half - 1]);
  const before = (i: number): number => groups.slice(0, i).reduce((n, g) => n + g.size, 0);
  const activity = groups.map((g, i) => all.slice(before(i), before(i) + g.size));
  const used = activity.map((a) => a.filter((v) => v > 0.01).length);
  const units: Figure = {
    name: 'units',
    title: 'Units of the code',
    caption:
      'How much the posterior mean of each unit varies from event to event; a unit that does not vary says nothing.',
    svg: latentUnits({ groups: groups.map((g, i) => ({ name: g.name, activity: activity[i] })) }),
  };
  const image = imageShape(dist, test.levels);
  const base = innermost(dist);
  return {
    facts: klFacts(groups, kl, used),
    figures: [
      ...(image === undefined ? [] : [await reconstructions(record, image)]),
      ...(image !== undefined && base.family?.name === 'standardNormal' && sizeOf(base.shape) === 2
        ? [await walk(record, image, base.shape)]
        : []),
      units,
    ],
  };
};
