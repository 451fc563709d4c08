/**
 * Claims: no two parameters are one array by chance. Every parameter leaf carries the reading that named it; where parameters are collected, leaves of one
 * name are compared:
 *
 * | two leaves of one name | |
 * |---|---|
 * | of two shapes | error |
 * | in one reading (layers chained without places, one network applied twice) | error |
 * | of two declarations (two distributions at `base`) | error |
 * | one layer applied to what it gave, inside another declaration | error |
 * | in two readings of one declaration (encode and decode, samples, solver stages) | one parameter |
 * | by `shared`, within the distribution that owns the name, or by one `sharing` value | one parameter |
 */
import { raise } from './errors.ts';
import { type Claim, type Expr, type Node, topological } from './expr.ts';
import { type Declaration, type Reading, type Sharing, sameDeclaration } from './reading.ts';
import { sameShape, showShape } from './shape.ts';

/** A parameter leaf. */
export type Parameter = Node<'parameter'> & Expr;

const ADVICE = 'give each a place of its own by `at`, `placed` or `sequential`, or share on purpose by `shared`';
const SHARED = 'a shared name has one owner: give each a name of its own, or let both hold one `sharing` value';

const named = (d: Declaration): string =>
  d.kind === 'placed' ? `placed('${d.name}')` : d.kind === 'sharing' ? `sharing('${d.name}')` : d.name;

/** A claimant in words: whose method, where, and the shape it requested. */
const said = (p: Parameter, by = p.attributes.claim?.reading?.owner): string => {
  const reading = p.attributes.claim?.reading;
  const whole = p.attributes.claim?.owners[0] as Declaration | undefined;
  const within = whole === undefined || whole === by ? '' : ` of ${named(whole)}`;
  const who = by === undefined ? 'no distribution or layer' : `${named(by)}${within}`;
  const sharing = reading?.sharing;
  const place = sharing === undefined ? reading?.place : (sharing.place ?? sharing.from?.place);
  return `${showShape(p.shape)} by ${who}${place === undefined || place === '' ? '' : ` at ${place}`}`;
};

const refuse = (a: Parameter, b: Parameter, how: string, advice = ADVICE, by?: readonly (Declaration | undefined)[]): never =>
  raise('ArgumentError', a.attributes.name, `${how}: ${advice}`, {
    expected: 'one parameter to a name',
    got: `${said(a, by?.[0])}, and ${said(b, by?.[1])}`,
  }); // biome-ignore format: one idea

/** Two shapes under one name: by whom, where that is known. */
const refuseShapes = (a: Parameter, b: Parameter): never => {
  const [x, y] = [a.attributes.claim?.reading, b.attributes.claim?.reading];
  return (x === undefined || x !== y) && x?.owner === undefined && y?.owner === undefined
    ? raise('ShapeError', a.attributes.name, 'one name stands for two different arrays', {
        expected: `real ${showShape(a.shape)}`,
        got: `real ${showShape(b.shape)}`,
      })
    : refuse(a, b, 'one name stands for two different arrays');
};

/** Distributions around a shared name, outermost first, up to the first one that is constructed again for each context. */
const distsAround = (sharing: Sharing & { readonly from: Reading | undefined }): readonly Declaration[] => {
  const owners = sharing.from?.owners ?? [];
  const cut = owners.findIndex((d) => d.kind === 'conditional');
  return (cut < 0 ? owners : owners.slice(0, cut)).filter((d) => d.kind === 'dist');
};

type Asked = NonNullable<Reading['sharing']>;

/** Whether two uses of one shared name are meant to be one. */
const sharePurpose = (a: Asked, b: Asked): boolean => {
  if (a.by !== undefined || b.by !== undefined)
    return a.by !== undefined && b.by !== undefined && sameDeclaration(a.by, b.by) && a.place === b.place;
  const [x, y] = [distsAround(a), distsAround(b)];
  const [p, q] = [x[x.length - 1], y[y.length - 1]];
  const holds = (all: readonly Declaration[], d: Declaration): boolean => all.some((e) => sameDeclaration(e, d));
  return p === undefined || q === undefined || holds(y, p) || holds(x, q);
};

