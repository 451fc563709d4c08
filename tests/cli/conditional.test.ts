/** Models of what is given, on the command line: trained, resumed, measured, described and drawn from; and what is wrong said in a sentence. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isRight } from 'fp-ts/lib/Either.js';
import { generator, keyOf } from '../../src/core/prng.ts';
import { loadCheckpoint, run, usedParameters } from '../../src/inference/index.ts';
import { onnx } from '../../src/core/interpreters/index.ts';
import { capabilityOf } from '../../src/algebra/capability.ts';
import { conditioned, readLaw } from '../../src/models/index.ts';
import { pushforward } from './helpers.ts';
