/**
 * Noising processes. One declaration, two views:
 *
 *     x_t = α(t) x₀ + σ(t) ε          (a Gaussian path)
 *     dx  = a(t) x dt + g(t) dw       (a linear SDE)         a = α̇/α,   g² = d(σ²)/dt − 2 a σ²
 *
 * and everything else is derived: log-SNR and its inverse, the prior, the distribution of importance-sampled time. Times run from `span.start` (the data's side)
 * to `span.end` (the noise's side). Every function is elementwise: it takes times of any shape.
 */
import type { Dist } from '../algebra/dist.ts';
import type { Exact, Samples } from '../algebra/evidence.ts';
import { opaque, type Spec } from '../algebra/spec.ts';
import { jvp } from '../core/differentiate/index.ts';
import { raise } from '../core/errors.ts';
import { applyLambda, type Expr, variable } from '../core/expr.ts';
import { evaluateProgram } from '../core/interpreters/reference/index.ts';
import * as o from '../core/ops/index.ts';
import { program } from '../core/program.ts';
import type { Shape } from '../core/shape.ts';
import { toNumbers } from '../core/tensor.ts';
import { normal } from '../distributions/normal.ts';
import { legendre } from './legendre.ts';

/** What is left of the data at `span.end`: some `signal`, or none (`pure`: α(end) = 0 exactly, zero terminal SNR). */
export type Terminal = 'signal' | 'pure';

/** An elementwise function of time. */
export type OfTime = (t: Expr) => Expr;

/** A noising process. See the equations at the top of this file. */
export interface Process<out T extends Terminal = Terminal> {
  readonly spec: Spec;
  readonly terminal: T;
  /** The smallest time that is used, and the last. */
  readonly span: { readonly start: number; readonly end: number };
  /** How many steps the process is made of, where times 1, 2, … number them; absent in continuous time. */
  readonly steps?: number;
  readonly alpha: OfTime;
  readonly sigma: OfTime;
  /** a(t): the drift of x is a(t) x. */
  readonly drift: OfTime;
  /** g(t)². */
  readonly diffusion2: OfTime;
  /** λ(t) = log α²/σ², strictly decreasing; dλ/dt = −g²/σ². */
  readonly logSnr: OfTime;
  /** The time of a log-SNR: the inverse of {@link logSnr}. */
  readonly timeAt: (logSnr: Expr) => Expr;
  /** σ(0)²: variance that x₀ has beyond the data's before the SDE begins (VE's σ_min²; 0 for VP). */
  readonly initial: number;
  /** Standard deviation of the prior. */
  readonly priorScale: number;
  /** The distribution from which reverse processes start. */
  readonly prior: <const S extends Shape>(shape: S) => Dist<S, Exact & Samples>;
}

/**
 * The derivative df/dt of an elementwise function of time, of the shape of t, by forward-mode differentiation.
 *
 * @example
 * value(slope((t) => ops.square(t))(ops.constant([1, 2])));   // [2, 4]
 */
export const slope =
  (f: OfTime): OfTime =>
  (t) => {
    const v = variable(t.shape);
    const [d] = jvp([f(v)], [v], [o.broadcastTo(1, t.shape)]);
    return applyLambda({ variables: [v], results: [d] }, [t])[0];
  };

/**
 * The values of an elementwise function of time at a list of times, on the host in double precision.
 *
 * @example
 * valuesAt(vp().alpha, [0, 0.5]);   // [1, 0.281]
 */
export const valuesAt = (f: OfTime, times: readonly number[]): number[] =>
  times.length === 0 ? [] : toNumbers(evaluateProgram(program([f(o.constant(times))], 'float64'), {})[0]);

/**
 * The value of an elementwise function of time at one time, on the host in double precision.
 *
 * @example
 * valueAt(vp().alpha, 0.5);   // 0.281
 */
export const valueAt = (f: OfTime, time: number): number => valuesAt(f, [time])[0];

/** ∫₀ᵗ f, by Gauss–Legendre quadrature. */
const integral =
  (f: OfTime, nodes: number): OfTime =>
  (t) => {
    const { points, weights } = legendre(nodes);
    const wide = o.mul(o.expandDims(t, t.shape.length), o.constant(points));
    return o.mul(t, o.sum(o.mul(f(wide), o.constant(weights)), -1));
  };