/** Whether one layer was applied to what it gave itself, in one reading of another declaration. */
const isChained = (a: Parameter, b: Parameter): boolean => {
  const [x, y] = [a.attributes.claim?.reading, b.attributes.claim?.reading];
  if (x?.method === undefined || x.method !== y?.method || x.place !== y.place) return false;
  const depends = (on: Parameter, e: Expr | undefined): boolean => e !== undefined && topological([e]).includes(on);
  return depends(a, y.given) || depends(b, x.given);
};

/** Layers that another declaration applies: the reading in which it does so. */
const applied = (r: Reading): Reading | undefined =>
  (r.owner?.kind === 'layer' || r.owner?.kind === 'infers') && r.outer?.owner !== undefined ? r.outer : undefined;

/** Refuses two leaves of different owners. */
const compareOwners = (a: Parameter, b: Parameter, x: Reading, y: Reading): void => {
  const [s, t] = [x.sharing, y.sharing];
  if (s !== undefined && t !== undefined) {
    if (!sharePurpose(s, t)) refuse(a, b, 'one shared name has two owners', SHARED, [ownerOfName(s), ownerOfName(t)]);
    return;
  }
  const [p, q] = [x.owner, y.owner];
  if (p !== q && (p === undefined || q === undefined || !sameDeclaration(p, q)))
    refuse(a, b, 'one name is claimed by two declarations');
};

const ownerOfName = (s: Asked): Declaration | undefined => s.by ?? distsAround(s).at(-1);

/** Whom a reading's claims are compared for: the owner, or for shared names its owner and place. */
const claimant = (r: Reading): unknown =>
  r.sharing === undefined ? r.owner : r.sharing.place === undefined ? ownerOfName(r.sharing) : r.sharing;

const checkName = (leaves: readonly Parameter[]): void => {
  const [first] = leaves;
  const readings = new Map<Reading, Parameter>();
  const claimants = new Map<unknown, readonly [Parameter, Reading]>();
  const siblings = new Map<Reading, Parameter[]>();
  for (const p of leaves) {
    if (!sameShape(first.shape, p.shape)) refuseShapes(first, p);
    const reading = p.attributes.claim?.reading;
    if (reading === undefined) continue;
    const before = readings.get(reading);
    if (before !== undefined) refuse(before, p, 'one name is claimed twice where one part runs once');
    readings.set(reading, p);
    const who = claimant(reading);
    if (!claimants.has(who)) {
      for (const [q, other] of claimants.values()) compareOwners(q, p, other, reading);
      claimants.set(who, [p, reading]);
    }
    const outer = applied(reading);
    if (outer === undefined) continue;
    const beside = siblings.get(outer) ?? [];
    for (const q of beside) if (isChained(q, p)) refuse(q, p, 'one layer is applied to what it gave');
    siblings.set(outer, [...beside, p]);
  }
};

/**
 * Rejects parameters that share a name by accident: see the table above. Throws `ArgumentError` at the full name of the parameter, naming both claimants. Cost: linear in the
 * number of leaves, except for names that many declarations read.
 *
 * @example
 * checkClaims(parametersOf([parameter('w', [2], { init: parameters.ones })(root)]));   // nothing: one claim
 */
export const checkClaims = (leaves: Iterable<Parameter>): void => {
  const byName = new Map<string, Parameter[]>();
  for (const p of new Set(leaves)) {
    const known = byName.get(p.attributes.name);
    if (known === undefined) byName.set(p.attributes.name, [p]);
    else known.push(p);
  }
  for (const same of byName.values()) if (same.length > 1) checkName(same);
};

/**
 * Whether a parameter was claimed inside a declaration: by a distribution, layer, conditional distribution, network or placed function, or by a copy of it.
 *
 * @example
 * belongsTo(undefined, standardNormal([2]));   // false: no claim
 */
export const belongsTo = (claim: Claim | undefined, whole: { readonly declaration?: Declaration }): boolean =>
  whole.declaration !== undefined && (claim?.owners.includes(whole.declaration) ?? false);
