/**
 * The No-U-Turn Sampler (Hoffman & Gelman 2014, arXiv:1111.4246), multinomial and with the generalised criterion (Betancourt 2017, arXiv:1701.02434
 * A.4–A.5), iteratively: one leapfrog an iteration of one flat loop, so that chains which end at different depths run together. The momenta
 * that sub-trajectories are judged by are kept at ⌈log₂⌉ checkpoints (Phan, Pradhan & Jankowiak 2019, arXiv:1912.11554; Lao et al. 2020).
 */
import { pipe } from 'fp-ts/lib/function.js';
import { raise } from '../core/errors.ts';
import type { Expr } from '../core/expr.ts';
import * as o from '../core/ops/index.ts';
import type { Operand } from '../core/ops/leaves.ts';
import { map, normal, type Random, sequence, uniform } from '../core/random.ts';
import { range } from '../core/shape.ts';
import { toSpec } from '../distributions/argument.ts';
import { hamiltonian, isDivergent, leapfrog, momentumOf, type Phase } from './hamiltonian.ts';
import { type Evaluated, evaluated, type Fields, fromList, type KernelOf, select, toList } from './kernel.ts';
import type { Gradients, Tuning } from './langevin.ts';
import { acceptanceOf, positiveStep } from './metropolis.ts';

/** What {@link nuts} says of a step; scalars. */
export interface NutsInfo extends Gradients {
  /** The mean over the trajectory of min(1, e^(−ΔH)): what the step size is tuned by. */
  readonly acceptance: Expr;
  /** H of the state that was kept. */
  readonly energy: Expr;
  /** 1 where the energy error was above 1000, or no number, somewhere. */
  readonly divergent: Expr;
  /** How often the trajectory was doubled. */
  readonly depth: Expr;
}

/** Options of {@link nuts}. */
export interface NutsOptions extends Tuning {
  /** A trajectory has at most 2^maxDepth points. Default 10. */
  readonly maxDepth?: number;
}

/** A state on offer: what the chain would move to, with its H. */
interface Offer extends Evaluated {
  readonly energy: Expr;
}

/** What the loop carries, nested for reading; {@link flatten} makes the list. */
interface Tree {
  /** The ends of the trajectory, the points of least and of greatest time. */
  readonly left: Phase;
  readonly right: Phase;
  /** Where the integrator is inside the half being built. */
  readonly at: Phase;
  readonly offer: Offer;
  readonly halfOffer: Offer;
  readonly rest: Fields;
}

const prefixes = ['left', 'right', 'at', 'offer', 'halfOffer', 'rest'] as const;
const flatten = (t: Tree): Fields =>
  Object.fromEntries(prefixes.flatMap((p) => Object.entries(t[p]).map(([k, v]) => [`${p}.${k}`, v] as const)));
const nest = (f: Fields): Tree => {
  const part = (p: string): Fields =>
    Object.fromEntries(
      Object.entries(f).flatMap(([k, v]) => (k.startsWith(`${p}.`) ? [[k.slice(p.length + 1), v]] : [])),
    );
  return Object.fromEntries(prefixes.map((p) => [p, part(p)])) as unknown as Tree;
};

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
  const rows = (f: (s: (typeof steps)[number], k: number) => boolean): Expr =>
    o.constant(
      steps.flatMap((s) => range(depth).map((k) => (f(s, k) ? 1 : 0))),
      [steps.length, depth],
      'bool',
    );
  const flags = (f: (s: (typeof steps)[number]) => boolean): Expr =>
    o.constant(steps.map((s) => (f(s) ? 1 : 0)), [steps.length], 'bool'); // biome-ignore format: one idea
  return {
    first: flags((s) => s.n === 0),
    last: flags((s) => s.last),
    half: rows((s, k) => s.j === k),
    write: rows((s, k) => s.n % 2 === 0 && s.slot === k),
    judge: rows((s, k) => s.n % 2 === 1 && k <= s.slot && k > s.slot - s.closes),
  };
};

