/**
 * Capabilities: what a distribution, a layer or a denoiser can do beside its two methods, declared. A capability is a key with a type; who has it carries the value
 * under the key's name, in its type as well, and beside it the key itself. So a capability is never guessed from the name of a property, and each
 * key says by rules what becomes of it when one distribution is made of another: nothing is carried along because a record was spread.
 */
import { raise } from '../core/errors.ts';
import type { Sharing } from '../core/reading.ts';
import type { Spec } from './spec.ts';

/** The ways to make a distribution or layer of another that keep some of what it can do, with what a rule is told. */
export interface Changes {
  /** `named`: the same distribution at a place of its own, which is told. */
  readonly named: string;
  /** `sampledBy`: the same density at the same places, drawn from otherwise. */
  readonly resampled: undefined;
  /** `normalised`: the same distribution up to a constant of its density. */
  readonly normalised: undefined;
  /** `sharedDenoiser`: the same network, whose parameters stand where all who share them read them. */
  readonly shared: Sharing;
  /** `inverse`: a layer with its sides exchanged. */
  readonly inverted: undefined;
}

/** The name of a change. */
export type Change = keyof Changes;

/** What becomes of a value under each change that keeps it. */
export type Rules<V, K extends Change> = { readonly [C in K]: (value: V, told: Changes[C]) => V };

/** A key of what can be done: its value has type V, and it is kept under the changes K. Two keys are one only if they are one object. */
export interface Capability<N extends string, V, K extends Change = never> {
  readonly name: N;
  readonly rules: Rules<V, K>;
}

/** Any key. */
// biome-ignore lint/suspicious/noExplicitAny: keys are invariant in their values; a key of any value has no other name
export type AnyCapability = Capability<string, any, any>;

/** The type of a key's value. */
export type ValueOf<C extends AnyCapability> = C extends Capability<string, infer V, never> ? V : never;

/** What carries the value of a key: V where its type is known more closely than the key says. */
export type Having<C extends AnyCapability, V = ValueOf<C>> = { readonly [N in C['name']]: V } & {
  readonly capabilities: { readonly [N in C['name']]: C };
};

/** What may carry capabilities: distributions, layers, denoisers, conditional distributions. */
export interface Carrier {
  /** The keys of what it can do, by name; their values stand beside, under the same names. */
  readonly capabilities?: object | undefined;
}

type KeptNames<L, C extends Change> = L extends { readonly capabilities: infer All }
  ? {
      [N in keyof All]: All[N] extends { readonly rules: { readonly [P in C]: unknown } } ? N : never;
    }[keyof All]
  : never;

/** What is left of the capabilities of L under a change. */
export type Kept<L, C extends Change> = [KeptNames<L, C>] extends [never]
  ? unknown
  : Pick<L, KeptNames<L, C> & keyof L> & {
      readonly capabilities: L extends { readonly capabilities: infer All }
        ? Pick<All, KeptNames<L, C> & keyof All>
        : never;
    };

/**
 * A key of your own, with the rule of each change under which it is kept; under the others it is lost.
 *
 * @example
 * const temperature = capability<number>()('temperature', { named: (t) => t, resampled: (t) => t });
 * const hot = having(temperature, 3)(energy([2]));
 * capabilityOf(temperature, named('hot')(hot));   // 3
 */
export const capability =
  <V>() =>
  <const N extends string, K extends Change = never>(
    name: N,
    rules: Rules<V, K> = {} as Rules<V, K>,
  ): Capability<N, V, K> => ({ name, rules });

type Keys = { readonly [name: string]: AnyCapability };

const keysOf = (of: object): Keys => (of as { readonly capabilities?: Keys }).capabilities ?? {};

const ownOf = (of: object, name: string): unknown => (of as { readonly [name: string]: unknown })[name];

/**
 * The same distribution (layer, denoiser), which can do more: the value of a key, in its type too.
 *
 * @example
 * const marked = having(capability()('mark'), 7)(affine());
 */
export const having =
  <C extends AnyCapability, const V extends ValueOf<C>>(key: C, value: V) =>
  <L extends object>(of: L): L & Having<C, V> =>
    ({ ...of, [key.name]: value, capabilities: { ...keysOf(of), [key.name]: key } }) as L & Having<C, V>;

/**
 * The value of a key; `undefined` where it is not declared, whatever properties there are.
 *
 * @example
 * capabilityOf(repeating, repeat(3, affine()));   // 3
 */
export const capabilityOf = <N extends string, V, K extends Change>(
  key: Capability<N, V, K>,
  of: object,
): V | undefined => (keysOf(of)[key.name] === (key as AnyCapability) ? (ownOf(of, key.name) as V) : undefined);

/**
 * Whether a key is declared, in the type where it is.
 *
 * @example
 * has(repeating, affine());   // false
 */
export const has = <C extends AnyCapability, L extends object>(key: C, of: L): of is L & Having<C> =>
  keysOf(of)[key.name] === key;

/**
 * The value of a key. Throws `ArgumentError`, as a sentence of `owner`, where it is not declared.
 *
 * @example
 * needs(repeating, repeat(3, affine()), 'mine', 'the layer is no repetition', 'repeat(n, layer)');   // 3
 */
export const needs = <N extends string, V, K extends Change>(
  key: Capability<N, V, K>,
  of: { readonly spec: Spec },
  owner: string,
  sentence: string,
  expected: string,
): V => {
  const value = capabilityOf(key, of);
  return value === undefined ? raise('ArgumentError', owner, sentence, { expected, got: of.spec.type }) : value;
};

/** What is left of the capabilities of a distribution (layer, denoiser) under a change, by the rule of each: spread it into what is made. */
export const kept = <L extends object, C extends Change>(change: C, of: L, told: Changes[C]): Kept<L, C> & object => {
  const left = Object.entries(keysOf(of)).filter(([, key]) => Object.hasOwn(key.rules, change));
  if (left.length === 0) return {} as Kept<L, C> & object;
  return {
    ...Object.fromEntries(left.map(([name, key]) => [name, key.rules[change](ownOf(of, name), told)])),
    capabilities: Object.fromEntries(left),
  };
};

/** A copy for a change of what else there is: its capabilities by their rules, the rest as it is. */
export const changed = <L extends object, C extends Change>(change: C, of: L, told: Changes[C]): L => {
  const keys = keysOf(of);
  const rest = Object.fromEntries(
    Object.entries(of).filter(([name]) => name !== 'capabilities' && !Object.hasOwn(keys, name)),
  );
  return { ...rest, ...kept(change, of, told) } as L;
};
