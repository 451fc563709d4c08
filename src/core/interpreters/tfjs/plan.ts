/**
 * From expressions to a plan: kernels in order over numbered registers, and after each step the registers that nobody reads any more.
 * Lifetimes are decided here, once; running a plan only follows them.
 */

import { bodiesOf } from '../../bodies.ts';
import { raise } from '../../errors.ts';
import { applyRule, type Expr, makeNode, type Node, scanResults } from '../../expr.ts';
import { type Shape, sizeOf } from '../../shape.ts';
import type { Compile, Emitted } from './emitted.ts';
import { fillOf, type Kernel } from './kernels.ts';
import { rules } from './rules.ts';
import type { TfjsBackend } from './runtime.ts';

/** A scan as a step: its body is a plan of its own. */
export interface ScanStep {
  readonly length: number;
  readonly carries: number;
  readonly sequences: number;
  readonly until: boolean;
  readonly variables: readonly Expr[];
  readonly body: Plan;
  readonly results: readonly { readonly shape: Shape; readonly type: Expr['type'] }[];
}

/** A cond as a step: the plans of its branches, which borrow what they close over. */
export interface CondStep {
  readonly branches: readonly Plan[];
}

/** One step: a kernel with one result, or a scan or a cond with several. `frees` lists registers whose last use this is. */
export interface Step {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly frees: readonly number[];
  readonly action: Kernel | ScanStep | CondStep;
}

/** What to compute. Registers are `parameters` (given by the caller), constants (held by the program), then results of steps. */
export interface Plan {
  readonly registers: number;
  /** Registers of the arguments; `owned` ones are freed by the plan at their last use. */
  readonly parameters: readonly { readonly register: number; readonly owned: boolean }[];
  /** Registers of constants, by their place in the program's pool. */
  readonly constants: readonly { readonly register: number; readonly pool: number }[];
  readonly steps: readonly Step[];
  /** Owned arguments that nothing reads. */
  readonly unread: readonly number[];
  readonly results: readonly number[];
  /** Registers that a plan must not free: constants and borrowed arguments. */
  readonly borrowed: ReadonlySet<number>;
}

/** Constants of a program and its scan bodies, uploaded once. */
export interface Pool {
  readonly constants: Node<'constant'>[];
  readonly places: Map<Expr, number>;
}

/** A value the caller gives. */
export interface Parameter {
  readonly variable: Expr;
  readonly owned: boolean;
}

const marks: ReadonlySet<string> = new Set(['stopGradient', 'label', 'batchMean', 'advance']);
const behindMarks = (e: Expr): Expr => (marks.has(e.op) ? behindMarks(e.inputs[0]) : e);

const emptyKernel =
  (e: Expr): Kernel =>
  (k) =>
    fillOf(k, e.shape, 0, e.type);

/** How each reachable node is computed, operands first. */
const emitAll = (
  roots: readonly Expr[],
  given: ReadonlySet<Expr>,
  compile: Compile,
): { readonly order: Expr[]; readonly emitted: Map<Expr, Emitted> } => {
  const emitted = new Map<Expr, Emitted>();
  const order: Expr[] = [];
  const finished = new Set<Expr>();
  const emit = (e: Expr): Emitted => {
    if (given.has(e) || e.op === 'constant') return { operands: [], kernel: emptyKernel(e) };
    if (e.op === 'scan' || e.op === 'cond' || e.op === 'project')
      return { operands: e.inputs.map(behindMarks), kernel: emptyKernel(e) };
    if (sizeOf(e.shape) === 0) return { operands: [], kernel: emptyKernel(e) };
    const { operands, kernel } = applyRule(rules, e, compile);
    return { operands: operands.map(behindMarks), kernel };
  };
  const stack = roots.map(behindMarks).reverse();
  while (stack.length > 0) {
    const e = stack[stack.length - 1];
    const known = emitted.get(e);
    if (known !== undefined) {
      stack.pop();
      if (!finished.has(e)) {
        finished.add(e);
        order.push(e);
      }
      continue;
    }
    const made = emit(e);
    emitted.set(e, made);
    for (let i = made.operands.length - 1; i >= 0; i--)
      if (!emitted.has(made.operands[i])) stack.push(made.operands[i]);
  }
  return { order, emitted };
};