/** The time where a decreasing function takes a value, by 60 bisections of the span. */
const bisected =
  (f: OfTime, { start, end }: Process['span']): OfTime =>
  (value) =>
    o.scan({
      length: 60,
      init: [o.broadcastTo(start, value.shape), o.broadcastTo(end, value.shape)],
      body: ([low, high]) => {
        const middle = o.mul(0.5, o.add(low, high));
        const later = o.greater(f(middle), value);
        return { carry: [o.where(later, middle, low), o.where(later, high, middle)] };
      },
    }).carry[0];

/** The parts of a process; missing ones are derived. */
export interface ProcessParts<T extends Terminal> extends Pick<Process<T>, 'spec' | 'span' | 'alpha' | 'sigma'> {
  readonly terminal: T;
  /** Of a process in steps, whose span is 1 … steps. */
  readonly steps?: number;
  readonly drift?: OfTime;
  readonly diffusion2?: OfTime;
  readonly logSnr?: OfTime;
  readonly timeAt?: OfTime;
  readonly initial?: number;
  readonly priorScale?: number;
}

/**
 * A noising process from its parts, for families of your own with closed forms. `alpha`, `sigma` and `span` are required; what is missing is derived: the
 * log-SNR, drift α̇/α and g² = d(σ²)/dt − 2aσ² by differentiation, the inverse of log-SNR by 60 bisections, the prior N(0, σ(end)² I). Functions of time are
 * elementwise. Throws `ArgumentError` unless 0 ≤ start < end. {@link gaussianPath} checks the path as well.
 *
 * @example
 * process({
 *   spec: opaque('cosine', 'an example'),
 *   span: { start: 0.01, end: 1.5 },
 *   terminal: 'signal',
 *   alpha: ops.cos,
 *   sigma: ops.sin,
 * });
 */
export const process = <T extends Terminal>(parts: ProcessParts<T>): Process<T> => {
  const { span, alpha, sigma, spec } = parts;
  if (!(span.start >= 0 && span.start < span.end))
    return raise('ArgumentError', spec.type, 'the span of times is empty', {
      expected: '0 ≤ start < end',
      got: `${span.start} … ${span.end}`,
    });
  const logSnr = parts.logSnr ?? ((t) => o.mul(2, o.sub(o.log(alpha(t)), o.log(sigma(t)))));
  const drift = parts.drift ?? ((t) => o.div(slope(alpha)(t), alpha(t)));
  const priorScale = parts.priorScale ?? valueAt(sigma, span.end);
  return {
    spec,
    span,
    ...(parts.steps === undefined ? {} : { steps: parts.steps }),
    alpha,
    sigma,
    terminal: parts.terminal,
    logSnr,
    drift,
    diffusion2:
      parts.diffusion2 ??
      ((t) => {
        const variance: OfTime = (u) => o.square(sigma(u));
        return o.sub(slope(variance)(t), o.mul(2, o.mul(drift(t), variance(t))));
      }),
    timeAt: parts.timeAt ?? bisected(logSnr, span),
    initial: parts.initial ?? 0,
    priorScale,
    prior: (shape) => normal(shape, { scale: priorScale }),
  };
};

/** Options of {@link gaussianPath}. */
export interface GaussianPathOptions<T extends Terminal> {
  readonly spec?: Spec;
  readonly alpha: OfTime;
  readonly sigma: OfTime;
  readonly span: Process['span'];
  /** `pure` where α(end) = 0. */
  readonly terminal: T;
  readonly initial?: number;
}

/** α below this part of its largest value counts as 0: cos(π/2) is 6e-17. */
const NONE = 1e-12;

/** Where a path has no log-SNR, or its terminal does not agree with α at the end, as a sentence. */
const pathFault = (
  times: readonly number[],
  alphas: readonly number[],
  sigmas: readonly number[],
  terminal: Terminal,
): readonly [sentence: string, expected: string, got: string] | undefined => {
  const last = times.length - 1;
  const none = NONE * Math.max(...alphas.map(Math.abs));
  const gone = alphas.findIndex((a) => !(a > none));
  if (!(sigmas[0] > 0))
    return [`there is no noise at the start, t = ${times[0]}, where the log-SNR is infinite`, 'a later start, where σ > 0', `σ = ${sigmas[0]}`]; // biome-ignore format: one idea
  if (gone >= 0 && gone < last)
    return [
      `there is no signal left at t = ${times[gone]}, before the end`,
      'α > 0 up to the end',
      `α = ${alphas[gone]}`,
    ];
  if (gone === last && terminal === 'signal')
    return ['there is no signal left at the end, but the terminal is declared as signal', "terminal 'pure', or an earlier end", `α(${times[last]}) = ${alphas[last]}`]; // biome-ignore format: one idea
  if (gone < 0 && terminal === 'pure')
    return ['there is signal left at the end, which is declared as pure noise', "α = 0 at the end, or terminal 'signal'", `α(${times[last]}) = ${alphas[last]}`]; // biome-ignore format: one idea
  return undefined;
};

