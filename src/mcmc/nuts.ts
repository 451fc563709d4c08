/**
 * The No-U-Turn Sampler (Hoffman & Gelman 2014, arXiv:1111.4246), multinomial and with the generalised criterion (Betancourt 2017, arXiv:1701.02434
 * A.4–A.5), iteratively: one leapfrog an iteration of one flat loop, so that chains which end at different depths run together. The momenta
 * that sub-trajectories are judged by are kept at ⌈log₂⌉ checkpoints (Phan, Pradhan & Jankowiak 2019, arXiv:1912.11554; Lao et al. 2020).
 */

import { pipe } from 'fp-ts/lib/function.js';
import { positiveInteger } from '../core/codec.ts';
import { define } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Operand } from '../core/ops/leaves.ts';
import { map, normal, type Random, sequence, uniform } from '../core/random.ts';
import { range, sizeOf } from '../core/shape.ts';
import { toSpec } from '../distributions/argument.ts';
import { operandCodec } from '../distributions/argument-codec.ts';
import { isDivergent, kinetic, momentumOf } from './hamiltonian.ts';
import { type Evaluated, evaluated, type KernelOf, type Transition } from './kernel.ts';
import { kernelKind } from './kinds.ts';
import type { Gradients, Tuning } from './langevin.ts';
import { acceptanceOf, positiveStep } from './metropolis.ts';

/** The info of a step of {@link nuts}; scalars. */
export type NutsInfo = Gradients & {
  /** The mean over the trajectory of min(1, e^(−ΔH)): the step size is tuned by it. */
  readonly acceptance: Expr;
  /** H of the state that was kept. */
  readonly energy: Expr;
  /** 1 where the energy error was above 1000 or NaN at some point. */
  readonly divergent: Expr;
  /** How many doublings were finished; maxDepth where the trajectory was cut short. */
  readonly depth: Expr;
};

/** Options of {@link nuts}. */
export interface NutsOptions extends Tuning {
  /** A trajectory has at most 2^maxDepth points. Default 10. */
  readonly maxDepth?: number;
}

const bitCount = (n: number): number => (n === 0 ? 0 : (n & 1) + bitCount(n >> 1));
const trailingOnes = (n: number): number => ((n & 1) === 0 ? 0 : 1 + trailingOnes(n >> 1));

/**
 * What iteration t does: it makes leaf n of half number j, t + 1 = 2ʲ + n. An even leaf is kept at checkpoint number bits(n/2); an odd one ends as
 * many balanced sub-trajectories as n has trailing ones, whose first leaves are kept at the checkpoints from there down.
 */
const timetable = (depth: number) => {
  const steps = range(2 ** depth - 1).map((t) => {
    const j = Math.floor(Math.log2(t + 1));
    const n = t + 1 - 2 ** j;
    return { j, n, last: n === 2 ** j - 1, slot: bitCount(n >> 1), closes: trailingOnes(n) };
  });
  type Step = (typeof steps)[number];
  const rows = (f: (s: Step, k: number) => boolean): Expr =>
    o.constant(
      steps.flatMap((s) => range(depth).map((k) => (f(s, k) ? 1 : 0))),
      [steps.length, depth, 1],
      'bool',
    );
  const flags = (f: (s: Step) => boolean): Expr =>
    o.constant(steps.map((s) => (f(s) ? 1 : 0)), [steps.length], 'bool'); // biome-ignore format: one idea
  return {
    half: o.constant(
      Int32Array.from(steps, (s) => s.j),
      [steps.length],
      'int32',
    ),
    first: flags((s) => s.n === 0),
    last: flags((s) => s.last),
    write: rows((s, k) => s.n % 2 === 0 && s.slot === k),
    judge: rows((s, k) => s.n % 2 === 1 && k <= s.slot && k > s.slot - s.closes),
  };
};

const logAddExp = (a: Expr, b: Expr): Expr => o.add(o.max(a, b), o.softplus(o.neg(o.abs(o.sub(a, b)))));

/**
 * Whether a stretch turns back: the smaller of M⁻¹p · (Σp − ½(p₋ + p₊)) at its two ends, which is not positive where it does. Of the ends come M⁻¹p, and of
 * the rest Σp − ½(p₋ + p₊).
 */
const straightness = (first: Expr, last: Expr, rest: Expr): Expr =>
  o.min(o.sum(o.mul(first, rest), -1), o.sum(o.mul(last, rest), -1));

/** Consecutive parts of a vector, of the given lengths. */
const cut = (x: Expr, lengths: readonly number[]): Expr[] =>
  lengths.map((n, i) => {
    const from = lengths.slice(0, i).reduce((a, b) => a + b, 0);
    return o.sliceAxis(x, 0, from, from + n);
  });
