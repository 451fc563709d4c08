/**
 * Selectors: sets of parameters as values. A selector determines what a player owns and what is decayed, slowed or frozen: by the place where a parameter
 * stands, its kind, or the distribution that declared it; never by a pattern over names. `both`, `either` and `not` make a Boolean algebra of them.
 */

import { opaque, type Spec } from '../algebra/spec.ts';
import { belongsTo } from '../core/claims.ts';
import { list, text } from '../core/codec.ts';
import { type Defined, define, defineValue } from '../core/definition.ts';
import { raise } from '../core/errors.ts';
import type { Node } from '../core/expr.ts';
import { nested } from '../core/specification.ts';
import { selectorKind } from './kinds.ts';

/** A parameter as a selector sees it: its full name, its kind and its claim. */
export type Parameter = Node<'parameter'>;

/** A set of parameters; `spec` can be read back where it is made of places and kinds. */
export interface Selector {
  readonly spec: Spec;
  readonly selects: (parameter: Parameter) => boolean;
}

/**
 * The selector of every parameter: the unit of {@link both}; `not(everything)` selects none.
 *
 * @example
 * everything.selects;   // always true
 */
export const everything: Selector & Defined = defineValue(
  selectorKind,
  { type: 'everything', about: 'All parameters.', examples: [{}] },
  { spec: { type: 'everything' }, selects: () => true },
);

/**
 * The parameters at a place: the one of this full name, and those whose name stands under it, segment by segment (`place('critic')` selects
 * `critic/0.dense/kernel` and not `critics/0.dense/kernel`). Throws `ArgumentError` where a segment is empty.
 *
 * @example
 * const encoder = place('0.stochastic/encoder');
 */
export const place = define(
  selectorKind,
  {
    type: 'place',
    about: 'Parameters at a place.',
    takes: ['at'],
    required: { at: text },
    examples: [{ at: 'critic' }],
  },
  (at: string): Selector =>
    at.split('/').some((segment) => segment === '')
      ? raise('ArgumentError', 'place', 'a place is names with single slashes between them', {
          expected: "such as 'base' or 'critic/0.dense'",
          got: `'${at}'`,
        })
      : {
          spec: { type: 'place', at },
          selects: ({ attributes: { name } }) => name === at || name.startsWith(`${at}/`),
        },
);

/**
 * The parameters of some kinds: `'kernel'`, `'bias'`, … as the layer that declared them says. A parameter without a kind is of none.
 * Throws `ArgumentError` where no kind is named.
 *
 * @example
 * const weights = kind('kernel');
 */
export const kind = define(
  selectorKind,
  {
    type: 'kind',
    about: 'Parameters of some kinds.',
    required: { kinds: list(text) },
    build: ({ kinds }): Selector => kind(...kinds),
    examples: [{ kinds: ['kernel', 'bias'] }],
  },
  (...kinds: readonly string[]): Selector =>
    kinds.length === 0
      ? raise('ArgumentError', 'kind', 'say at least one kind', { expected: "such as 'kernel'", got: 'none' })
      : {
          spec: { type: 'kind', kinds },
          selects: ({ attributes }) => attributes.kind !== undefined && kinds.includes(attributes.kind),
        },
);

/**
 * The parameters that a distribution, a layer or a network declared, known by identity: those whose claim has it among its owners, wherever they stand. Its
 * `spec` cannot be read back: an object has no name.
 *
 * @example
 * const its = belongingTo(standardNormal([2]));
 */
export const belongingTo = (owner: object): Selector => ({
  spec: opaque('belongingTo', 'the owner is known by identity'),
  selects: ({ attributes }) => belongsTo(attributes.claim, owner),
});

/**
 * The parameters that every one of some selectors selects (`both()` is {@link everything}).
 *
 * @example
 * const kernelsOfCritic = both(place('critic'), kind('kernel'));
 */
export const both = define(
  selectorKind,
  {
    type: 'both',
    about: 'What all of some selectors choose.',
    required: { of: list(nested(selectorKind)) },
    build: ({ of }): Selector => both(...of),
    examples: [
      {
        of: [
          { type: 'place', at: 'critic' },
          { type: 'kind', kinds: ['kernel'] },
        ],
      },
    ],
  },
  (...of: readonly Selector[]): Selector => ({
    spec: { type: 'both', of: of.map((s) => s.spec) },
    selects: (p) => of.every((s) => s.selects(p)),
  }),
);

/**
 * The parameters that at least one of some selectors selects (`either()` selects none).
 *
 * @example
 * const players = either(place('generator'), place('critic'));
 */
export const either = define(
  selectorKind,
  {
    type: 'either',
    about: 'What any of some selectors chooses.',
    required: { of: list(nested(selectorKind)) },
    build: ({ of }): Selector => either(...of),
    examples: [
      {
        of: [
          { type: 'place', at: 'critic' },
          { type: 'kind', kinds: ['kernel'] },
        ],
      },
    ],
  },
  (...of: readonly Selector[]): Selector => ({
    spec: { type: 'either', of: of.map((s) => s.spec) },
    selects: (p) => of.some((s) => s.selects(p)),
  }),
);

/**
 * The parameters that a selector does not select.
 *
 * @example
 * const decayed = not(kind('bias'));
 */
export const not = define(
  selectorKind,
  {
    type: 'not',
    about: 'What a selector leaves.',
    takes: ['of'],
    required: { of: nested(selectorKind) },
    examples: [{ of: { type: 'place', at: 'critic' } }],
  },
  (of: Selector): Selector => ({
    spec: { type: 'not', of: of.spec },
    selects: (p) => !of.selects(p),
  }),
);
