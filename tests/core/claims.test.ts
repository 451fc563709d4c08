/** Places that cannot tie: what is one array by chance is refused, what is one on purpose is not. */
import { pipe } from 'fp-ts/lib/function.js';
import { describe, expect, test } from 'vitest';
import { type Conditional, conditional, logDensityGiven, sampleGiven } from '../../src/algebra/conditional.ts';
import { type AnyDist, distribution, named, pushforward } from '../../src/algebra/dist.ts';
import { opaque } from '../../src/algebra/spec.ts';
import { trace } from '../../src/algebra/trace.ts';
import { bijection, compose, repeat, type Step } from '../../src/algebra/transport.ts';
import { affine, affineCoupling } from '../../src/bijectors/index.ts';
import { belongsTo } from '../../src/core/claims.ts';
import * as D from '../../src/core/draw.ts';
import { PushforwardError } from '../../src/core/errors.ts';
import type { Expr } from '../../src/core/expr.ts';
import { structuralHash } from '../../src/core/hash.ts';
import * as o from '../../src/core/ops/index.ts';
import { normalInit, ones } from '../../src/core/parameters.ts';
import { parametersOf, program } from '../../src/core/program.ts';
import * as R from '../../src/core/random.ts';
import * as Sc from '../../src/core/scope.ts';
import type { Shape } from '../../src/core/shape.ts';
import { conditionalFlow, conditionalNormal, energy, normal, standardNormal } from '../../src/distributions/index.ts';
import { noiseContrastive, type Objective } from '../../src/inference/index.ts';
import { batchStep } from '../../src/inference/training/move-plan.ts';
import { classConditional } from '../../src/models/class-conditional.ts';
import { nvae, ofClass, vae } from '../../src/models/index.ts';
import { dense, mlp, type Network, network as networkOf, resMlp } from '../../src/nn/index.ts';
import { classifierFreeGuidance, predict, sharedDenoiser, vp } from '../../src/sde/index.ts';

type Net = (x: Expr) => Sc.Scoped<Expr>;

const x = o.input('x', [3]);
const ran = (part: Sc.Scoped<Expr>): Expr => D.runDraw(D.fromScoped(part));
const namesOf = (...all: readonly Expr[]): readonly string[] => parametersOf(all).map((p) => p.attributes.name);

/** Networks one after the other, at one place. */
const then =
  (...nets: readonly Net[]): Net =>
  (v) =>
  (scope) =>
    nets.reduce((h, f) => f(h)(scope), v);

const network = (net: Net): Network => networkOf({ spec: opaque('mine', 'a test'), apply: (v) => Sc.map((y: Expr) => o.sum(y))(net(v)) }); // biome-ignore format: one idea
const dist = (net: Net): AnyDist => energy([3], network(net)) as unknown as AnyDist;

/** A distribution that reads two others beside each other, each at a place. */
const beside = (a: AnyDist, b: AnyDist, places: readonly [string, string] = ['a', 'b']): AnyDist =>
  distribution<Shape, never>({
    shape: a.shape,
    spec: { type: 'beside' },
    evidence: 'unnormalised',
    logDensity: (v) =>
      D.chain((p: Expr) => D.map((q: Expr) => o.add(p, q))(D.at(places[1], b.logDensity(v))))(
        D.at(places[0], a.logDensity(v)),
      ),
    sample: D.of(o.broadcastTo(0, a.shape)),
  }) as unknown as AnyDist;

const refusal = (f: () => unknown): PushforwardError => {
  try {
    f();
  } catch (e) {
    if (e instanceof PushforwardError) return e;
    throw e;
  }
  throw new Error('nothing was refused');
};

const scaling = bijection({
  spec: { type: 'scaling' },
  encode: (v): Sc.Scoped<Step> =>
    Sc.map((s: Expr) => ({ value: o.mul(s, v), contribution: o.sum(o.log(s)) }))(Sc.parameter('s', v.shape, { init: ones })), // biome-ignore format: one idea
  decode: (value) => () => ({ value, contribution: o.scalar(0) }),
});