const one = (x: Expr): Expr => o.reshape(x, [1]);
const only = (x: Expr): Expr => o.reshape(x, []);

/**
 * The No-U-Turn Sampler (Hoffman & Gelman 2014, arXiv:1111.4246; multinomial: Betancourt 2017, arXiv:1701.02434): Hamiltonian trajectories are doubled,
 * forwards or backwards in time, until they turn back, and one of their points is drawn with weight e^(−H), the later half preferred. It needs no trajectory
 * length; {@link adapted} finds the step size and the mass. Exact for any step size; tune for a mean acceptance of 0.8. Cost: one gradient for each new point
 * of the trajectory, at most 2^maxDepth − 1 a step. Throws `ArgumentError` where the step size is not positive, maxDepth is not in 1 … 12, or the distribution
 * is discrete.
 *
 * @example
 * nuts({ stepSize: 0.5 })(logDensityOf(normal([2])));
 */
export const nuts = define(
  kernelKind,
  {
    type: 'nuts',
    about: 'Hamiltonian trajectories that turn back by themselves.',
    required: { stepSize: operandCodec },
    optional: { inverseMass: operandCodec, maxDepth: positiveInteger },
    examples: [{ stepSize: 0.1, inverseMass: 2, maxDepth: 4 }],
  },
  ({ stepSize, inverseMass = 1, maxDepth = 10 }: NutsOptions): KernelOf<Evaluated, NutsInfo> => {
    positiveStep('nuts', stepSize);
    if (!Number.isInteger(maxDepth) || maxDepth < 1 || maxDepth > 12)
      raise('ArgumentError', 'nuts', 'the greatest depth must be an integer from 1 to 12', { got: `${maxDepth}` });
    return (target) => {
      const at = evaluated(target);
      return {
        spec: { type: 'nuts', stepSize: toSpec(stepSize), inverseMass: toSpec(inverseMass), maxDepth },
        init: at,
        step: (state) =>
          pipe(
            sequence([normal(state.position.shape), ...noiseOf(maxDepth)]),
            map((noise) => grow(state, noise, { at, stepSize, inverseMass, maxDepth })),
          ),
      };
    };
  },
);

/** Uniform numbers: a direction and a choice between halves for each doubling, a choice for each leaf. */
const noiseOf = (maxDepth: number): Random<Expr>[] => [
  uniform([maxDepth]),
  uniform([maxDepth]),
  uniform([2 ** maxDepth - 1]),
];

interface Growing {
  readonly at: (position: Expr) => Evaluated;
  readonly stepSize: Operand;
  readonly inverseMass: Operand;
  readonly maxDepth: number;
}

/**
 * One transition. The loop carries few arrays, because each costs a `where` an iteration: `tree` is the trajectory so far (its two ends, the point on offer,
 * Σp, log Σ e^(H₀ − H)), `half` the half being built (where the integrator is, its offer, Σp, log Σ e^(H₀ − H)).
 */
