import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { distance } from 'fastest-levenshtein';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, it } from 'vitest';
import { type AnyDist, distribution } from '../../src/algebra/dist.ts';
import { asEndo, layerKind } from '../../src/algebra/kinds.ts';
import { type Json, opaque, type Spec } from '../../src/algebra/spec.ts';
import { bijection, compose } from '../../src/algebra/transport.ts';
import { isRecord, joinPath, positiveNumber } from '../../src/core/codec.ts';
import { define } from '../../src/core/definition.ts';
import * as D from '../../src/core/draw.ts';
import { type Failure, raise, sentence } from '../../src/core/errors.ts';
import { structuralHash } from '../../src/core/hash.ts';
import { evaluateProgram } from '../../src/core/interpreters/reference/index.ts';
import * as o from '../../src/core/ops/index.ts';
import { noiseFeeds, noiseKey, noiseTensor, parametersOf, program } from '../../src/core/program.ts';
import { nested } from '../../src/core/specification.ts';
import { normal, pushforward, standardNormal } from '../../src/distributions/index.ts';
import * as inference from '../../src/inference/index.ts';
import {
  definitions,
  models,
  readDist,
  readNetwork,
  readObjective,
  readOptimizer,
  readSchedule,
  readTransport,
  realNVP,
  realNVPImages,
  vae,
} from '../../src/models/index.ts';
import { arbitraryBijection, arbitraryDist, arbitraryNetwork } from './arbitrary.ts';

const right = <A>(r: E.Either<Failure, A>): A => {
  if (E.isLeft(r)) throw new Error(sentence(r.left));
  return r.right;
};
const left = <A>(r: E.Either<Failure, A>): Failure => {
  if (E.isRight(r)) throw new Error('it was read');
  return r.left;
};
/** The failure as `tag sentence`. */
const refused = <A>(r: E.Either<Failure, A>): string => `${left(r)._tag} ${sentence(left(r))}`;
const throughText = (spec: Spec): unknown => JSON.parse(JSON.stringify(spec));

/** Names of the parameters, and the log-density of one event with parameters and noise drawn by name. */
const readings = (dist: AnyDist, event: number): { readonly names: readonly string[]; readonly logDensity: number } => {
  const p = program([D.runDraw(dist.logDensity(o.input('x', dist.shape)))], 'float64');
  const drawn = (name: string, shape: readonly number[]) =>
    noiseTensor(shape, 'normal', 0, noiseKey(event, 0, name), 'float64');
  const parameters = parametersOf(p.outputs);
  const feeds = {
    ...noiseFeeds(p, { seed: event }),
    ...Object.fromEntries(parameters.map((e) => [e.attributes.name, drawn(e.attributes.name, e.shape)])),
    x: drawn('x', dist.shape),
  };
  return {
    names: parameters.map((e) => e.attributes.name),
    logDensity: evaluateProgram(p, feeds)[0].data[0],
  };
};

/** A distribution's log-density as a program, up to sharing and bound names. */
const programOf = (dist: AnyDist): string => structuralHash([D.runDraw(dist.logDensity(o.input('x', dist.shape)))]);

