/** The tableaux of named methods. */
import { type Tableau, tableau } from './tableau.ts';

/**
 * Explicit Runge–Kutta methods by name, as {@link Tableau} values: `euler`, `midpoint`, `heun`, `rk4` for fixed steps; `heun`, `bogackiShampine`,
 * `dormandPrince` and `tsit5` embed a method of lower order and can choose their steps. Each has passed the order conditions that it claims.
 *
 * @example
 * rungeKutta(tableaux.heun, adaptive({ rtol: 1e-3 }));
 */
export const tableaux = {
  /** Euler's method. */
  euler: tableau({ name: 'euler', nodes: [0], rows: [[]], weights: [1], order: 1 }),
  /** The midpoint rule (Runge 1895). */
  midpoint: tableau({ name: 'midpoint', nodes: [0, 1 / 2], rows: [[], [1 / 2]], weights: [0, 1], order: 2 }),
  /** The explicit trapezoid (Heun 1900), with Euler's method embedded. */
  heun: tableau({
    name: 'heun',
    nodes: [0, 1],
    rows: [[], [1]],
    weights: [1 / 2, 1 / 2],
    order: 2,
    embedded: { error: [-1 / 2, 1 / 2], order: 1 },
  }),
  /** The classical method (Kutta 1901). */
  rk4: tableau({
    name: 'rk4',
    nodes: [0, 1 / 2, 1 / 2, 1],
    rows: [[], [1 / 2], [0, 1 / 2], [0, 0, 1]],
    weights: [1 / 6, 1 / 3, 1 / 3, 1 / 6],
    order: 4,
  }),
  /** Bogacki & Shampine 1989, 3(2). */
  bogackiShampine: tableau({
    name: 'bogackiShampine',
    nodes: [0, 1 / 2, 3 / 4, 1],
    rows: [[], [1 / 2], [0, 3 / 4], [2 / 9, 1 / 3, 4 / 9]],
    weights: [2 / 9, 1 / 3, 4 / 9, 0],
    order: 3,
    embedded: { error: [-5 / 72, 1 / 12, 1 / 9, -1 / 8], order: 2 },
  }),
  /** Dormand & Prince 1980, 5(4). */
  dormandPrince: tableau({
    name: 'dormandPrince',
    nodes: [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1],
    rows: [
      [],
      [1 / 5],
      [3 / 40, 9 / 40],
      [44 / 45, -56 / 15, 32 / 9],
      [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
      [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
      [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
    ],
    weights: [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0],
    order: 5,
    embedded: { error: [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40], order: 4 },
  }),
  /** Tsitouras 2011, 5(4): the error constants of its order are smaller than those of Dormand and Prince. */
  tsit5: tableau({
    name: 'tsit5',
    nodes: [0, 0.161, 0.327, 0.9, 0.9800255409045097, 1, 1],
    rows: [
      [],
      [0.161],
      [-0.008480655492356989, 0.335480655492357],
      [2.8971530571054935, -6.359448489975075, 4.3622954328695815],
      [5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525],
      [5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383],
      [0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774],
    ],
    weights: [
      0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774, 0,
    ],
    order: 5,
    embedded: {
      error: [
        -0.00178001105222577714, -0.0008164344596567469, 0.007880878010261995, -0.1447110071732629, 0.5823571654525552,
        -0.45808210592918697, 0.015151515151515152,
      ],
      order: 4,
    },
  }),
} satisfies { readonly [name: string]: Tableau };
