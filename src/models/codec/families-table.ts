/** The entries of elementwise families and of normal distributions of vectors: names of parameters, required and not. */
import { finite, list, shapeCodec, type t } from '../../core/codec.ts';
import type { Shape } from '../../core/shape.ts';
import * as d from '../../distributions/index.ts';
import { argument } from './argument.ts';
import { type Tables, variant } from './variant.ts';

/** Numbers by the names of parameters. */
type Numbers<K extends string> = { readonly [P in K]: number | readonly number[] };

/** An entry from the names of the required and the optional parameters. */
const family =
  <R extends string, O extends string>(
    required: readonly R[],
    optional: readonly O[],
    build: (shape: Shape, options: Numbers<R> & Partial<Numbers<O>>) => d.AnyDist,
  ): Tables['dists'][string] =>
  () => {
    const fields = (names: readonly string[]): t.Props => Object.fromEntries(names.map((name) => [name, argument]));
    return variant({ shape: shapeCodec, ...fields(required) }, fields(optional), ({ shape, ...rest }) =>
      build(shape as Shape, rest as unknown as Numbers<R> & Partial<Numbers<O>>),
    );
  };

const rows = list(list(finite, 'a row of numbers'), 'rows of numbers');

/** Families by type. */
export const familiesTable: Tables['dists'] = {
  laplace: family([], ['loc', 'scale'], d.laplace),
  logistic: family([], ['loc', 'scale'], d.logistic),
  cauchy: family([], ['loc', 'scale'], d.cauchy),
  gumbel: family([], ['loc', 'scale'], d.gumbel),
  logNormal: family([], ['loc', 'scale'], d.logNormal),
  halfNormal: family([], ['scale'], d.halfNormal),
  rayleigh: family([], ['scale'], d.rayleigh),
  exponential: family([], ['rate'], d.exponential),
  weibull: family(['concentration'], ['scale'], d.weibull),
  pareto: family(['concentration'], ['scale'], d.pareto),
  gompertz: family(['concentration'], ['rate'], d.gompertz),
  kumaraswamy: family(['a', 'b'], [], d.kumaraswamy),
  triangular: family(['mode'], ['low', 'high'], d.triangular),
  multivariateNormal: () =>
    variant({}, { loc: argument, scaleTril: rows, covariance: rows }, (options) =>
      d.multivariateNormal(options as never),
    ),
  lowRankNormal: () =>
    variant({ factor: rows, diagonal: argument }, { loc: argument }, (options) => d.lowRankNormal(options)),
};