describe('parse ∘ serialise = id', () => {
  it('keeps the spec, the parameters and the density of random distributions', () => {
    fc.assert(
      fc.property(arbitraryDist, fc.nat(99), (dist, event) => {
        const again = right(readDist(throughText(dist.spec)));
        expect(again.spec).toEqual(dist.spec);
        expect([again.shape, again.evidence]).toEqual([dist.shape, dist.evidence]);
        expect(readings(again, event)).toEqual(readings(dist, event));
      }),
      { numRuns: 150 },
    );
  });

  it('keeps the spec, grade and cost of random layers and networks', () => {
    fc.assert(
      fc.property(arbitraryBijection, arbitraryNetwork, (layer, network) => {
        const again = right(readTransport(throughText(layer.spec)));
        expect([again.spec, again.grade, again.cost]).toEqual([layer.spec, layer.grade, layer.cost]);
        expect(right(readNetwork(throughText(network.spec))).spec).toEqual(network.spec);
      }),
    );
  });

  it('reads every registered model', () => {
    for (const { build } of Object.values(models))
      for (const event of [{ shape: [2] }, { shape: [3, 4], levels: 16 }]) {
        const dist = build(event);
        const again = right(readDist(throughText(dist.spec)));
        expect(again.spec).toEqual(dist.spec);
        // The programs themselves are the same, parameter names and noise included: nothing needs to be run.
        expect(programOf(again)).toBe(programOf(dist));
      }
  });

  it('reads objectives, optimisers and schedules', () => {
    const { adam, adamW, clipByGlobalNorm, cosine, sgd, warmUp, weighted, elbo, maximumLikelihood } = inference;
    const images = realNVPImages([2, 2], 8) as Parameters<typeof elbo>[0];
    for (const f of [maximumLikelihood(realNVP([2])), elbo(images), weighted(0.5, elbo(images))])
      expect(right(readObjective(throughText(f.spec))).spec).toEqual(f.spec);
    for (const f of latentObjectives(vae([2]))) expect(right(readObjective(throughText(f.spec))).spec).toEqual(f.spec);
    expect(right(readDist(throughText(inference.tightened(5)(vae([2])).spec))).spec.samples).toBe(5);
    expect(refused(readObjective({ ...inference.sgvb()(vae([2])).spec, kl: [{ type: 'freeBits', nats: -1 }] }))).toBe(
      'SpecError kl[0].nats: expected a number from 0, got -1',
    );
    const rate = warmUp(10, cosine(1e-2, 100, 1e-4));
    expect(right(readSchedule(throughText(rate.spec))).at(40)).toBe(rate.at(40));
    for (const optimizer of [
      sgd(),
      sgd({ momentum: 0.9, learningRate: rate }),
      adam({ beta1: 0.5, epsilon: 1e-6 }),
      adamW({ weightDecay: 0 }),
      clipByGlobalNorm(10)(adamW({ learningRate: rate })),
      inference.momentum({ nesterov: true }),
      inference.adagrad({ epsilon: 1e-5 }),
      inference.rmsprop({ centred: true, decay: 0.9 }),
      adamW({ on: inference.not(inference.kind('bias')) }),
      pipe(
        inference.lion({ learningRate: rate }),
        inference.decayed({ rate: 0.1, on: inference.kind('kernel', 'table') }),
        inference.rateScaled({ factor: 0.3, on: inference.either(inference.place('base'), inference.place('a/b')) }),
        inference.clipByValue(2),
        inference.frozen(inference.both(inference.place('c'), inference.everything)),
        inference.accumulated(3),
      ),
    ]) {
      const again = right(readOptimizer(throughText(optimizer.spec)));
      expect(again.spec).toEqual(optimizer.spec);
      expect([again.slots, again.at(7)]).toEqual([optimizer.slots, optimizer.at(7)]);
      expect(again.selectors?.map((s) => s.spec)).toEqual(optimizer.selectors?.map((s) => s.spec));
      expect([again.held?.spec, again.microbatches]).toEqual([optimizer.held?.spec, optimizer.microbatches]);
    }
    expect(right(readOptimizer({ type: 'adam', learningRate: 0.1 })).spec).toEqual(adam({ learningRate: 0.1 }).spec);
  });

  it('has an entry for every constructor that keeps a spec', () => {
    const source = new URL('../../src/', import.meta.url);
    const files = ['algebra', 'bijectors', 'distributions', 'transports', 'nn', 'inference', 'sde']
      .flatMap((folder) => readdirSync(new URL(folder, source)).map((name) => `${folder}/${name}`))
      .filter((name) => name.endsWith('.ts') && !name.includes('safetensors'));
    const types = files.flatMap((name) =>
      [
        ...readFileSync(new URL(name, source), 'utf8')
          .replace(/\/\*[\s\S]*?\*\//g, '')
          .matchAll(/\{ type: '(\w+)'/g),
      ].map((m) => m[1]),
    );
    // Contexts are read where distributions and networks read them: no table has them.
    const known = [...definitions.map((d) => d.type), 'context', 'struct'];
    expect(types.length).toBeGreaterThan(15);
    expect(types.filter((type) => !known.includes(type))).toEqual([]);
  });
});

const latentObjectives = (dist: ReturnType<typeof vae>) => {
  const f = inference;
  return [
    f.sgvb({ samples: 2, kl: [f.balanceKl({ warmUp: 5 }), f.scaleKl({ warmUp: 5 }), f.scaleKl(2), f.freeBits(0.5)] })(
      dist,
    ),
    f.stickingTheLanding(2)(dist),
    f.dreg(3)(dist),
    f.scoreFunction({ samples: 2, baseline: 'leaveOneOut' })(dist),
    f.scoreFunctionWithAverage({ decay: 0.5 })(dist),
    f.wakeSleep(dist),
    f.reweightedWakeSleep(3)(dist),
    f.monteCarloEm({ stepSize: 0.1 })(dist),
    f.fullVariationalBayes({ events: 10, priorScale: 2 })(f.elbo(dist)),
  ];
};

const flow = (...layers: Json[]): Spec => ({
  type: 'pushforward',
  transport: { type: 'compose', layers },
  base: { type: 'standardNormal', shape: [2] },
});

/** Every object of a specification with its path. */
const objects = (json: Json, path = ''): { readonly path: string; readonly at: { readonly [k: string]: Json } }[] =>
  Array.isArray(json)
    ? json.flatMap((v, i) => objects(v, `${path}[${i}]`))
    : isRecord(json)
      ? [
          { path, at: json as { readonly [k: string]: Json } },
          ...Object.entries(json).flatMap(([k, v]) => objects(v as Json, joinPath(path, k))),
        ]
      : [];

/** The specification with one object replaced by what `f` makes of it. */
const replaced = (json: Json, target: unknown, f: (at: { readonly [k: string]: Json }) => Json): Json =>
  json === target
    ? f(json as { readonly [k: string]: Json })
    : Array.isArray(json)
      ? json.map((v) => replaced(v, target, f))
      : isRecord(json)
        ? Object.fromEntries(Object.entries(json).map(([k, v]) => [k, replaced(v as Json, target, f)]))
        : json;

/** Slips of the pen: a letter left out, doubled, or exchanged with the next. */
const slip = (word: string, kind: number, at: number): string => {
  const i = at % word.length;
  const cut = `${word.slice(0, i)}${word.slice(i + 1)}`;
  const swapped = `${word.slice(0, i)}${word[i + 1] ?? ''}${word[i]}${word.slice(i + 2)}`;
  return [cut, `${word.slice(0, i)}${word[i]}${word.slice(i)}`, swapped][kind % 3];
};

/** How far the name that a message suggests is from the one that was written. */
const suggested = (f: Failure, wrong: string): number =>
  distance(wrong, /did you mean '(\w+)'\?$/.exec(f.message)?.[1] ?? 'nothing was suggested');

describe('what does not fit', () => {
  it('is one sentence with the JSON path', () => {
    const coupling = (conditioner: Json): Json => ({ type: 'affineCoupling', conditioner });
    const mlp = (hidden: Json): Json => ({ type: 'mlp', hidden });
    const cases: readonly (readonly [Json, string | RegExp])[] = [
      [
        flow({ type: 'reverse' }, coupling(mlp(['64']))),
        'SpecError transport.layers[1].conditioner.hidden[0]: expected a positive integer, got "64"',
      ],
      [flow({ type: 'reverse' }, coupling(mlp([2.5]))), 'SpecError transport.layers[1].conditioner.hidden[0]: expected a positive integer, got 2.5'], // biome-ignore format: one idea
      [
        flow({ type: 'afineCoupling' }),
        "SpecError transport.layers[0]: unknown layer 'afineCoupling'; did you mean 'affineCoupling'?",
      ],
      [
        flow({ type: 'mlp', hidden: [] }),
        "SpecError transport.layers[0]: 'mlp' is a network, but a layer is needed here",
      ],
      [
        flow({ type: 'affineCoupling', condtioner: mlp([]) }),
        "SpecError transport.layers[0]: unknown key 'condtioner'; did you mean 'conditioner'?",
      ],
      [flow({ type: 'reverse', axis: 1 }), "SpecError transport.layers[0]: unknown key 'axis'; none is expected here"],
      [
        flow({ type: 'logit', alpha: 0.7 }),
        'ArgumentError transport.layers[0]: logit: alpha is out of range (expected 0 ≤ α < ½, got 0.7)',
      ],
      [
        flow({ type: 'repeat', times: 2, layer: { type: 'inverse', of: { type: 'permute', order: [0, 1, 2] } } }),
        'ArgumentError transport.layers[0].layer.of: permute: not a permutation of the last axis (expected 0…1 in some order, got [0, 1, 2])',
      ],
      [
        { ...flow({ type: 'identity' }, { type: 'affineCoupling' }), base: { type: 'standardNormal', shape: [2, 1] } },
        /^ShapeError transport\.layers\[1\]: .*nothing to split \(expected a last axis of 2 or more, got \[2, 1\]\)$/,
      ],
      [
        flow({ type: 'inverse', of: { type: 'dequantise' } }),
        'ArgumentError transport.layers[0]: inverse: only a bijection can be inverted (expected a layer of grade bijective, got dequantise, of grade bound)',
      ],
      [flow({ type: 'repeat', times: 1e9, layer: { type: 'reverse' } }), 'SpecError transport.layers[0].times: expected an integer from 1 to 10000, got 1000000000'], // biome-ignore format: one idea
      [{ type: 'normal', shape: [2], scale: [1, -1] }, 'ArgumentError normal: scale must be positive (got -1)'],
      [{ type: 'normal' }, "SpecError 'shape' is missing: expected a shape: a list of positive integers"],
      [{ type: 'constructor' }, `SpecError unknown distribution 'constructor'; known are ${definitions.filter((d) => d.kind.name === 'distribution').map((d) => d.type).join(', ')}`], // biome-ignore format: one idea
      [7, 'SpecError expected a distribution: an object with a type, got 7'],
      [null, 'SpecError expected a distribution: an object with a type, got null'],
    ];
    for (const [json, said] of cases) {
      if (typeof said === 'string') expect(refused(readDist(json))).toBe(said);
      else expect(refused(readDist(json))).toMatch(said);
    }
  });

  it('demands the evidence that an objective needs', () => {
    const { spec } = realNVPImages([2, 2], 8);
    expect(refused(readObjective({ type: 'maximumLikelihood', dist: spec }))).toBe(
      'ArgumentError maximumLikelihood: the distribution has no exact log-density; elbo takes one that is bounded (expected a log-density that is exact, got pushforward, whose log-density is bound)',
    );
    expect(refused(readObjective({ type: 'elbo', dist: flow({ type: 'permute', order: [0] }) }))).toMatch(
      /^ArgumentError dist\.transport\.layers\[0\]: permute/,
    );
  });

  it('says why a declaration cannot be read back', () => {
    const conditional = normal([2], { loc: o.input('c', [2]) });
    expect(refused(readDist(conditional.spec))).toBe(
      'SpecError loc: cannot be read back: the parameter is an expression',
    );
    const mine = distribution({ ...standardNormal([2]), shape: [2], spec: opaque('mine', 'it was made by hand') });
    expect(refused(readDist(mine.spec))).toBe(
      "SpecError this distribution 'mine' cannot be read back: it was made by hand",
    );
  });

  it('refuses what is nested without end', () => {
    let spec: Json = { type: 'identity' };
    for (let i = 0; i < 50_000; i++) spec = { type: 'inverse', of: spec };
    expect(refused(readTransport(spec))).toMatch(/unreadable: nested too deeply$/);
  });

  it('finds every misspelt key and type, with the path and the nearest name', () => {
    fc.assert(
      fc.property(arbitraryDist, fc.nat(), fc.nat(), fc.nat(), fc.nat(), (dist, which, key, kind, at) => {
        const all = objects(dist.spec);
        const { path, at: target } = all[which % all.length];
        const name = Object.keys(target)[key % Object.keys(target).length];
        const wrong = slip(name, kind, at);
        fc.pre(!Object.hasOwn(target, wrong));
        const f = left(
          readDist(
            replaced(dist.spec, target, (o) =>
              Object.fromEntries(Object.entries(o).map(([k, v]) => [k === name ? wrong : k, v])),
            ),
          ),
        );
        expect([f._tag, f.path]).toEqual(['SpecError', path]);
        expect(f.message).toMatch(`unknown key '${wrong}'; `);
        if (name.length > 2) expect(suggested(f, wrong)).toBeLessThanOrEqual(distance(wrong, name));
      }),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(arbitraryDist, fc.nat(), fc.nat(), fc.nat(), (dist, which, kind, at) => {
        const all = objects(dist.spec);
        const { path, at: target } = all[which % all.length];
        const type = target.type as string;
        const wrong = slip(type, kind, at);
        fc.pre(wrong !== type);
        const f = left(readDist(replaced(dist.spec, target, (o) => ({ ...o, type: wrong }))));
        expect([f._tag, f.path]).toEqual(['SpecError', path]);
        expect(f.message).toMatch(new RegExp(`^unknown (distribution|layer|network) '${wrong}'; `));
        expect(suggested(f, wrong)).toBeLessThanOrEqual(distance(wrong, type));
      }),
      { numRuns: 200 },
    );
  });

  it('never throws, whatever the JSON', () => {
    const word = fc.constantFrom('type', 'layers', 'of', 'base', 'transport', 'shape', '__proto__', 'toString');
    const type = fc.constantFrom(...definitions.map((d) => d.type));
    const json = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue({ maxDepth: 1 }),
        type,
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(word, tie('any')),
        fc.tuple(type, fc.dictionary(word, tie('any'))).map(([t, r]) => ({ ...r, type: t })),
      ),
    })).any;
    fc.assert(
      fc.property(json, (u) => {
        for (const r of [
          readDist(u),
          readTransport(u),
          readNetwork(u),
          readObjective(u),
          readOptimizer(u),
          readSchedule(u),
        ])
          if (E.isLeft(r)) expect(r.left.message).not.toBe('');
      }),
      { numRuns: 300 },
    );
  });
});