describe('is refused at its full name, with both claimants and what to do', () => {
  const density = (l: AnyDist, v = x): Expr => D.runDraw(l.logDensity(v));
  const cases: readonly (readonly [string, string, () => readonly Expr[]])[] = [
    ['three equal layers chained', 'energy/kernel', () => [density(dist(then(dense(32), dense(32), dense(32))))]],
    ['unequal layers chained', 'energy/kernel', () => [density(dist(then(dense(32), dense(16))))]],
    ['one layer value applied twice', 'energy/kernel', () => [density(dist(((f) => then(f, f))(dense(3))))]],
    [
      'one network value applied twice',
      'energy/dense0/kernel',
      () => [density(dist(((n) => then((v) => n.apply(v, [3]), (v) => n.apply(v, [3])))(mlp([4]))))],
    ],
    [
      'layers chained in the body of a loop',
      'energy/kernel',
      () => [
        density(
          dist((v) => (scope) => {
            const body = then(dense(3), dense(3));
            return o.scan({ length: 4, init: [v], body: ([h]) => ({ carry: [body(h)(scope)] }) }).carry[0];
          }),
        ),
      ],
    ],
    ['layers chained at a place, outside every distribution', 'block/kernel', () => [Sc.at('block', then(dense(3), dense(3))(x))(Sc.root)]],
    ['layers chained in a loss', 'kernel', () => [ran(then(dense(3), dense(3))(x))]],
    ['two energies', 'energy/dense0/kernel', () => [density(energy([3])), density(energy([3]))]],
    ['two distributions at their base', 'base/energy/dense0/kernel', () => [0, 1].map(() => density(pipe(energy([3]), pushforward(scaling))))],
    [
      'two flows whose networks have different widths',
      '0.affineCoupling/net/dense0/kernel',
      () => [2, 4].map((n) => density(pipe(standardNormal([3]), pushforward(affineCoupling({ conditioner: mlp([n]) }))))),
    ],
    [
      'two distributions in one distribution, at one place',
      'a/energy/dense0/kernel',
      () => [density(beside(energy([3]), energy([3]), ['a', 'a']))],
    ],
    [
      'a layer applied to what it gave',
      'there/s',
      () => {
        const twice = (v: Expr): D.Draw<Expr> =>
          D.at('there', D.chain((a: Step) => D.map((b: Step) => o.sum(b.value))(scaling.encode(a.value)))(scaling.encode(v)));
        return [density(distribution<Shape, never>({ shape: [3], spec: { type: 'twice' }, evidence: 'exact', logDensity: twice, sample: D.of(x) }))];
      },
    ],
    [
      'two placed functions of one name',
      'critic/kernel',
      () => {
        const [f, g] = [0, 1].map(() => Sc.placed('critic', dense(1)));
        return [ran(Sc.chain((u: Expr) => Sc.map((v: Expr) => o.add(u, v))(g(x)))(f(x)))];
      },
    ],
    ['two NVAEs in one distribution', 'shared/ladder/start', () => [density(beside(nvae([3]), nvae([3])))]],
    ['one NVAE at two places', 'shared/ladder/start', () => [density(((one) => beside(one, one))(nvae([3])))]],
    [
      'two distributions that use one shared name',
      'shared/trunk/kernel',
      () => [0, 1].map(() => density(dist((v) => Sc.shared('trunk', dense(4)(v))))),
    ],
    [
      'two networks of one guided denoiser',
      'net/in/kernel',
      () => {
        const [conditional, unconditional] = [0, 1].map(() => predict('noise', vp(), resMlp([4]), { shape: [3] }));
        return [ran(classifierFreeGuidance({ conditional, unconditional }).score(x, o.scalar(0.5)))];
      },
    ],
  ]; // biome-ignore format: a table

  test.each(cases)('%s', (_, path, build) => {
    const e = refusal(() => parametersOf(build()));
    expect(e.path).toBe(path);
    expect(e._tag).toBe('ArgumentError');
    expect(e.got).toMatch(/^\[.*\] by .+, and \[.*\] by .+/);
    expect(e.message).toMatch(/place of its own by `at`, `placed` or `sequential`|`sharing` value/);
    expect(refusal(() => program(build())).path).toBe(path);
  });

  test('in an objective, before anything is differentiated', () => {
    const objective = noiseContrastive({ noise: normal([3]) })(energy([3]));
    const batch = o.input('batch', [4, 3]);
    expect(namesOf(batchStep(objective, batch).loss)).toContain('noiseContrastive/logPartition');
    const tied: Objective<readonly [3]> = {
      ...objective,
      loss: (v) => D.chain((a: Expr) => D.map((b: Expr) => o.add(a, b))((energy([3]) as unknown as AnyDist).logDensity(v)))(objective.loss(v)),
    }; // biome-ignore format: one idea
    expect(refusal(() => parametersOf([batchStep(tied, batch).loss])).path).toBe('energy/dense0/kernel');
  });
});

