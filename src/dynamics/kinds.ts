/** Solvers of ordinary differential equations, by the word that messages use. */
import { kind } from '../core/definition.ts';
import type { OdeSolver } from './ode.ts';

/** Solvers of ordinary differential equations. */
export const solverKind = kind<OdeSolver>('solver');
