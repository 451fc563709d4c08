/** Keys that stand twice in one JSON object: `JSON.parse` takes the last and says nothing. */

const [QUOTE, BACKSLASH, COLON] = [34, 92, 58];

/** The first key that an object of the (valid) JSON text holds twice. */
export const duplicateKey = (source: string): string | undefined => {
  const open: (Set<string> | undefined)[] = [];
  let i = 0;
  /** The position after the text that begins here. */
  const afterText = (from: number): number => {
    let j = from + 1;
    while (source.charCodeAt(j) !== QUOTE) j += source.charCodeAt(j) === BACKSLASH ? 2 : 1;
    return j + 1;
  };
  while (i < source.length) {
    const c = source[i];
    if (c === '"') {
      const end = afterText(i);
      let next = end;
      while (source.charCodeAt(next) <= 32) next++;
      const keys = open[open.length - 1];
      if (keys !== undefined && source.charCodeAt(next) === COLON) {
        const key = JSON.parse(source.slice(i, end)) as string;
        if (keys.has(key)) return key;
        keys.add(key);
      }
      i = end;
      continue;
    }
    if (c === '{') open.push(new Set());
    else if (c === '[') open.push(undefined);
    else if (c === '}' || c === ']') open.pop();
    i++;
  }
  return undefined;
};
