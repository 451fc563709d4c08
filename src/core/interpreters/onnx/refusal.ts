/** What ONNX Runtime says when it makes no session, in a sentence. */

/** The first line of a message without the source file and the condition in front of it. */
const shortly = (message: string): string => message.split('\n')[0].replace(/^.* was false\. /, '').replace(/^\/\S+ .*?\) /, '').trim(); // biome-ignore format: one idea

const titles = { cpu: 'ONNX Runtime', webgpu: 'WebGPU', cuda: 'CUDA' } as const;

/**
 * Why there is no session: a provider that does not start here (its library or its device is missing, and `backends()` says what to do), or a program
 * that ONNX Runtime refuses, in its own words.
 */
export const refusal = (provider: keyof typeof titles, e: unknown): string => {
  const said = e instanceof Error ? e.message : String(e);
  return provider !== 'cpu' && /shared library|WebGPU adapter|no (CUDA|device)/i.test(said)
    ? `${titles[provider]} does not start here (${shortly(said)}): backends() says what is missing`
    : `ONNX Runtime refused the program: ${said}`;
};
