/** Nodes with sub-programs, a scan, a cond or a custom derivative: their results, their bodies, and the same node with its bodies rewritten. */
import { type ElementType, type Expr, type Lambda, makeNode, type Node, scanResults, withInputs } from './expr.ts';
import type { Shape } from './shape.ts';

/** Result shapes and types of a cond. */
export const condResults = (e: Node<'cond'>): { readonly shape: Shape; readonly type: ElementType }[] =>
  e.attributes.branches[0].results.map(({ shape, type }) => ({ shape, type }));

/** A node with several results. */
export type Several = Expr & (Node<'scan'> | Node<'cond'> | Node<'custom'>);

/** The results of a node with several, one `project` each. */
export const projections = (e: Several): Expr[] => {
  const results = e.op === 'scan' ? scanResults(e) : e.op === 'cond' ? condResults(e) : e.attributes.forward.results;
  return results.map((r, index) => makeNode('project', [e], { index }, r.shape, r.type));
};

/** The sub-programs of a node: a loop's body, the branches of a cond, a value and its declared derivative, none elsewhere. */
export const bodiesOf = (e: Expr): readonly Lambda[] => {
  if (e.op === 'custom') return [e.attributes.forward, e.attributes.backward];
  return e.op === 'scan' ? [e.attributes.body] : e.op === 'cond' ? e.attributes.branches : [];
};

/** The node over other inputs, the results of its sub-programs rewritten (their variables stay). */
export const withBodies = (
  e: Expr,
  inputs: readonly Expr[],
  rewrite: (results: readonly Expr[]) => readonly Expr[],
): Expr => {
  const into = ({ variables, results }: Lambda): Lambda => ({ variables, results: rewrite(results) });
  if (e.op === 'scan')
    return makeNode('scan', inputs, { ...e.attributes, body: into(e.attributes.body) }, e.shape, e.type);
  if (e.op === 'cond') {
    const [then, otherwise] = e.attributes.branches;
    return makeNode('cond', inputs, { branches: [into(then), into(otherwise)] }, e.shape, e.type);
  }
  if (e.op === 'custom') {
    const { forward, backward } = e.attributes;
    return makeNode('custom', inputs, { forward: into(forward), backward: into(backward) }, e.shape, e.type);
  }
  return withInputs(e, inputs);
};