describe('is one set of parameters on purpose', () => {
  const times = 3;
  const readings = (one: () => Expr): readonly string[] => namesOf(...Array.from({ length: times }, one));
  const c = o.input('c', [2]);

  test.each<readonly [string, () => Expr]>([
    ['a distribution', ((l) => () => D.runDraw(l.logDensity(x)))(dist(dense(4)))],
    ['a copy of a distribution', ((l) => () => D.runDraw({ ...l }.logDensity(x)))(dist(dense(4)))],
    ['a distribution read twice by another, at one place', ((l) => () => D.runDraw(beside(l, l, ['p', 'p']).logDensity(x)))(dist(dense(4)))],
    ['a placed function', ((f) => () => ran(f(x)))(Sc.placed('critic', dense(1)))],
    ['a part read again', () => ran(then((v) => Sc.again(dense(3)(v)), (v) => Sc.again(dense(3)(v)))(x))],
    ['a shared name in one distribution', ((l) => () => D.runDraw(l.logDensity(x)))(dist(then((v) => Sc.at('p', Sc.shared('k', dense(3)(v))), (v) => Sc.shared('k', dense(3)(v)))))],
    ['a shared value in two distributions', ((s) => () => D.runDraw(dist((v) => Sc.shared(s, dense(3)(v))).logDensity(x)))(Sc.sharing('trunk'))],
    [
      'a conditional distribution that makes its layers for each context',
      ((q: Conditional<Shape, Shape>) => () =>
        D.runDraw(D.chain((s: { readonly value: Expr }) => logDensityGiven(q, c, s.value))(sampleGiven(q, c))))(
        conditional([2], () => () => pipe(standardNormal([3]), pushforward(affineCoupling({ conditioner: mlp([2]) })))),
      ),
    ],
    ['a conditional flow', ((q) => () => D.runDraw(logDensityGiven(q, c, x)))(conditionalFlow(conditionalNormal([2], [3]), (v) => affineCoupling({ conditioner: mlp([2]).given(v) })))],
    ['the distributions of classes', ((q, k = 0) => () => D.runDraw((ofClass(q, k++ % 2) as unknown as AnyDist).logDensity(x)))(classConditional({ shape: [3] }, 2, { hidden: [2], layers: 1 }))],
    ['a network given several contexts', ((n) => () => ran(predict('noise', vp(), n.given(c), { shape: [3] }).score(x, o.scalar(0.5))))(resMlp([4]))],
    ['a denoiser shared by place', ((d) => () => ran(d.score(x, o.scalar(0.5))))(sharedDenoiser('unet', predict('noise', vp(), resMlp([4]), { shape: [3] })))],
  ])('%s', (_, one) => {
    expect(readings(one)).toEqual(namesOf(one()));
    expect(readings(one).length).toBeGreaterThan(0);
  }); // biome-ignore format: a table
});

describe('places of their own', () => {
  test('placed: parameters and noise are named by the place, each reading has noise of its own', () => {
    const f = D.placed('noisy', (v: Expr) => D.chain((w: Expr) => D.map((e: Expr) => o.add(w, e))(D.fromRandom(normalLike(v))))(D.fromScoped(dense(3)(v)))); // biome-ignore format: one idea
    const both = D.runDraw(D.chain((a: Expr) => D.map((b: Expr) => o.add(a, b))(f(x)))(f(x)));
    expect(namesOf(both)).toEqual(['noisy/kernel', 'noisy/bias']);
    expect(program([both]).slots.filter((s) => s.noise !== undefined)).toHaveLength(2);
  });

  test('named: two distributions of a kind in one objective; walks through a distribution stay at its place', () => {
    const model = vae([3], { latent: 2, hidden: [4] });
    const [p, q] = ['p', 'q'].map((n) => named(n)(model) as unknown as AnyDist);
    const names = (l: AnyDist): readonly string[] => namesOf(D.runDraw(l.logDensity(x)));
    expect(names(p)).toEqual(names(model as unknown as AnyDist).map((n) => `p/${n}`));
    expect(namesOf(D.runDraw(p.logDensity(x)), D.runDraw(q.logDensity(x)))).toHaveLength(2 * names(p).length);
    const read = D.runDraw(trace(p)(x));
    expect(read.groups).toHaveLength(1);
    expect(namesOf(read.logDensity).toSorted()).toEqual(names(p).toSorted());
    expect(namesOf(D.runDraw(pipe(named('b')(energy([3])), pushforward(affine())).logDensity(x)))).toContain('base/b/energy/dense0/kernel'); // biome-ignore format: one line
    expect(() => named('')(model)).toThrow(/a place has a name/);
  });

  test('whose a parameter is: of the distribution, its layers and their conditional distributions, in every reading', () => {
    const [mine, theirs] = [affineCoupling({ conditioner: mlp([2]) }), repeat(2, affine())];
    const flow = pipe(standardNormal([3]), pushforward(compose(mine, theirs)));
    const other = named('other')(pipe(standardNormal([3]), pushforward(affine())));
    const owned = (l: object) =>
      parametersOf([D.runDraw(flow.logDensity(x)), D.runDraw(flow.sample), D.runDraw(other.logDensity(x))])
        .filter((p) => belongsTo(p.attributes.claim, l))
        .map((p) => p.attributes.name);
    expect(owned(mine).every((n) => n.startsWith('0.compose/0.affineCoupling/'))).toBe(true);
    expect(owned(mine)).toHaveLength(4);
    expect(owned(theirs)).toHaveLength(4);
    expect(owned(flow)).toEqual([...owned(mine), ...owned(theirs)]);
    expect(owned(other)).toEqual(['other/0.affine/logScale', 'other/0.affine/shift']);
    expect(owned(standardNormal([3]))).toEqual([]);
  });

  test('a claim and a kind are no part of what an expression is', () => {
    const leaf = (kind?: string): Expr => Sc.parameter('w', [2], { init: normalInit(1), ...(kind === undefined ? {} : { kind }) })(Sc.root); // biome-ignore format: one line
    expect(structuralHash([leaf('kernel')])).toBe(structuralHash([leaf()]));
    expect(parametersOf([leaf('kernel')])[0].attributes.kind).toBe('kernel');
  });
});

const normalLike = (v: Expr): R.Random<Expr> => R.normal(v.shape);
