/** Specifications that are read anew for each context, and for each distribution at one. */
import type { Errors } from 'io-ts';
import type { AnyContext } from '../../algebra/context.ts';
import { contextsAround, readingFor, readingInside } from '../../algebra/context-codec.ts';
import type { AnyDist } from '../../algebra/dist.ts';
import { type Fields, t } from '../../core/codec.ts';
import { type Variant, variant } from './variant.ts';

/** What does not read, thrown through the function of the context and caught where the declaration is read. */
interface Unread {
  readonly unread: Errors;
}

const isUnread = (e: unknown): e is Unread => typeof e === 'object' && e !== null && 'unread' in e;

/** Reads a specification under a key, or throws what is wrong with it. */
const readOr = <A>(codec: t.Type<A, unknown>, json: unknown, key: string, c: t.Context): A => {
  const read = codec.validate(json, [...c, { key, type: codec }]);
  if (read._tag === 'Right') return read.right;
  throw { unread: read.left } satisfies Unread;
};

/** A specification under a key that is read anew for each distribution that an estimator is asked for. */
export const forDist =
  <A>(codec: t.Type<A, unknown>, json: unknown, key: string, c: t.Context) => {
    const outer = contextsAround();
    return (dist: AnyDist): A => readingInside(outer, () => readingFor(dist, () => readOr(codec, json, key, c)));
  }; // biome-ignore format: one idea

/** A specification under a key that is read anew for each context. */
export const inside =
  <A>(codec: t.Type<A, unknown>, json: unknown, key: string, c: t.Context) => {
    const outer = contextsAround();
    return (value: AnyContext): A =>
      readingInside([value, ...outer], () => readOr(codec, json, key, c));
  }; // biome-ignore format: one idea

/** A variant that reads one of its keys as a function of a context. */
export const ofContext =
  <A, R extends t.Props, O extends t.Props>(
    key: string,
    rest: R,
    optional: O,
    build: (fields: Fields<R, O>, json: unknown, c: t.Context) => A,
  ): Variant<A> => ({
    validate: (u, c) => {
      let unread: Errors | undefined;
      const read = variant({ ...rest, [key]: t.unknown }, optional, (fields) => {
        try {
          return build(fields as never, (fields as { readonly [k: string]: unknown })[key], c);
        } catch (e) {
          if (isUnread(e)) unread = e.unread;
          throw e;
        }
      }).validate(u, c);
      return unread === undefined ? read : t.failures(unread);
    },
  }); // biome-ignore format: one idea