const grow = (
  state: Evaluated,
  [forMomentum, forDirections, forHalves, forLeaves]: readonly Expr[],
  { at, stepSize, inverseMass, maxDepth }: Growing,
): Transition<Evaluated, NutsInfo> => {
  const { shape } = state.position;
  const d = sizeOf(shape);
  const flat = (x: Expr): Expr => o.reshape(x, [d]);
  const V = flat(o.broadcastTo(inverseMass, shape));
  const momentum = momentumOf(flat(forMomentum), V);
  const energy = o.sub(kinetic(momentum, V), state.logDensity);

  // A phase is momentum, position, gradient, log-density; an offer is what follows the momentum, and H.
  const [phase, offer] = [3 * d + 1, 2 * d + 2];
  const start = o.concat([momentum, flat(state.position), flat(state.gradient), one(state.logDensity)]);
  const offerOf = (z: Expr, h: Expr): Expr => o.concat([o.sliceAxis(z, 0, d, phase), one(h)]);
  const offered = offerOf(start, energy);
  const zero = o.constant([0]);
  const none = o.broadcastTo(0, [d]);
  const table = timetable(maxDepth);

  const { carry } = o.scan({
    length: 2 ** maxDepth - 1,
    init: [
      o.concat([start, start, offered, momentum, zero]),
      o.concat([start, offered, none, zero]),
      o.broadcastTo(0, [maxDepth, d]), // M⁻¹p at the checkpoints
      o.broadcastTo(0, [maxDepth, d]), // Σp of the half before them, and half of p
      o.scalar(0), // Σ min(1, e^(−ΔH))
      o.scalar(0), // points
      o.scalar(0), // has it diverged?
    ],
    xs: [
      table.first,
      table.last,
      table.write,
      table.judge,
      o.gather(o.less(forDirections, 0.5), table.half),
      o.gather(o.log(forHalves), table.half),
      o.log(forLeaves),
    ],
    body: (
      [tree, half, keptVelocity, keptSum, acceptance, points],
      [first, last, write, judge, forwards, logHalf, logLeaf],
    ) => {
      const [left, right, treeOffer, treeMomenta, treeWeight] = cut(tree, [phase, phase, offer, d, 1]);
      const [inside, halfOffer, halfMomenta, halfWeight] = cut(half, [phase, offer, d, 1]);

      // one leapfrog, forwards or backwards in time
      const before = o.where(first, o.where(forwards, right, left), inside);
      const [p0, x0, g0] = cut(before, [d, d, d]);
      const signed = o.mul(o.where(forwards, 1, -1), stepSize);
      const middle = o.add(p0, o.mul(o.mul(0.5, signed), g0));
      const next = at(o.reshape(o.add(x0, o.mul(signed, o.mul(V, middle))), shape));
      const gradient = flat(next.gradient);
      const p = o.add(middle, o.mul(o.mul(0.5, signed), gradient));
      const here = o.concat([p, flat(next.position), gradient, one(next.logDensity)]);
      const hereEnergy = o.sub(kinetic(p, V), next.logDensity);
      const error = o.sub(hereEnergy, energy);
      const diverged = isDivergent(error);
      const weight = o.where(o.less(error, Number.POSITIVE_INFINITY), o.neg(error), -1e30);

      // the half being built: its weight, its sum of momenta, the point it offers
      const newWeight = o.where(first, weight, logAddExp(only(halfWeight), weight));
      const taken = o.or(first, o.less(logLeaf, o.sub(weight, newWeight)));
      const newOffer = o.where(taken, offerOf(here, hereEnergy), halfOffer);
      const newMomenta = o.add(o.where(first, none, halfMomenta), p);

      // the balanced sub-trajectories that end here, judged all at once
      const row = (x: Expr): Expr => o.reshape(x, [1, d]);
      const velocity = o.mul(V, p);
      const upTo = o.sub(newMomenta, o.mul(0.5, p)); // Σp up to here, and half of p
      const straight = straightness(keptVelocity, row(velocity), o.sub(row(upTo), keptSum));
      const isTurned = o.and(o.reshape(judge, [maxDepth]), o.lessEqual(straight, 0));
      const turned = o.less(0, o.reduceMax(o.where(isTurned, 1, 0)));

      // a finished half joins the trajectory
      const failed = o.or(diverged, turned);
      const joins = o.and(last, o.not(failed));
      const preferred = o.less(logHalf, o.sub(newWeight, only(treeWeight)));
      const [newLeft, newRight] = [o.where(forwards, left, here), o.where(forwards, here, right)];
      const momenta = o.add(treeMomenta, newMomenta);
      const ends = (z: Expr): Expr => o.sliceAxis(z, 0, 0, d);
      const [leftP, rightP] = [ends(newLeft), ends(newRight)];
      const whole = straightness(o.mul(V, leftP), o.mul(V, rightP), o.sub(momenta, o.mul(0.5, o.add(leftP, rightP))));
      const joined = o.concat([
        newLeft,
        newRight,
        o.where(preferred, newOffer, treeOffer),
        momenta,
        one(logAddExp(only(treeWeight), newWeight)),
      ]);
      return {
        carry: [
          o.where(joins, joined, tree),
          o.concat([here, newOffer, newMomenta, one(newWeight)]),
          o.where(write, row(velocity), keptVelocity),
          o.where(write, row(upTo), keptSum),
          o.add(acceptance, acceptanceOf(o.neg(error))),
          o.add(points, 1),
          o.where(diverged, 1, 0),
        ],
        done: o.or(failed, o.and(last, o.lessEqual(whole, 0))),
      };
    },
  });
  const [tree, , , , acceptance, points, divergent] = carry;
  const [, , chosen] = cut(tree, [phase, phase, offer]);
  const [position, gradient, logDensity, kept] = cut(chosen, [d, d, 1, 1]);
  return {
    state: {
      position: o.reshape(position, shape),
      logDensity: only(logDensity),
      gradient: o.reshape(gradient, shape),
    },
    info: {
      acceptance: o.div(acceptance, points),
      energy: only(kept),
      divergent,
      // halves that were finished: 2ᵏ − 1 points are k of them
      depth: o.floor(o.mul(1 / Math.LN2, o.log(o.add(points, 1.5)))),
      gradients: points,
    },
  };
};
