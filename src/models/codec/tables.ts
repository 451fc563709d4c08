/** What can be read without definitions of one's own: those of every room's exports. */

import { conditionedDist } from '../../algebra/context-codec.ts';
import * as algebra from '../../algebra/index.ts';
import { distributionKind } from '../../algebra/kinds.ts';
import * as bijectors from '../../bijectors/index.ts';
import { type Definition, define, definitionsOf } from '../../core/definition.ts';
import * as distributions from '../../distributions/index.ts';
import * as dynamics from '../../dynamics/index.ts';
import * as inference from '../../inference/index.ts';
import * as mcmc from '../../mcmc/index.ts';
import * as nn from '../../nn/index.ts';
import * as sde from '../../sde/index.ts';
import * as transports from '../../transports/index.ts';
import * as classes from '../class-conditional.ts';
import * as energies from '../energies/index.ts';
import * as rows from '../rows-given.ts';
import { former } from './former.ts';

/** The distribution that an estimator of `conditionally` is read for. */
const conditioned = define(distributionKind, { type: 'conditioned', build: conditionedDist }, {});

/**
 * The definitions of every declaration that the library can read from JSON.
 *
 * @example
 * definitions.some((d) => d.type === 'affineCoupling');   // true
 */
export const builtIn: readonly Definition[] = definitionsOf(
  { conditioned },
  algebra,
  nn,
  dynamics,
  distributions,
  bijectors,
  transports,
  mcmc,
  sde,
  inference,
  classes,
  energies,
  rows,
  former,
);
