/** `pushforward describe`. */
import { extname } from 'node:path';
import { capabilityOf } from '../../algebra/capability.ts';
import { contextSize, showContext } from '../../algebra/context.ts';
import type { AnyDist } from '../../algebra/dist.ts';
import { rewrite } from '../../algebra/rewrite.ts';
import { root } from '../../core/scope.ts';
import { atContext, conditioned, describe, describeGraph, describeText } from '../../models/index.ts';
import { EXIT, misuse, orThrow, settled } from '../failures.ts';
import { prepareParent, writeWhole } from '../files.ts';
import type { Action, Call } from '../kit.ts';
import { modelOptions, settingsOf } from '../model-options.ts';
import { findModel, openModel } from '../model-source.ts';
import { choice, decodeOptions, flagName, Integers, PositiveInteger, Text, Texts } from '../options.ts';

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** The distribution itself, or the one at a context of zeros where it reads one: what is described is the same at every context. */
const atZeros = (dist: AnyDist): AnyDist => {
  const part = capabilityOf(conditioned, dist);
  if (part === undefined) return dist;
  const there = atContext(part, new Array<number>(contextSize(part.context)).fill(0));
  return there.resolved?.(root) ?? there;
};

/** What a conditional model is given, in a line. */
const givenText = (dist: AnyDist): string => {
  const part = capabilityOf(conditioned, dist);
  return part === undefined ? '' : `given ${showContext(part.context)}\n`;
};

const svg = async (dist: AnyDist): Promise<string> =>
  (await import('../../report/index.ts')).graphOf(describeGraph(atZeros(dist)));

const formats = {
  text: async (dist: AnyDist) => `${givenText(dist)}${describeText(describe(atZeros(dist)))}`,
  json: async (dist: AnyDist) => json({ ...describe(atZeros(dist)), spec: dist.spec }),
  spec: async (dist: AnyDist) => json(dist.spec),
  svg,
  png: async (dist: AnyDist) => (await import('../../report/index.ts')).toPng(await svg(dist), { width: 1920 }),
} as const;
type Format = keyof typeof formats;

/** The shorter program for the same distribution; as text, after the composition as it was written. */
const rewritten = async (dist: AnyDist, format: Format): Promise<string | Uint8Array> => {
  const after = await formats[format](rewrite(dist));
  return format === 'text' ? `written:\n${await formats.text(dist)}\nrewritten:\n${after}` : after;
};

const byExtension: { readonly [extension: string]: Format } = {
  '.json': 'json',
  '.svg': 'svg',
  '.png': 'png',
  '.txt': 'text',
};

const formatOf = (call: Call, said: Format | undefined, out: string | undefined): Format => {
  if (call.json)
    return said === undefined || said === 'spec'
      ? (said ?? 'json')
      : said === 'json'
        ? said
        : misuse('--format', 'with --json it is JSON', { got: said });
  if (said !== undefined) return said;
  return (out !== undefined && byExtension[extname(out).toLowerCase()]) || 'text';
};

/** Describes a model. */
export const describeModel: Action = async (call) => {
  const f = orThrow(
    decodeOptions(
      {
        shape: Integers,
        levels: PositiveInteger,
        set: Texts,
        layers: Text,
        hidden: Text,
        latent: Text,
        format: choice(Object.keys(formats) as Format[]),
        out: Text,
      },
      call.flags,
    ),
  );
  const format = formatOf(call, f.format, f.out);
  const named = await findModel(call.args[0] ?? '');
  const own = (['shape', 'levels', 'set', 'layers', 'hidden', 'latent'] as const).find((k) => f[k] !== undefined);
  if ((named.kind === 'spec' || named.kind === 'checkpoint') && own !== undefined)
    misuse(flagName(own), `${named.name} says this itself`);
  const { dist } = await openModel(
    named,
    { shape: f.shape ?? [2], ...(f.levels === undefined ? {} : { levels: f.levels }) },
    'entry' in named && named.entry !== undefined ? modelOptions(named.entry, settingsOf(f)) : {},
    call.modules,
  );
  if (format === 'png' && f.out === undefined && call.io.outIsTerminal)
    misuse('--out', 'a PNG picture is not for the terminal: say a file');
  if (f.out !== undefined) await settled(prepareParent(f.out));
  const document = call.flags.rewritten === true ? await rewritten(dist, format) : await formats[format](dist);
  if (named.kind === 'registry' && f.shape === undefined)
    call.note(`${named.name} for events of shape [2]; --shape says another\n`);
  if (f.out === undefined) {
    call.io.out(document);
    return EXIT.ok;
  }
  await settled(writeWhole(f.out, document));
  if (call.json) call.io.out(`${JSON.stringify({ out: f.out, format })}\n`);
  call.note(`${named.name} as ${format}: ${f.out}`);
  return EXIT.ok;
};
