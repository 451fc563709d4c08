/** Chances said as probabilities, or as the logits that distributions compute with. */
import type { Spec } from '../algebra/spec.ts';
import { raise } from '../core/errors.ts';
import * as o from '../core/ops/index.ts';
import type { Shape } from '../core/shape.ts';
import { type Argument, toExpr, toSpec } from './argument.ts';
import { constants, every, finite } from './counts.ts';

/** Chances in one of two ways. */
interface Chances {
  readonly logits?: Argument | undefined;
  readonly probs?: Argument | undefined;
}

/** Logits, with the specification where they were said otherwise. */
interface Logits {
  readonly logits: Argument;
  readonly spec: { readonly spec?: Spec };
}

const oneWay = (owner: string, { logits, probs }: Chances): void => {
  if (logits !== undefined && probs !== undefined)
    raise('ArgumentError', owner, 'chances are said in one way', { expected: 'logits or probs', got: 'both' });
};

const saidAs = (type: string, shape: Shape, probs: Argument): { readonly spec: Spec } => ({
  spec: { type, shape, probs: toSpec(probs) },
});

/** log p/(1−p) of coin flips. Throws `ArgumentError` where constants are not finite, or not in (0, 1). */
export const coinLogits = (owner: string, shape: Shape, chances: Chances): Logits => {
  oneWay(owner, chances);
  const { logits = 0, probs } = chances;
  if (probs === undefined) {
    finite(owner, 'logits', logits);
    return { logits, spec: {} };
  }
  every(owner, 'probs', probs, (p) => p > 0 && p < 1, 'probabilities in (0, 1)');
  const p = toExpr(probs);
  return { logits: o.sub(o.log(p), o.log1p(o.neg(p))), spec: saidAs(owner, shape, probs) };
};

/** How far from one the constant probabilities of classes may sum. */
const SLACK = 1e-6;

/** log p of classes, −∞ for one that never comes. Throws `ArgumentError` where constants are no probabilities that sum to one. */
export const classChances = (owner: string, shape: Shape, chances: Chances): Logits => {
  oneWay(owner, chances);
  const { logits, probs } = chances;
  if (probs === undefined)
    return logits === undefined
      ? raise('ArgumentError', owner, 'the chances of classes are not said', {
          expected: 'logits or probs',
          got: 'neither',
        })
      : { logits, spec: {} };
  every(owner, 'probs', probs, (p) => p >= 0 && p <= 1, 'probabilities in [0, 1]');
  const total = constants(probs)?.reduce((a, b) => a + b, 0) ?? 1;
  if (!(Math.abs(total - 1) <= SLACK))
    raise('ArgumentError', owner, 'probs do not sum to one', { expected: '1', got: `${total}` });
  return { logits: o.log(toExpr(probs)), spec: saidAs(owner, shape, probs) };
};