/** Plans the computation of `results` from `parameters`. */
export const planOf = (
  results: readonly Expr[],
  parameters: readonly Parameter[],
  backend: TfjsBackend,
  pool: Pool = { constants: [], places: new Map() },
): Plan => {
  const scalars = new Map<string, Expr>();
  const scalar: Compile['scalar'] = (value, type) => {
    const key = `${type} ${Object.is(value, -0) ? '-0' : value}`;
    const found = scalars.get(key) ?? makeNode('constant', [], { data: type === 'real' ? Float64Array.of(value) : type === 'int32' ? Int32Array.of(value) : Uint8Array.of(value) }, [], type); // biome-ignore format: one idea
    scalars.set(key, found);
    return found;
  };
  const given = new Set(parameters.map((p) => p.variable));
  const { order, emitted } = emitAll(results, given, { backend, scalar });

  let registers = 0;
  const register = new Map<Expr, number>();
  const loops = new Map<Expr, readonly number[]>();
  const borrowed = new Set<number>();
  const claim = (): number => registers++;
  const places = parameters.map(({ variable, owned }) => {
    const r = claim();
    register.set(variable, r);
    if (!owned) borrowed.add(r);
    return { register: r, owned };
  });
  const constants: { register: number; pool: number }[] = [];
  const drafts: { inputs: number[]; outputs: number[]; action: Step['action'] }[] = [];
  const at = (e: Expr): number => register.get(e) ?? raise('BackendError', 'tfjs', `${e.op} was not computed`);

  for (const e of order) {
    if (given.has(e)) continue;
    if (e.op === 'constant') {
      const r = claim();
      register.set(e, r);
      borrowed.add(r);
      constants.push({ register: r, pool: placeOf(pool, e) });
    } else if (e.op === 'project') {
      register.set(e, loops.get(behindMarks(e.inputs[0]))![e.attributes.index]);
    } else if (e.op === 'scan') {
      const kinds = scanResults(e);
      const outputs = kinds.map(claim);
      loops.set(e, outputs);
      drafts.push({ inputs: emitted.get(e)!.operands.map(at), outputs, action: scanStep(e, kinds, backend, pool) });
    } else if (e.op === 'cond') {
      const outputs = e.attributes.branches[0].results.map(claim);
      loops.set(e, outputs);
      drafts.push({ inputs: emitted.get(e)!.operands.map(at), outputs, action: condStep(e, backend, pool) });
    } else {
      const { operands, kernel } = emitted.get(e)!;
      const inputs = operands.map(at);
      const r = claim();
      register.set(e, r);
      drafts.push({ inputs, outputs: [r], action: kernel });
    }
  }
  const out = results.map((e) => at(behindMarks(e)));
  return {
    registers,
    parameters: places,
    constants,
    results: out,
    borrowed,
    ...lifetimes(drafts, places, out, borrowed),
  };
};

const placeOf = (pool: Pool, e: Node<'constant'> & Expr): number => {
  const found = pool.places.get(e);
  if (found !== undefined) return found;
  pool.places.set(e, pool.constants.length);
  return pool.constants.push(e) - 1;
};

const scanStep = (n: Node<'scan'>, results: ScanStep['results'], backend: TfjsBackend, pool: Pool): ScanStep => {
  const { length, carries, sequences, until, body } = n.attributes;
  const parameters = body.variables.map((variable, i) => ({ variable, owned: i < carries + sequences }));
  return {
    length,
    carries,
    sequences,
    until,
    results,
    variables: body.variables,
    body: planOf(body.results, parameters, backend, pool),
  };
};

const condStep = (n: Node<'cond'> & Expr, backend: TfjsBackend, pool: Pool): CondStep => ({
  branches: bodiesOf(n).map(({ variables, results }) =>
    planOf(results, variables.map((variable) => ({ variable, owned: false })), backend, pool),
  ), // biome-ignore format: one idea
});

/** Each owned register is freed by the step that reads it last, or by the step that makes it where nobody reads it. */
const lifetimes = (
  drafts: readonly Omit<Step, 'frees'>[],
  parameters: Plan['parameters'],
  results: readonly number[],
  borrowed: ReadonlySet<number>,
): { readonly steps: Step[]; readonly unread: number[] } => {
  const last = new Map<number, number>();
  drafts.forEach((d, i) => {
    for (const r of [...d.outputs, ...d.inputs]) last.set(r, i);
  });
  const kept = new Set([...results, ...borrowed]);
  const steps = drafts.map((d, i) => ({
    ...d,
    frees: [...new Set([...d.inputs, ...d.outputs])].filter((r) => last.get(r) === i && !kept.has(r)),
  }));
  const unread = parameters.map((p) => p.register).filter((r) => !last.has(r) && !kept.has(r));
  return { steps, unread };
};
