/** The entries of the gamma family: gamma, inverse-gamma, χ², beta, Dirichlet, F, t and von Mises distributions. */
import { finite, list, positiveNumber, shapeCodec } from '../../core/codec.ts';
import {
  beta,
  chiSquared,
  dirichlet,
  fisherF,
  gamma,
  inverseGamma,
  multivariateT,
  studentT,
  vonMises,
} from '../../distributions/index.ts';
import { argument } from './argument.ts';
import { type Tables, variant } from './variant.ts';

/** Distributions drawn by gamma variables, and the von Mises distribution, by type. */
export const gammaTable: Tables['dists'] = {
  gamma: () =>
    variant({ shape: shapeCodec, concentration: argument }, { rate: argument }, ({ shape, ...rest }) =>
      gamma(shape, rest),
    ),
  inverseGamma: () =>
    variant({ shape: shapeCodec, concentration: argument }, { scale: argument }, ({ shape, ...rest }) =>
      inverseGamma(shape, rest),
    ),
  chiSquared: () =>
    variant({ shape: shapeCodec, degrees: argument }, {}, ({ shape, ...rest }) => chiSquared(shape, rest)),
  beta: () =>
    variant({ shape: shapeCodec, alpha: argument, beta: argument }, {}, ({ shape, ...rest }) => beta(shape, rest)),
  dirichlet: () => variant({ concentration: list(finite) }, {}, dirichlet),
  fisherF: () =>
    variant({ shape: shapeCodec, numerator: argument, denominator: argument }, {}, ({ shape, ...rest }) =>
      fisherF(shape, rest),
    ),
  studentT: () =>
    variant({ shape: shapeCodec, degrees: argument }, { loc: argument, scale: argument }, ({ shape, ...rest }) =>
      studentT(shape, rest),
    ),
  multivariateT: () =>
    variant({ degrees: positiveNumber, scaleTril: list(list(finite)) }, { loc: argument }, multivariateT),
  vonMises: () =>
    variant({ shape: shapeCodec, concentration: argument }, { loc: argument }, ({ shape, ...rest }) =>
      vonMises(shape, rest),
    ),
};
