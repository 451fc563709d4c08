/** A description as a picture. */
import type { AnyDist } from '../algebra/dist.ts';
import { showShape } from '../core/shape.ts';
import { describe, type LayerDescription } from './describe.ts';
import { showCount } from './describe-text.ts';

/** Boxes, arrows and frames: what `graphOf` draws. */
export interface DistGraph {
  readonly nodes: readonly { readonly id: string; readonly label: string; readonly detail?: string }[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly label?: string }[];
  readonly groups: readonly { readonly label: string; readonly members: readonly string[] }[];
}

/**
 * A distribution as a graph for `graphOf`: a box for each innermost layer from the data to the base, a frame around repeated parts, and the shape on an arrow where it
 * changes.
 *
 * @example
 * describeGraph(dist).nodes.length > 1;   // true
 */
export const describeGraph = (dist: AnyDist): DistGraph => {
  const d = describe(dist);
  const nodes: DistGraph['nodes'][number][] = [{ id: 'x', label: 'x', detail: `data ${showShape(d.shape)}` }];
  const edges: DistGraph['edges'][number][] = [];
  const groups: DistGraph['groups'][number][] = [];
  let shown = showShape(d.shape);
  const connect = (node: DistGraph['nodes'][number], shape: string): void => {
    edges.push({ from: nodes[nodes.length - 1].id, to: node.id, ...(shape === shown ? {} : { label: shape }) });
    shown = shape;
    nodes.push(node);
  };
  const visit = (l: LayerDescription): void => {
    const first = nodes.length;
    if (l.parts.length > 0) l.parts.forEach(visit);
    else {
      const count = l.parameters === 0 ? '' : `${showCount(l.parameters)} parameters`;
      const detail = [l.detail, count].filter((s) => s !== '').join(' · ');
      connect({ id: l.place, label: l.name, ...(detail === '' ? {} : { detail }) }, showShape(l.data));
    }
    const members = nodes.slice(first).map((n) => n.id);
    if (l.times !== undefined) groups.push({ label: `${showCount(l.times)} ×`, members });
  };
  d.layers.forEach(visit);
  const { base } = d;
  connect(
    { id: base.place === '' ? 'base' : base.place, label: base.name, detail: base.detail || showShape(base.shape) },
    showShape(base.shape),
  );
  return { nodes, edges, groups };
};
