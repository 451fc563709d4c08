/**
 * Readings: which execution of which declaration is running. A parameter remembers the reading that claimed it (see `claims.ts`), so that two layers
 * that would tie their weights by one name are distinguished from one layer that is read again.
 *
 * `running` is the innermost reading now: what is declared during it (the layers that a conditional distribution constructs for each context) is declared again by
 * every such reading, and is no other owner of its names.
 */
import type { Expr } from './expr.ts';

/** What kind of thing is declared. A layer that `infers` is a layer with a posterior. */
export type DeclarationKind = 'dist' | 'layer' | 'infers' | 'conditional' | 'network' | 'placed' | 'sharing';

/** The identity of a declaration: copies of a distribution, layer or network carry the one they were made from. */
export interface Declaration {
  readonly kind: DeclarationKind;
  /** What a sentence calls it. */
  readonly name: string;
  /** The reading it was made in, where it was made in one. */
  readonly madeIn?: Reading;
}

/** Whose purpose it is that a name is shared, and where that is limited to one place. */
export interface Sharing {
  readonly name: string;
  readonly by?: Declaration | undefined;
  readonly place?: string;
}

/** One execution of a part of a declaration. */
export interface Reading {
  readonly owner?: Declaration | undefined;
  readonly outer?: Reading | undefined;
  /** Owners, outermost first. */
  readonly owners: readonly Declaration[];
  /** The path where it began. */
  readonly place: string;
  /** The method, and what it was given. */
  readonly method?: string;
  readonly given?: Expr;
  /** The nearest shared name around, and the reading that requested it. */
  readonly sharing?: Sharing & { readonly from: Reading | undefined };
}

let running: Reading | undefined;

/** A new declaration. */
export const declare = (kind: DeclarationKind, name: string): Declaration =>
  running === undefined ? { kind, name } : { kind, name, madeIn: running };

/** Runs `f` as a part of a reading. */
export const during = <A>(reading: Reading, f: () => A): A => {
  const before = running;
  running = reading;
  try {
    return f();
  } finally {
    running = before;
  }
};

const makers = (d: Declaration): readonly Declaration[] =>
  d.madeIn?.owner === undefined ? [d] : [...makers(d.madeIn.owner), d];

const joined = (owners: readonly Declaration[], owner: Declaration): readonly Declaration[] => [
  ...owners,
  ...makers(owner).filter((d) => !owners.includes(d)),
];

/** A reading inside another: of an owner, or (without one) of what the outer reading is of. */
export const open = (
  outer: Reading | undefined,
  place: string,
  details: {
    readonly owner?: Declaration | undefined;
    readonly method?: string;
    readonly given?: Expr;
    readonly sharing?: Sharing;
  } = {},
): Reading => {
  const { sharing: asked, ...rest } = details;
  const sharing = asked === undefined ? outer?.sharing : { ...asked, from: outer };
  const owners = outer?.owners ?? [];
  return {
    ...rest,
    owner: rest.owner ?? outer?.owner,
    outer,
    owners: rest.owner === undefined ? owners : joined(owners, rest.owner),
    place,
    ...(sharing === undefined ? {} : { sharing }),
  };
};

/** Calls a method of a declaration: what it makes before it is run is made by that call. */
export const calling = <A>(owner: Declaration, f: () => A): A =>
  during(open(running, running?.place ?? '', { owner }), f);

/** The nearest reading, around or where the owner was made, of a declaration of some kind. */
export const nearest = (reading: Reading | undefined, kind: DeclarationKind): Reading | undefined => {
  for (let r = reading; r !== undefined; r = r.outer) {
    if (r.owner?.kind === kind) return r;
    const maker = r.owner === r.outer?.owner ? undefined : nearest(r.owner?.madeIn, kind);
    if (maker !== undefined) return maker;
  }
  return undefined;
};

/** Whether two declarations are the same, or the same construction in another reading of its constructor. */
export const sameDeclaration = (a: Declaration, b: Declaration): boolean => {
  if (a === b) return true;
  const [x, y] = [a.madeIn, b.madeIn];
  return x?.owner !== undefined && y?.owner !== undefined && x !== y && sameDeclaration(x.owner, y.owner);
};
