/**
 * Loops as so many copies of their body, for providers that run none of their own. ONNX Runtime's WebGPU provider has neither `Loop` nor `Scan`: they run on
 * the processor, and what they carry, and the rows that they read, cross the bus in every iteration. Copied out, K training steps stay on the device.
 */
import { projections, withBodies } from '../../bodies.ts';
import { applyLambda, type Expr, type Node, topological, withInputs } from '../../expr.ts';
import * as o from '../../ops/index.ts';
import { range } from '../../shape.ts';

/** The largest divisor of `length` of which so many copies of a body have at most `limit` nodes; at least 1. */
const copiesOf = (length: number, size: number, limit: number): number =>
  range(length)
    .map((i) => length - i)
    .find((c) => length % c === 0 && c * size <= limit) ?? 1;

const stacked = (rows: readonly Expr[]): Expr =>
  o.concat(
    rows.map((y) => o.reshape(y, [1, ...y.shape])),
    0,
  );

/** What a loop gives (last carries, stacked outputs) with its body copied `copies` times in each of the iterations that are left. */
const unrolledLoop = (loop: Node<'scan'> & Expr, copies: number): Expr[] => {
  const { length, carries, sequences, body } = loop.attributes;
  const xs = loop.inputs.slice(carries, carries + sequences);
  const closed = loop.inputs.slice(carries + sequences);
  const steps = (init: readonly Expr[], rows: readonly Expr[]): { carry: Expr[]; ys: Expr[] } => {
    let carry = [...init];
    const outputs: Expr[][] = [];
    for (const k of range(copies)) {
      const here = rows.map((x) => o.reshape(o.sliceAxis(x, 0, k, k + 1), x.shape.slice(1)));
      const results = applyLambda(body, [...carry, ...here, ...closed]);
      carry = results.slice(0, carries);
      outputs.push(results.slice(carries));
    }
    return { carry, ys: body.results.slice(carries).map((_, j) => stacked(outputs.map((y) => y[j]))) };
  };
  if (copies === length) {
    const { carry, ys } = steps(loop.inputs.slice(0, carries), xs);
    return [...carry, ...ys];
  }
  const { carry, ys } = o.scan({
    length: length / copies,
    init: loop.inputs.slice(0, carries),
    xs: xs.map((x) => o.reshape(x, [length / copies, copies, ...x.shape.slice(1)])),
    body: steps,
  });
  return [...carry, ...ys.map((y) => o.reshape(y, [length, ...y.shape.slice(2)]))];
};

/**
 * Expressions whose loops, innermost first, are copied out as far as `limit` nodes a loop allow: wholly, or several iterations at a time. Loops that may end
 * early stay as they are: they have to ask after each iteration. So do branches: every provider has `If`. Values are the same.
 */
export const unrolled = (outputs: readonly Expr[], limit: number): Expr[] => {
  const done = new Map<Expr, Expr>();
  const loops = new Map<Expr, readonly Expr[]>();
  for (const e of topological(outputs)) {
    const inputs = e.inputs.map((x) => done.get(x)!);
    if (e.op === 'scan') {
      const loop = withBodies(e, inputs, (results) => unrolled(results, limit)) as Node<'scan'> & Expr;
      const { until, length, body } = loop.attributes;
      const copies = until ? 1 : copiesOf(length, topological(body.results).length, limit);
      done.set(e, loop);
      loops.set(e, copies > 1 || (length === 1 && !until) ? unrolledLoop(loop, copies) : projections(loop));
    } else if (e.op === 'cond') {
      const branches = withBodies(e, inputs, (results) => unrolled(results, limit)) as Node<'cond'> & Expr;
      done.set(e, branches);
      loops.set(e, projections(branches));
    } else if (e.op === 'project') done.set(e, loops.get(e.inputs[0])![e.attributes.index]);
    else done.set(e, withInputs(e, inputs));
  }
  return outputs.map((e) => done.get(e)!);
};
