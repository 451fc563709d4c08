/** The PyTorch side of `npm run bench:quality -- --peer`: the same flow and settings in a process of its own, on the same points. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../bench/peers/quality.py', import.meta.url));
const PYTHON = '/usr/bin/python3';

/** What the peer said, and −log q of every test point. */
export interface PeerScore {
  readonly nll: readonly number[];
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly parameters: number;
}

/** Whether Debian's python3-torch is here. */
export const hasTorch = (): boolean => spawnSync(PYTHON, ['-c', 'import torch']).status === 0;

/** Trains the peer on `train` and evaluates it on `test` (pairs of coordinates). Throws what Python says where it fails. */
export const peerScore = (
  train: Float32Array,
  test: Float32Array,
  options: Readonly<Record<string, string | number>>,
): PeerScore => {
  const folder = mkdtempSync(join(tmpdir(), 'quality-'));
  const file = (name: string): string => join(folder, `${name}.f32`);
  try {
    writeFileSync(file('train'), new Uint8Array(train.buffer, train.byteOffset, train.byteLength));
    writeFileSync(file('test'), new Uint8Array(test.buffer, test.byteOffset, test.byteLength));
    const all = { ...options, train: file('train'), test: file('test'), out: file('nll') };
    const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    const { status, stdout, stderr } = spawnSync(PYTHON, [script, ...args], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`quality.py: ${stderr}`);
    const bytes = readFileSync(file('nll'));
    const nll = Array.from(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4));
    return { nll, ...(JSON.parse(stdout) as Omit<PeerScore, 'nll'>) };
  } finally {
    rmSync(folder, { recursive: true });
  }
};