const logAddExp = (a: Expr, b: Expr): Expr => o.add(o.max(a, b), o.softplus(o.neg(o.abs(o.sub(a, b)))));

/** A mask `[D]` with as many trailing axes as needed to select among `[D, …]`. */
const over = (mask: Expr, rank: number): Expr => o.reshape(mask, [mask.shape[0], ...range(rank).map(() => 1)]);

/**
 * Whether a stretch with these end momenta and this sum of momenta turns back: M⁻¹p · (Σp − ½(p₋ + p₊)) ≤ 0 at either end. Reduces over `axes`, so that
 * many stretches are judged at once.
 */
const turns = (first: Expr, last: Expr, total: Expr, inverseMass: Operand, axes: readonly number[]): Expr => {
  const span = o.mul(inverseMass, o.sub(total, o.mul(0.5, o.add(first, last))));
  const at = (p: Expr): Expr => o.lessEqual(o.sum(o.mul(p, span), axes), 0);
  return o.or(at(first), at(last));
};

/**
 * The No-U-Turn Sampler: Hamiltonian trajectories that are doubled, forwards or backwards in time, until they turn back, and a point of them drawn with weight
 * e^(−H), the later half preferred. Needs no trajectory length; the step size and the mass are what `adapted` finds. Exact for any
 * step size; tuned for a mean acceptance of 0.8. As many gradients a step as the trajectory has new points, at most 2^maxDepth − 1.
 * Throws `ArgumentError` where the step size is not positive, maxDepth is not in 1 … 12, or the law is discrete.
 *
 * @example
 * nuts({ stepSize: 0.5 })(logDensityOf(normal([2])))
 */
export const nuts = ({ stepSize, inverseMass = 1, maxDepth = 10 }: NutsOptions): KernelOf<Evaluated, NutsInfo> => {
  positiveStep('nuts', stepSize);
  if (!Number.isInteger(maxDepth) || maxDepth < 1 || maxDepth > 12)
    raise('ArgumentError', 'nuts', 'the greatest depth is an integer from 1 to 12', { got: `${maxDepth}` });
  return (target) => {
    const at = evaluated(target);
    return {
      spec: { type: 'nuts', stepSize: toSpec(stepSize), inverseMass: toSpec(inverseMass), maxDepth },
      init: at,
      step: (state) =>
        pipe(
          sequence([normal(state.position.shape), ...noiseOf(maxDepth)]),
          map((noise) => {
            const tree = grow(state, noise, { at, stepSize, inverseMass, maxDepth });
            const { energy, ...next } = tree.offer;
            const { leaves, acceptance, divergent, depth } = tree.rest;
            return {
              state: next as unknown as Evaluated,
              info: { acceptance: o.div(acceptance, leaves), energy, divergent, depth, gradients: leaves },
            };
          }),
        ),
    };
  };
};

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

