/** The entries of distributions over classes. */
import type { Conditional } from '../../algebra/conditional.ts';
import type { Classes } from '../../algebra/context.ts';
import { natural, positiveInteger } from '../../core/codec.ts';
import type { Shape } from '../../core/shape.ts';
import { anyClass, ofClass, ofClasses, withClass } from '../class-conditional.ts';
import { rowsGiven } from '../rows-given.ts';
import { type Tables, variant } from './variant.ts';

/** The conditional distribution, where it is one of classes. */
const ofClassesOnly = (of: Parameters<typeof ofClasses>[0]): Conditional<Classes, Shape> =>
  ofClasses(of) as unknown as Conditional<Classes, Shape>;

/** Distributions of event and class, of one class, and of rows with what is given, by type. */
export const classesTable: Tables['dists'] = {
  anyClass: () => variant({ classes: positiveInteger }, {}, ({ classes }) => anyClass(classes)),
  rowsGiven: (read) => variant({ of: read.conditional }, {}, ({ of }) => rowsGiven(of)),
  withClass: (read) => variant({ of: read.conditional }, {}, ({ of }) => withClass(ofClassesOnly(of))),
  ofClass: (read) =>
    variant({ of: read.conditional, class: natural }, {}, ({ of, class: k }) => ofClass(ofClassesOnly(of), k)),
};
