/** Structural identity of expressions: equal declarations get equal keys, whatever objects they are made of. */
import { createHash } from 'node:crypto';
import { bodiesOf } from './bodies.ts';
import { type Expr, type Lambda, topological } from './expr.ts';

const constantKey = (data: Float64Array | Int32Array | Uint8Array): string => {
  if (data.length <= 8) return Array.from(data, (v) => (Object.is(v, -0) ? '-0' : String(v))).join(',');
  const words = new Uint8Array((data.byteLength + 3) & ~3);
  words.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const bytes = new Int32Array(words.buffer);
  let [a, b] = [0x9e3779b9 | 0, bytes.length | 0];
  for (let i = 0; i < bytes.length; i++) {
    a = Math.imul(a ^ bytes[i], 0x85ebca6b);
    b = Math.imul((b << 13) ^ (b >>> 19) ^ bytes[i] ^ a, 0xc2b2ae35);
  }
  const tail = Array.from(data.slice(-2)).join(',');
  return `#${data.length}:${(a >>> 0).toString(36)}${(b >>> 0).toString(36)}:${tail}`;
};

/** A text that says everything about a node but its inputs. `rename` gives bound variables their canonical names. */
const attributesKey = (e: Expr, rename: ReadonlyMap<Expr, string>): string => {
  switch (e.op) {
    case 'constant':
      return constantKey(e.attributes.data);
    case 'variable':
      return rename.get(e) ?? `v${e.attributes.id}`;
    case 'parameter':
      return e.attributes.name;
    case 'advance':
      return JSON.stringify([e.attributes.name, e.attributes.after]);
    case 'scan': {
      const { length, carries, sequences, until, body } = e.attributes;
      const depth = rename.size;
      const inner = new Map([...rename, ...body.variables.map((v, i) => [v, `b${depth + i}`] as const)]);
      return `${length},${carries},${sequences}${until ? ',until' : ''}:${canonicalText(body.results, inner)}`;
    }
    case 'cond':
    case 'custom': {
      const text = ({ variables, results }: Lambda): string =>
        canonicalText(results, new Map([...rename, ...variables.map((v, i) => [v, `b${rename.size + i}`] as const)]));
      return bodiesOf(e).map(text).join('|');
    }
    default:
      return Object.keys(e.attributes).length === 0 ? '' : JSON.stringify(e.attributes);
  }
};

/** The key of a node whose inputs already have identities. */
export const nodeKey = (e: Expr, inputIds: string, rename: ReadonlyMap<Expr, string> = new Map()): string =>
  `${e.op}|${e.type}|${e.shape.join('x')}|${attributesKey(e, rename)}|${inputIds}`;

/** Expressions as a text: equal for what is equal up to sharing. `rename` gives free variables their names. */
export const canonicalText = (outputs: readonly Expr[], rename: ReadonlyMap<Expr, string>): string => {
  const ids = new Map<string, number>();
  const idOf = new Map<Expr, number>();
  const lines: string[] = [];
  for (const e of topological(outputs)) {
    const key = nodeKey(e, e.inputs.map((x) => idOf.get(x)).join(','), rename);
    const known = ids.get(key);
    if (known === undefined) {
      ids.set(key, ids.size);
      lines.push(key);
    }
    idOf.set(e, known ?? ids.size - 1);
  }
  return `${lines.join(';')}>${outputs.map((e) => idOf.get(e)).join(',')}`;
};

/**
 * A 128-bit hash of the structure of expressions, as 32 hexadecimal digits: equal for expressions that are equal up to sharing and the names of bound variables. Parameters
 * count by name and shape, not by initial value. Interpreters use it as the key of compiled programs. Cost: linear in the number of nodes.
 *
 * @example
 * structuralHash([ops.exp(1)]) === structuralHash([ops.exp(1)]);   // true
 */
export const structuralHash = (outputs: readonly Expr[]): string =>
  createHash('sha256').update(canonicalText(outputs, new Map())).digest('hex').slice(0, 32);
