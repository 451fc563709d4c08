/** The context that the networks of a model read besides their input. */
import type { AnyContext } from '../algebra/context.ts';

/** Options of models whose networks may read a context: what makes a model of a distribution is what makes one of a conditional distribution. */
export interface ReadsContext {
  /** A context that every network of the model reads: that of the conditional distribution the model stands in. */
  readonly given?: AnyContext;
}

/**
 * A network as it is, or reading a context.
 *
 * @example
 * reads(undefined)(mlp([64])).spec.type;   // 'mlp'
 */
export const reads =
  (given: AnyContext | undefined) =>
  <N extends { readonly given: (context: AnyContext) => N }>(network: N): N =>
    given === undefined ? network : network.given(given);
