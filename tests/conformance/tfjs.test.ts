import { test } from 'vitest';
import { tfjs } from '../../src/core/interpreters/tfjs/index.ts';
import { expectConformance } from './ask.ts';

test.each(['cpu', 'wasm'] as const)('tfjs-%s conforms', { timeout: 120_000 }, (name) => expectConformance(tfjs(name)));
