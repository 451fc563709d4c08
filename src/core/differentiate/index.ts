/** Differentiation as transformations of expressions: `vjp`, `jvp` and what is built on them, exact and to any order. */

export { derivative, divergence, hutchinson, jacobian, jacobianForward } from './derived.ts';
export { jvp } from './forward.ts';
export { grad, onesLike, vjp, zerosLike } from './reverse.ts';
