/** The ONNX messages a compiler emits, for protobufjs (onnx.proto is proto2; field numbers as in the ONNX specification). */
import protobuf from 'protobufjs';

type Field = {
  readonly type: string;
  readonly id: number;
  readonly rule?: 'repeated';
  readonly options?: { readonly packed: boolean };
};

const one = (type: string, id: number): Field => ({ type, id });
const many = (type: string, id: number): Field => ({ type, id, rule: 'repeated', options: { packed: false } });

/** protobufjs reads JSON without an edition as proto3, which drops zeros (`axis: 0`) from the encoding. */
const message = (fields: Record<string, Field>, nested?: Record<string, object>): object => ({
  edition: 'proto2',
  fields,
  ...(nested === undefined ? {} : { nested }),
});

const messages = {
  AttributeProto: message({
    name: one('string', 1),
    type: one('int32', 20),
    f: one('float', 2),
    i: one('int64', 3),
    s: one('bytes', 4),
    g: one('GraphProto', 6),
    floats: many('float', 7),
    ints: many('int64', 8),
  }),
  ValueInfoProto: message({ name: one('string', 1), type: one('TypeProto', 2) }),
  NodeProto: message({
    input: many('string', 1),
    output: many('string', 2),
    name: one('string', 3),
    opType: one('string', 4),
    attribute: many('AttributeProto', 5),
    domain: one('string', 7),
  }),
  StringStringEntryProto: message({ key: one('string', 1), value: one('string', 2) }),
  ModelProto: message({
    irVersion: one('int64', 1),
    producerName: one('string', 2),
    producerVersion: one('string', 3),
    docString: one('string', 6),
    graph: one('GraphProto', 7),
    opsetImport: many('OperatorSetIdProto', 8),
    metadataProps: many('StringStringEntryProto', 14),
  }),
  GraphProto: message({
    node: many('NodeProto', 1),
    name: one('string', 2),
    initializer: many('TensorProto', 5),
    docString: one('string', 10),
    input: many('ValueInfoProto', 11),
    output: many('ValueInfoProto', 12),
  }),
  TensorProto: message({
    dims: many('int64', 1),
    dataType: one('int32', 2),
    name: one('string', 8),
    rawData: one('bytes', 9),
  }),
  TensorShapeProto: message(
    { dim: many('Dimension', 1) },
    { Dimension: message({ dimValue: one('int64', 1), dimParam: one('string', 2) }) },
  ),
  TypeProto: message(
    { tensorType: one('Tensor', 1) },
    { Tensor: message({ elemType: one('int32', 1), shape: one('TensorShapeProto', 2) }) },
  ),
  OperatorSetIdProto: message({ domain: one('string', 1), version: one('int64', 2) }),
};

const root = protobuf.Root.fromJSON({ nested: { onnx: { nested: messages } } } as protobuf.INamespace);
const ModelProto = root.lookupType('onnx.ModelProto');

/** An ONNX attribute: one of the fields by kind. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly g?: Graph;
  readonly ints?: readonly number[];
}

/** An ONNX node. */
export interface OnnxNode {
  readonly opType: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name: string;
  readonly attribute: readonly Attribute[];
  readonly domain?: string;
}

/** A named, typed graph input or output. */
export interface ValueInfo {
  readonly name: string;
  readonly type: object;
}

/** A constant array inside a graph. */
export interface Initializer {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly rawData: Uint8Array;
}

/** An ONNX graph. */
export interface Graph {
  readonly name: string;
  readonly node: readonly OnnxNode[];
  readonly input: readonly ValueInfo[];
  readonly output: readonly ValueInfo[];
  readonly initializer: readonly Initializer[];
}

/** ONNX's numbers for element types. */
export const elementType = { float32: 1, int32: 6, int64: 7, bool: 9, float64: 11 } as const;

/** A typed value with a static shape. */
export const valueInfo = (name: string, type: keyof typeof elementType, shape: readonly number[]): ValueInfo => ({
  name,
  type: { tensorType: { elemType: elementType[type], shape: { dim: shape.map((d) => ({ dimValue: d })) } } },
});

/** An attribute from a plain value: integers, integer lists, strings and graphs (`{ float }` for a real number). */
export const attribute = (
  name: string,
  value: number | readonly number[] | string | { readonly float: number } | Graph,
): Attribute => {
  if (typeof value === 'number') return { name, type: 2, i: value };
  if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
  if (Array.isArray(value)) return { name, type: 7, ints: value as readonly number[] };
  return 'float' in (value as object)
    ? { name, type: 1, f: (value as { float: number }).float }
    : { name, type: 5, g: value as Graph };
};

/** The opset we write; every operator used exists in it with the signature used. */
export const opset = 20;

/** Serialises a model; `domains` are those of operators that are nobody's standard. */
export const encodeModel = (
  graph: Graph,
  metadata: Readonly<Record<string, string>> = {},
  domains: readonly string[] = [],
): Uint8Array =>
  ModelProto.encode(
    ModelProto.fromObject({
      irVersion: 9,
      producerName: 'pushforward',
      producerVersion: '0.1.0',
      opsetImport: [
        { domain: '', version: opset },
        ...['com.microsoft', ...domains].map((domain) => ({ domain, version: 1 })),
      ],
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph,
    }),
  ).finish();
