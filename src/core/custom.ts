/** Values with a derivative of their own, as programs see them: their forward sub-program alone. */
import { bodiesOf, withBodies } from './bodies.ts';
import { applyLambda, type Expr, topological, withInputs } from './expr.ts';

const anyCustom = (outputs: readonly Expr[]): boolean =>
  topological(outputs).some((e) => e.op === 'custom' || bodiesOf(e).some((b) => anyCustom(b.results)));

/** The same values without `custom` nodes, in loops and branches as well; the very same expressions where there are none. */
export const withoutCustom = (outputs: readonly Expr[]): readonly Expr[] => {
  if (!anyCustom(outputs)) return outputs;
  const done = new Map<Expr, Expr>();
  const inlined = new Map<Expr, readonly Expr[]>();
  for (const e of topological(outputs)) {
    const inputs = e.inputs.map((x) => done.get(x)!);
    const of = e.op === 'project' ? inlined.get(e.inputs[0]) : undefined;
    if (e.op === 'project' && of !== undefined) done.set(e, of[e.attributes.index]);
    else if (e.op === 'custom') {
      const { variables, results } = e.attributes.forward;
      inlined.set(e, applyLambda({ variables, results: [...withoutCustom(results)] }, inputs));
      done.set(e, e);
    } else done.set(e, bodiesOf(e).length > 0 ? withBodies(e, inputs, withoutCustom) : withInputs(e, inputs));
  }
  return outputs.map((e) => done.get(e)!);
};
