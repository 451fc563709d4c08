import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { commandLine } from '../../src/cli/io.ts';
import { runCli } from '../../src/cli/program.ts';

/** What a command line did. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process, on a terminal that is no terminal. */
export const call = async (...args: string[]): Promise<Outcome> => {
  let out = '';
  let err = '';
  const code = await runCli(args, {
    out: (text) => {
      out += typeof text === 'string' ? text : `<${text.length} bytes>`;
    },
    err: (text) => {
      err += text;
    },
    outIsTerminal: false,
    colour: { out: false, err: false },
    columns: 100,
    command: commandLine(args),
  });
  return { code, out, err };
};

/** A folder of this test file, removed after it. */
export const workFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'pushforward-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

/** The same without a number of layers, which not every model has. */
export const narrow = ['--hidden', '8', '--steps', '40', '--batch-size', '32', '--size', '400', '--test-size', '500'];

/** Flags of a run of about a tenth of a second. */
export const tiny = ['--layers', '2', ...narrow];

/** Sentences: one line, no stack, a full account. */
export const isOneSentence = (err: string): boolean => /^error: [^\n]+\n$/.test(err) && !/\bat .*:\d+:\d+/.test(err);

/** Bytes of an IDX file of 8-bit images. */
export const idxImages = (n: number, height: number, width: number): Uint8Array => {
  const bytes = new Uint8Array(16 + n * height * width);
  const view = new DataView(bytes.buffer);
  [0x0803, n, height, width].forEach((v, i) => view.setUint32(4 * i, v));
  for (let i = 16; i < bytes.length; i++) bytes[i] = (i * 37 + (i % 7) * 20) % 256;
  return bytes;
};
