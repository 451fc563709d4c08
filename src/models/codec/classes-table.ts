/** The entries of laws over classes. */
import { natural } from '../../core/codec.ts';
import { ofClass, ofClasses, withClass } from '../class-conditional.ts';
import { type Tables, variant } from './variant.ts';

/** Laws of event and class, and of one class, by type. */
export const classesTable: Tables['laws'] = {
  withClass: (read) => variant({ of: read.conditional }, {}, ({ of }) => withClass(ofClasses(of))),
  ofClass: (read) =>
    variant({ of: read.conditional, class: natural }, {}, ({ of, class: k }) => ofClass(ofClasses(of), k)),
};
