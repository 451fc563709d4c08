/**
 * Programs whose long loop runs in pieces: what stands before it, some of its iterations at a time, what stands after. The numbers are those of the whole
 * program; in memory is the noise of one piece. A thousand steps of DDPM on 256 digits draw 0.8 GB of noise.
 */
import { type Expr, makeNode, type Node, substitute, topological } from './expr.ts';
import * as o from './ops/index.ts';
import { firstsOf, noiseKey, type Program, program, writeNoise } from './program.ts';
import { sizeOf } from './shape.ts';
import type { Tensor } from './tensor.ts';

type Scan = Node<'scan'> & Expr;
type Noise = Node<'noise'> & Expr;

/** The noise of a program that does some iterations of a longer loop, as the whole loop would see it: its outer axes count examples, then iterations. */
export const pieceNoise = (
  p: Program,
  seed: number,
  firstExample: number,
  firstStep: number,
): Record<string, Tensor> => {
  const feeds: Record<string, Tensor> = {};
  for (const { name, shape, noise } of p.slots)
    if (noise !== undefined) {
      const data = p.precision === 'float32' ? new Float32Array(sizeOf(shape)) : new Float64Array(sizeOf(shape));
      const firsts = firstsOf(noise.batch, firstExample, firstStep);
      writeNoise(shape, noise.dist, noiseKey(seed, 0, noise.path), firsts, data, 0);
      feeds[name] = { shape, type: p.precision, data };
    }
  return feeds;
};

/** Noise by example and iteration, turned so that iterations come first: how a loop reads its draws under `vmap`. */
const drawn = (x: Expr): Noise | undefined => {
  if (x.op !== 'transpose' || x.inputs[0].op !== 'noise' || x.inputs[0].attributes.batch < 2) return undefined;
  return x.attributes.permutation.every((a, i) => a === (i < 2 ? 1 - i : i)) ? (x.inputs[0] as Noise) : undefined;
};

type Role = 'carry' | 'sequence' | 'closed';

/** The inputs of a loop, what they are for, and the names that pieces know them by. */
const inputsOf = (n: Scan): readonly { readonly x: Expr; readonly name: string; readonly role: Role }[] => {
  const { carries, sequences } = n.attributes;
  const role = (i: number): Role => (i < carries ? 'carry' : i < carries + sequences ? 'sequence' : 'closed');
  return n.inputs.map((x, i) => ({ x, name: `loop.${i}`, role: role(i) }));
};

/** Numbers of noise that one iteration of a loop draws. */
const noiseOf = (n: Scan): number =>
  inputsOf(n)
    .filter(({ x, role }) => role === 'sequence' && drawn(x) !== undefined)
    .reduce((sum, { x }) => sum + sizeOf(x.shape.slice(1)), 0);

/** A program in three parts. */
export interface Segments {
  /** Iterations of the loop. */
  readonly length: number;
  /** Iterations in a piece; the last piece may have fewer. */
  readonly pieceLength: number;
  readonly before: Program;
  /** What the outputs of {@link Segments.before} are to a piece, in order. */
  readonly handed: readonly { readonly name: string; readonly role: Role }[];
  /** So many iterations: the last carries, then the stacked outputs that are used. */
  readonly piece: (iterations: number) => Program;
  readonly carries: number;
  /** The program's outputs, from the outputs of the last piece (carries) and of all pieces (stacked outputs) under {@link Segments.results}. */
  readonly after: Program;
  readonly results: readonly string[];
}

const isLeaf = (e: Expr): boolean => e.op === 'constant' || e.op === 'parameter' || e.op === 'input';

/**
 * The parts of a program with a loop that draws more than `limit` numbers of noise, `limit` in a piece at most. Nothing where no loop does, where it may end
 * early, or where something else reads its noise: such a program runs unchanged.
 */
export const segmentsOf = ({ outputs, precision }: Program, limit: number): Segments | undefined => {
  const order = topological(outputs);
  const loop = order.find((e): e is Scan => e.op === 'scan' && noiseOf(e as Scan) * e.attributes.length > limit);
  if (loop === undefined || loop.attributes.until) return undefined;
  const { length, carries, body } = loop.attributes;
  const inputs = inputsOf(loop);
  const handed = inputs.filter(({ x, role }) => role === 'carry' || (role === 'sequence' ? !drawn(x) : !isLeaf(x)));
  const asked = order.flatMap((e) => (e.op === 'project' && e.inputs[0] === loop ? [e] : []));
  const stacked = [...new Set(asked.map((e) => e.attributes.index))].filter((i) => i >= carries).sort((a, b) => a - b);
  const kept = [...Array.from({ length: carries }, (_, i) => i), ...stacked];
  const result = (index: number): string => `result.${index}`;
  const given = asked.map((e) => [e as Expr, o.input(result(e.attributes.index), e.shape, e.type)] as const);
  const after = substitute(outputs, new Map(given));
  const own = new Set<Expr>(inputs.flatMap(({ x, role }) => (role === 'sequence' ? (drawn(x) ?? []) : [])));
  if (topological([...after, ...handed.map(({ x }) => x)]).some((e) => own.has(e))) return undefined;

  const pieceInput = ({ x, name, role }: (typeof inputs)[number], n: number): Expr => {
    if (role === 'closed' && isLeaf(x)) return x;
    if (role !== 'sequence') return o.input(name, x.shape, x.type);
    const shape = [n, ...x.shape.slice(1)];
    const noise = drawn(x);
    if (noise === undefined) return o.input(name, shape, x.type);
    const part = makeNode('noise', [], noise.attributes, [noise.shape[0], n, ...noise.shape.slice(2)], noise.type);
    return makeNode('transpose', [part], (x as Node<'transpose'> & Expr).attributes, shape, x.type);
  };
  const piece = (n: number): Program => {
    const scan = makeNode(
      'scan',
      inputs.map((input) => pieceInput(input, n)),
      { ...loop.attributes, length: n },
      loop.shape,
      loop.type,
    );
    const projected = kept.map((index) => {
      const { shape, type } = body.results[index];
      return makeNode('project', [scan], { index }, index < carries ? shape : [n, ...shape], type);
    });
    return program(projected, precision);
  };
  const pieces = Math.ceil(length / Math.max(1, Math.floor(limit / noiseOf(loop))));
  return {
    length,
    pieceLength: Math.ceil(length / pieces),
    before: program(handed.map(({ x }) => x), precision),
    handed: handed.map(({ name, role }) => ({ name, role })),
    piece,
    carries,
    after: program(after, precision),
    results: kept.map(result),
  }; // biome-ignore format: one idea
};
