/** The entries of laws: one line for every constructor of a distribution that keeps a specification. */
import { type Dist, pushforward } from '../../algebra/dist.ts';
import { finite, isRecord, list, natural, shapeCodec, t } from '../../core/codec.ts';
import type { Shape } from '../../core/shape.ts';
import { normal, standardNormal, uniform } from '../../distributions/index.ts';
import { ofClass, ofClasses, withClass } from '../class-conditional.ts';
import { discreteTable } from './discrete-table.ts';
import { anyShape } from './layers-table.ts';
import { type Tables, variant } from './variant.ts';

/** A parameter of a distribution: a number, or numbers; an expression cannot be read back. */
export const argument = new t.Type<number | readonly number[]>(
  'a number or a list of numbers',
  (u): u is number | readonly number[] => finite.is(u) || (Array.isArray(u) && u.every(finite.is)),
  (u, c) =>
    finite.is(u)
      ? t.success(u)
      : Array.isArray(u)
        ? list(finite).validate(u, c)
        : isRecord(u) && typeof u.opaque === 'string'
          ? t.failure(u, c, `cannot be read back: ${u.opaque}`)
          : t.failure(u, c),
  t.identity,
);

/** Laws by type. */
export const lawsTable: Tables['laws'] = {
  ...discreteTable,
  standardNormal: () => variant({ shape: shapeCodec }, {}, ({ shape }) => standardNormal(shape)),
  normal: () =>
    variant({ shape: shapeCodec }, { loc: argument, scale: argument }, ({ shape, ...rest }) => normal(shape, rest)),
  uniform: () =>
    variant({ shape: shapeCodec }, { low: argument, high: argument }, ({ shape, ...rest }) => uniform(shape, rest)),
  withClass: (read) => variant({ of: read.conditional }, {}, ({ of }) => withClass(ofClasses(of))),
  ofClass: (read) =>
    variant({ of: read.conditional, class: natural }, {}, ({ of, class: k }) => ofClass(ofClasses(of), k)),
  pushforward: (read) =>
    variant({ transport: read.layer, base: read.law }, {}, ({ transport, base }) =>
      pushforward(anyShape(transport))(base as Dist<Shape, unknown>),
    ),
};
