/** What a value is, as an error calls it: `an array`, `a string`, `nothing`. */
export const kindOf = (x: unknown): string => {
  if (x === undefined) return 'nothing';
  if (x === null) return 'null';
  if (Array.isArray(x)) return 'an array';
  if (ArrayBuffer.isView(x)) return 'a typed array';
  return typeof x === 'object' ? 'an object' : `a ${typeof x}`;
};
