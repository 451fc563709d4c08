/** What older files say of networks. */

import { contextsAround } from '../../algebra/context-codec.ts';
import { raise } from '../../core/errors.ts';
import { type Tables, variant } from './variant.ts';

/** Networks by type. */
export const networksTable: Tables['networks'] = {
  // The context of the conditional flow around.
  contextual: (read) =>
    variant({ network: read.network }, {}, ({ network }) =>
      network.given(
        contextsAround()[0] ??
          raise('SpecError', '', 'there is no context here: a contextual network stands inside a conditional flow'),
      ),
    ),
};
