/** Solvers of ordinary differential equations, by the word that messages use. */
import { kind } from '../core/definition.ts';
import type { OdeSolver } from './ode.ts';

/**
 * The kind of declaration that solvers of ordinary differential equations are, for `define`; messages call one a "solver".
 *
 * @example
 * rk4.definitions[0].kind === solverKind;   // true
 */
export const solverKind = kind<OdeSolver>('solver');