/**
 * The process of a path x_t = α(t) x₀ + σ(t) ε; its SDE follows by differentiation, with drift a = α̇/α and g² = d(σ²)/dt − 2aσ². α and σ are elementwise.
 * Throws `ArgumentError` where the span is empty; where there is no noise at the start (σ = 0, an infinite log-SNR); where no signal is left before the end (α
 * ≤ 0); where `terminal` does not agree with α at the end; and where the log-SNR does not fall from start to end. The path is checked at 65 times.
 *
 * @example
 * const linear = gaussianPath({ alpha: (t) => ops.sub(1, t), sigma: (t) => t, span: { start: 1e-3, end: 1 }, terminal: 'pure' });
 */
export const gaussianPath = <const T extends Terminal>({
  spec = opaque('gaussianPath', 'alpha and sigma are functions'),
  ...parts
}: GaussianPathOptions<T>): Process<T> => {
  const made = process({ spec, ...parts });
  const { start, end } = made.span;
  const times = Array.from({ length: 65 }, (_, i) => (i === 64 ? end : start + ((end - start) * i) / 64));
  const fault = pathFault(times, valuesAt(made.alpha, times), valuesAt(made.sigma, times), parts.terminal);
  if (fault !== undefined) return raise('ArgumentError', spec.type, fault[0], { expected: fault[1], got: fault[2] });
  const snr = valuesAt(made.logSnr, times);
  const bad = snr.findIndex((v, i) => i > 0 && !(v < snr[i - 1]));
  return bad < 0
    ? made
    : raise(
        'ArgumentError',
        spec.type,
        `the log-SNR does not fall between t = ${times[bad - 1]} and t = ${times[bad]}`,
        {
          expected: `below ${snr[bad - 1]}`,
          got: `${snr[bad]}`,
        },
      );
};

/** Options of {@link linearSde}. */
export interface LinearSdeOptions {
  readonly spec?: Spec;
  /** a(t). */
  readonly drift: OfTime;
  /** g(t). */
  readonly diffusion: OfTime;
  readonly span: Process['span'];
  /** ∫₀ᵗ a; by quadrature where it is not given. */
  readonly driftIntegral?: OfTime;
  /** σ(0)²; default 0. */
  readonly initial?: number;
  /** Nodes of Gauss–Legendre quadrature; default 32. */
  readonly nodes?: number;
}

/**
 * The process of dx = a(t) x dt + g(t) dw from time 0: α = e^{∫a}, σ² = α² (σ(0)² + ∫ g²/α²), by Gauss–Legendre quadrature where an integral is not given
 * (exact to rounding for smooth a and g). Cost: `nodes` evaluations of g for one σ, and as many of a for each of those where `driftIntegral` is missing. Throws
 * `ArgumentError` where the span is empty.
 *
 * @example
 * const ou = linearSde({ drift: (t) => ops.mul(t, 0), diffusion: (t) => ops.exp(t), span: { start: 1e-3, end: 2 } });
 */
export const linearSde = ({
  spec = opaque('linearSde', 'drift and diffusion are functions'),
  drift,
  diffusion,
  span,
  driftIntegral,
  initial = 0,
  nodes = 32,
}: LinearSdeOptions): Process<'signal'> => {
  const exponent = driftIntegral ?? integral(drift, nodes);
  const alpha: OfTime = (t) => o.exp(exponent(t));
  const diffusion2: OfTime = (t) => o.square(diffusion(t));
  const relative = integral((t) => o.mul(diffusion2(t), o.exp(o.mul(-2, exponent(t)))), nodes);
  return process({
    spec,
    span,
    terminal: 'signal',
    alpha,
    sigma: (t) => o.mul(alpha(t), o.sqrt(o.add(initial, relative(t)))),
    drift,
    diffusion2,
    initial,
  });
};