const grow = (state: Evaluated, noise: readonly Expr[], { at, stepSize, inverseMass, maxDepth }: Growing): Tree => {
  const [forMomentum, forDirections, forHalves, forLeaves] = noise;
  const shape = state.position.shape;
  const zeros = o.broadcastTo(0, shape);
  const checkpoints = o.broadcastTo(0, [maxDepth, ...shape]);
  const momentum = momentumOf(forMomentum, inverseMass);
  const { position, logDensity, gradient } = state;
  const start: Phase = { position, logDensity, gradient, momentum };
  const energy = hamiltonian(start, inverseMass);
  const offer: Offer = { position, logDensity, gradient, energy };
  const zero = o.scalar(0);
  const from: Tree = {
    left: start,
    right: start,
    at: start,
    offer,
    halfOffer: offer,
    rest: {
      logWeight: zero, // log Σ e^(H₀ − H) over the trajectory
      halfLogWeight: zero,
      momenta: momentum, // Σ p over the trajectory
      halfMomenta: zeros,
      keptMomentum: checkpoints,
      keptMomenta: checkpoints,
      acceptance: zero, // Σ min(1, e^(−ΔH))
      leaves: zero,
      divergent: zero,
      depth: zero,
    },
  };
  const names = Object.keys(flatten(from));
  const table = timetable(maxDepth);
  const pick = (row: Expr, values: Expr): Expr => o.sum(o.where(row, values, 0));

  const { carry } = o.scan({
    length: 2 ** maxDepth - 1,
    init: toList(names, flatten(from)),
    xs: [table.first, table.last, table.half, table.write, table.judge, forLeaves],
    body: (values, [first, last, half, write, judge, u]) => {
      const tree = nest(fromList<Fields>(names, values));
      const { rest } = tree;
      const forwards = o.less(pick(half, forDirections), 0.5);
      const signed = o.mul(o.where(forwards, 1, -1), stepSize);
      const before = select(first, select(forwards, tree.right, tree.left), tree.at);
      const here = leapfrog(at, signed, inverseMass)(before);
      const p = here.momentum;
      const hereEnergy = hamiltonian(here, inverseMass);
      const error = o.sub(hereEnergy, energy);
      const diverged = isDivergent(error);
      const weight = o.where(o.less(error, Number.POSITIVE_INFINITY), o.neg(error), -1e30);

      // the half being built: its weight, its sum of momenta, the point it offers
      const halfLogWeight = o.where(first, weight, logAddExp(rest.halfLogWeight, weight));
      const taken = o.or(first, o.less(o.log(u), o.sub(weight, halfLogWeight)));
      const hereOffer: Offer = {
        position: here.position,
        logDensity: here.logDensity,
        gradient: here.gradient,
        energy: hereEnergy,
      };
      const halfOffer = select(taken, hereOffer, tree.halfOffer);
      const halfMomenta = o.add(o.where(first, zeros, rest.halfMomenta), p);

      // the balanced sub-trajectories that end here, judged all at once
      const rank = shape.length;
      const axes = range(rank).map((i) => i + 1);
      const wide = (x: Expr): Expr => o.broadcastTo(o.expandDims(x, 0), [maxDepth, ...shape]);
      const sums = o.add(o.sub(wide(halfMomenta), rest.keptMomenta), rest.keptMomentum);
      const turned = turns(rest.keptMomentum, wide(p), sums, inverseMass, axes);
      const halfTurned = o.less(0, o.sum(o.where(o.and(judge, turned), 1, 0)));
      const keptMomentum = o.where(over(write, rank), wide(p), rest.keptMomentum);
      const keptMomenta = o.where(over(write, rank), wide(halfMomenta), rest.keptMomenta);

      // a finished half joins the trajectory
      const failed = o.or(diverged, halfTurned);
      const joins = o.and(last, o.not(failed));
      const preferred = o.less(o.log(pick(half, forHalves)), o.sub(halfLogWeight, rest.logWeight));
      const left = select(o.and(joins, o.not(forwards)), here, tree.left);
      const right = select(o.and(joins, forwards), here, tree.right);
      const momenta = o.where(joins, o.add(rest.momenta, halfMomenta), rest.momenta);
      const wholeTurned = turns(left.momentum, right.momentum, momenta, inverseMass, range(rank));
      const next: Tree = {
        left,
        right,
        at: here,
        offer: select(o.and(joins, preferred), halfOffer, tree.offer),
        halfOffer,
        rest: {
          logWeight: o.where(joins, logAddExp(rest.logWeight, halfLogWeight), rest.logWeight),
          halfLogWeight,
          momenta,
          halfMomenta,
          keptMomentum,
          keptMomenta,
          acceptance: o.add(rest.acceptance, acceptanceOf(o.neg(error))),
          leaves: o.add(rest.leaves, 1),
          divergent: o.where(diverged, 1, rest.divergent),
          depth: o.where(last, o.add(rest.depth, 1), rest.depth),
        },
      };
      return { carry: toList(names, flatten(next)), done: o.or(failed, o.and(last, wholeTurned)) };
    },
  });
  return nest(fromList<Fields>(names, carry));
};
