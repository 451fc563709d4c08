/** Scans as ONNX's own loops: `Scan` where the length is fixed, `Loop` elsewhere. Closed-over values are the outer graph's own. */
import { type Expr, type Lambda, type Node, topological } from '../../expr.ts';
import { hostType } from '../../program.ts';
import { padded } from './pieces.ts';
import { type elementType, type Graph, type ValueInfo, valueInfo } from './schema.ts';
import { constantOf, emit, fresh, int64s, type Scope } from './scope.ts';

/** How the nodes of a body are written. */
export interface Writer {
  readonly nameOf: (s: Scope, e: Expr) => string;
  readonly prepare: (e: Expr, s: Scope) => void;
}

/** How often each node is read. */
export const countUses = (outputs: readonly Expr[]): Map<Expr, number> => {
  const uses = new Map<Expr, number>();
  const bump = (e: Expr): void => {
    uses.set(e, (uses.get(e) ?? 0) + 1);
  };
  for (const e of topological(outputs)) e.inputs.forEach(bump);
  outputs.forEach(bump);
  return uses;
};

const typeOf = (s: Scope, e: Expr): keyof typeof elementType => hostType(e.type, s.precision);

/** The scope of a body in which the variables that close over `closure` are known. */
export const innerScope = (
  { variables, results }: Lambda,
  closure: readonly Expr[],
  outer: Scope,
  { nameOf }: Writer,
): Scope => {
  const names = new Map<Expr, string>();
  const above = new Map(outer.above);
  closure.forEach((x, k) => {
    const name = nameOf(outer, x);
    names.set(variables[variables.length - closure.length + k], name);
    if (!above.has(name)) above.set(name, outer);
  });
  return { ...outer, nodes: [], names, uses: countUses(results), above, kernels: new Map() };
};

const bodyScope = (n: Node<'scan'>, outer: Scope, writer: Writer): Scope => {
  const { carries, sequences, body } = n.attributes;
  return innerScope(body, n.inputs.slice(carries + sequences), outer, writer);
};

/** Variables as inputs of a body. */
const bodyInputs = (variables: readonly Expr[], inner: Scope): ValueInfo[] =>
  variables.map((v) => {
    const name = fresh(inner, 'given');
    inner.names.set(v, name);
    return valueInfo(name, typeOf(inner, v), v.shape);
  });

/** A result needs a name of its own: a copy, unless a node of this body computes it and no other result has taken it. */
export const bodyOutputs = (results: readonly Expr[], inner: Scope, { nameOf }: Writer): ValueInfo[] => {
  const made = new Set<string>();
  return results.map((r) => {
    const direct = nameOf(inner, r);
    const own = inner.nodes.some((k) => k.output.includes(direct)) && !made.has(direct);
    const name = own ? direct : emit(inner, 'Identity', [direct])[0];
    made.add(name);
    return valueInfo(name, typeOf(inner, r), r.shape);
  });
};

/** A loop of fixed length reads slices of its sequences, and writes those of its outputs, where they lie. */
const emitScan = (n: Node<'scan'>, outer: Scope, writer: Writer): string[] => {
  const { carries, sequences, body } = n.attributes;
  const inner = bodyScope(n, outer, writer);
  const input = bodyInputs(body.variables.slice(0, carries + sequences), inner);
  for (const e of topological(body.results)) writer.prepare(e, inner);
  const output = bodyOutputs(body.results, inner, writer);
  const graph: Graph = { name: fresh(outer, 'body'), node: inner.nodes, input, output, initializer: [] };
  const given = n.inputs.slice(0, carries + sequences).map((x) => writer.nameOf(outer, x));
  return emit(outer, 'Scan', given, { body: graph, num_scan_inputs: sequences }, output.length);
};

/** A loop without sequences (`Scan` asks for one), or one that may end early: sequences are read by the iteration number. */
const emitCounting = (n: Node<'scan'>, outer: Scope, writer: Writer): string[] => {
  const { length, carries, sequences, until, body } = n.attributes;
  const inner = bodyScope(n, outer, writer);
  const iteration = fresh(outer, 'iteration');
  const going = fresh(outer, 'going');
  const carryInputs = bodyInputs(body.variables.slice(0, carries), inner);
  body.variables.slice(carries, carries + sequences).forEach((v, k) => {
    const sequence = writer.nameOf(outer, n.inputs[carries + k]);
    inner.names.set(v, emit(inner, 'Gather', [sequence, iteration], { axis: 0 })[0]);
  });
  for (const e of topological(body.results)) writer.prepare(e, inner);
  const kept = until ? body.results.slice(0, -1) : body.results;
  const outputs = bodyOutputs(kept, inner, writer);
  const still = until
    ? emit(inner, 'Not', [writer.nameOf(inner, body.results[kept.length])])[0]
    : emit(inner, 'Identity', [going])[0];
  const graph: Graph = {
    name: fresh(outer, 'body'),
    node: inner.nodes,
    input: [valueInfo(iteration, 'int64', []), valueInfo(going, 'bool', []), ...carryInputs],
    output: [valueInfo(still, 'bool', []), ...outputs],
    initializer: [],
  };
  const truth = constantOf(outer, 'true', 'bool', [], Uint8Array.of(1));
  const first = n.inputs.slice(0, carries).map((x) => writer.nameOf(outer, x));
  const found = emit(outer, 'Loop', [int64s(outer, [length], []), truth, ...first], { body: graph }, kept.length);
  return until
    ? [...found.slice(0, carries), ...padded(outer, found.slice(carries), kept.slice(carries), length)]
    : found;
};

/** Writes a scan; gives the names of its results. */
export const emitLoop = (n: Node<'scan'>, outer: Scope, writer: Writer): string[] => {
  const { length, sequences, until } = n.attributes;
  return (length > 0 && sequences > 0 && !until ? emitScan : emitCounting)(n, outer, writer);
};