describe('a registry of one’s own', () => {
  const stretch = define(
    layerKind,
    { type: 'stretch', takes: ['factor'], required: { factor: positiveNumber }, examples: [{ factor: 2 }] },
    (factor: number) =>
      factor > 100
        ? raise('ArgumentError', 'stretch', 'that is too far')
        : bijection({
            spec: { type: 'stretch', factor },
            encode: (x) => () => ({ value: o.mul(factor, x), contribution: o.scalar(x.shape[0] * Math.log(factor)) }),
            decode: (z) => () => ({ value: o.div(z, factor), contribution: o.scalar(z.shape[0] * Math.log(factor)) }),
          }),
  );
  const both = define(
    layerKind,
    {
      type: 'both',
      required: { one: nested(layerKind), two: nested(layerKind) },
      build: ({ one, two }) => compose(asEndo(one), asEndo(two)),
    },
    {},
  );
  const mine = [stretch, { both }];

  it('reads its layers among those of the library', () => {
    const dist = pipe(standardNormal([2]), pushforward(compose(stretch(2), realNVP([2]).pushed!.transport as never)));
    expect(refused(readDist(dist.spec))).toMatch(/^SpecError transport\.layers\[0\]: unknown layer 'stretch'/);
    const again = right(readDist(throughText(dist.spec), mine));
    expect(again.spec).toEqual(dist.spec);
    expect(readings(again, 1)).toEqual(readings(dist, 1));
  });

  it('puts what its builders throw at the path', () => {
    const spec = flow({ type: 'both', one: { type: 'reverse' }, two: { type: 'stretch', factor: 1000 } });
    expect(refused(readDist(spec, mine))).toBe('ArgumentError transport.layers[0].two: stretch: that is too far');
    expect(refused(readDist(flow({ type: 'strech', factor: 2 }), mine))).toMatch(/did you mean 'stretch'\?$/);
  });
});
