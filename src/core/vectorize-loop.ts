/** `vmap` of loops: which carries become arrays of examples, and how examples end at iterations of their own. */
import { idling } from './early-exit.ts';
import type { Expr, Node } from './expr.ts';
import * as o from './ops/index.ts';
import { type Lane, type Mapping, mapped } from './vectorize-rules.ts';

/** Vectorises expressions, given lanes for some of them. */
type Inner = (results: readonly Expr[], bound: ReadonlyMap<Expr, Lane>) => readonly Lane[];

/** Vectorises a scan: a loop over arrays of examples. `body` is vectorised by `inner`, which may find more carries mapped. */
export const vectorizeScan = (n: Node<'scan'>, lanes: readonly Lane[], m: Mapping, inner: Inner): Lane[] => {
  const flags = mappedCarries(n, lanes, m, inner);
  if (!flags.exit) return vectorizeLoop(n, lanes, m, inner, flags.carries);
  // Examples end at different iterations: those that are done idle until all are.
  const { carries } = n.attributes;
  const loop = idling(n);
  const all = [...lanes.slice(0, carries), { value: o.scalar(0, 'bool'), mapped: false }, ...lanes.slice(carries)];
  const out = vectorizeLoop(loop, all, m, inner, mappedCarries(loop, all, m, inner).carries);
  return out.filter((_, i) => i !== carries);
};

/** Which carries are mapped, and whether the flag that ends the loop is. */
const mappedCarries = (
  n: Node<'scan'>,
  lanes: readonly Lane[],
  m: Mapping,
  inner: Inner,
): { readonly carries: readonly boolean[]; readonly exit: boolean } => {
  const { carries, until, body } = n.attributes;
  // A carry is mapped if its start is, or becomes so because the body mixes in something mapped: iterate to the fixed point.
  let flags = lanes.slice(0, carries).map((l) => l.mapped);
  const probe = (f: readonly boolean[]): readonly Lane[] =>
    inner(
      body.results,
      new Map(
        body.variables.map((v, i) => {
          const isMapped = i < carries ? f[i] : lanes[i].mapped;
          return [v, { value: isMapped ? o.broadcastTo(v, [m.size, ...v.shape]) : v, mapped: isMapped }] as const;
        }),
      ),
    );
  for (;;) {
    const found = probe(flags);
    const next = flags.map((f, i) => f || found[i].mapped);
    if (next.every((f, i) => f === flags[i])) return { carries: flags, exit: until && found[found.length - 1].mapped };
    flags = next;
  }
};

const every = (flags: Expr): Expr => o.less(o.sum(o.cast(o.not(flags), 'real')), 0.5);

const vectorizeLoop = (
  n: Node<'scan'>,
  lanes: readonly Lane[],
  m: Mapping,
  inner: Inner,
  flags: readonly boolean[],
): Lane[] => {
  const { length, carries, sequences, until, body } = n.attributes;
  const xs = lanes.slice(carries, carries + sequences);
  const closure = lanes.slice(carries + sequences);
  let outMapped: boolean[] = [];
  const result = o.scan({
    length,
    init: lanes.slice(0, carries).map((l, i) => (flags[i] ? mapped(l, m.size) : l.value)),
    xs: xs.map((l) => (l.mapped ? o.moveAxis(l.value, 0, 1) : l.value)),
    body: (c, x) => {
      const args: Lane[] = [
        ...c.map((value, i) => ({ value, mapped: flags[i] })),
        ...x.map((value, i) => ({ value, mapped: xs[i].mapped })),
        ...closure,
      ];
      const out = inner(body.results, new Map(body.variables.map((v, i) => [v, args[i]] as const)));
      outMapped = out.map((l, i) => (i < carries ? flags[i] : l.mapped));
      const end = out.length - (until ? 1 : 0);
      const exit = out[end];
      return {
        carry: out.slice(0, carries).map((l, i) => (flags[i] ? mapped(l, m.size) : l.value)),
        ys: out.slice(carries, end).map((l) => l.value),
        done: until ? (exit.mapped ? every(exit.value) : exit.value) : undefined,
      };
    },
  });
  return [
    ...result.carry.map((value, i) => ({ value, mapped: flags[i] })),
    ...result.ys.map((y, i) =>
      outMapped[carries + i] ? { value: o.moveAxis(y, 1, 0), mapped: true } : { value: y, mapped: false },
    ),
  ];
};
