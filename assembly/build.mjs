// `npm run build:noise`: compiles assembly/noise.ts and writes src/core/noise-module.ts. Fetches the compiler; nothing else here needs it.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const out = join(mkdtempSync(join(tmpdir(), 'noise-')), 'noise.wasm');
const options = ['-O3', '--runtime', 'stub', '--noAssert', '--enable', 'simd', '--enable', 'bulk-memory', '--initialMemory', '5'];
execFileSync('npx', ['--yes', '--package', 'assemblyscript@0.28.20', 'asc', 'noise.ts', '-o', out, ...options], {
  cwd: here,
  stdio: 'inherit',
});
const source = createHash('sha256')
  .update(readFileSync(join(here, 'noise.ts')))
  .digest('hex');
const lines = readFileSync(out)
  .toString('base64')
  .match(/.{1,110}/g);
writeFileSync(
  join(here, '../src/core/noise-module.ts'),
  `/** Made by \`npm run build:noise\` from assembly/noise.ts: do not edit. */

/** SHA-256 of the source. */
export const source = '${source}';

/** The WebAssembly module, in base 64. */
export const module = [
${lines.map((l) => `  '${l}',`).join('\n')}
].join('');
`,
);
