/** Layers as declarations: whose their parameters are. */
import * as D from '../core/draw.ts';
import type { Expr } from '../core/expr.ts';
import { declare } from '../core/reading.ts';
import { owned } from '../core/scope.ts';
import type { Layer, LayerOptions } from './transport.ts';

/** The options with an identity: each run of a direction is one reading of the layer, and so is each part of what it infers. */
export const declared = (options: LayerOptions): LayerOptions & Pick<Layer, 'declaration'> => {
  const { spec, inference } = options;
  const declaration = options.declaration ?? declare(inference === undefined ? 'layer' : 'infers', spec.type);
  // A posterior runs one place further in than its layer stands.
  const around = (path: string): string =>
    path === inference?.place ? '' : path.slice(0, path.length - (inference?.place.length ?? 0) - 1);
  return {
    ...options,
    declaration,
    encode: D.method(declaration, 'encode', options.encode),
    decode: D.method(declaration, 'decode', options.decode),
    ...(inference === undefined
      ? {}
      : {
          inference: {
            ...inference,
            posterior: (x: Expr) => owned(declaration, (scope) => inference.posterior(x)(scope), around),
            join: (x: Expr, u: Expr) => D.owned(declaration, (scope) => (c) => inference.join(x, u)(scope)(c)),
            generate: D.method(declaration, 'generate', inference.generate),
          },
        }),
  };
};
