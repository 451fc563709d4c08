/** Models of what is given, on the command line: trained, resumed, measured, described and drawn from; what is wrong is one sentence. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generator, keyOf } from '../../src/core/prng.ts';
import { call, idxImages, isOneSentence, workFolder } from './helpers.ts';

const folder = workFolder();
const csv = join(folder, 'houses.csv');
const g = generator(keyOf(0));
const rows = Array.from({ length: 1500 }, () => {
  const [rooms, area] = [g.normal(), g.normal()];
  // price and age given rooms and area: N(2 rooms − area, 0.3²) and N(0, (1 + |area|/2)²)
  return [rooms, 2 * rooms - area + 0.3 * g.normal(), area, g.normal() * (1 + Math.abs(area) / 2)].join(',');
});
writeFileSync(csv, `rooms,price,area,age\n${rows.join('\n')}\n`);
const images = join(folder, 'images-idx3-ubyte');
writeFileSync(images, idxImages(60, 4, 4));
const labels = join(folder, 'labels-idx1-ubyte');
const header = new Uint8Array(8 + 60);
new DataView(header.buffer).setUint32(0, 0x0801);
new DataView(header.buffer).setUint32(4, 60);
for (let i = 0; i < 60; i++) header[8 + i] = i % 3;
writeFileSync(labels, header);

const small = ['--layers', '4', '--hidden', '32', '--batch-size', '128', '--learning-rate', '0.005'];
const numbers = (out: string): number[][] =>
  out
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').map(Number));
const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;

describe('columns that are given', () => {
  const run = join(folder, 'run');

  test('train, sample by numbers and by names, evaluate, describe', async () => {
    const trained = await call('train', 'realNVP', '--data', csv, '--given', 'rooms,area', ...small, '--steps', '700', '--out', run, '--json'); // biome-ignore format: one call
    expect([trained.code, trained.err]).toEqual([0, '']);
    const drawn = await call('sample', run, '--given', '1,-1', '-n', '2000', '--seed', '3');
    const prices = numbers(drawn.out).map((r) => r[0]);
    expect(mean(prices)).toBeGreaterThan(3 - 0.25);
    expect(mean(prices)).toBeLessThan(3 + 0.25);
    const byName = await call('sample', run, '--given', 'area=-1, rooms=1', '-n', '2000', '--seed', '3');
    expect(byName.out).toBe(drawn.out);
    const { nats, evidence } = JSON.parse((await call('evaluate', run, '--json')).out) as { nats: number; evidence: string }; // biome-ignore format: one line
    expect(evidence).toBe('exact');
    // H(price, age | rooms, area) = log 2πe + log 0.3 + E log (1 + |area|/2) = 1.96
    expect(nats).toBeGreaterThan(1.7);
    expect(nats).toBeLessThan(2.4);
    // The same rows with their columns in another order, and one more, are the same rows.
    const turned = join(folder, 'turned.csv');
    writeFileSync(turned, `age,area,note,price,rooms\n${rows.map((line) => line.split(',')).map(([rooms, price, area, age]) => [age, area, 7, price, rooms].join(',')).join('\n')}\n`); // biome-ignore format: one file
    const natsOn = async (path: string): Promise<unknown> =>
      (JSON.parse((await call('evaluate', run, '--data', path, '--json')).out) as { nats: unknown }).nats;
    expect(await natsOn(turned)).toBe(await natsOn(csv));
    const without = join(folder, 'without.csv');
    writeFileSync(without, 'rooms,price,area\n1,2,3\n');
    const missing = await call('evaluate', run, '--data', without);
    expect(isOneSentence(missing.err)).toBe(true);
    expect(missing.err).toContain('the model was trained on a column "age", which');
    const elsewhere = await call('evaluate', run, '--data', csv, '--rows', '0:50', '--json');
    expect(JSON.parse(elsewhere.out)).toMatchObject({ events: 50, evidence: 'exact' });
    expect((await call('describe', run)).out).toMatch(/^given \[2\]\nx \[2\] · log p\(x\) = \(exact\)/);
  }, 60_000);

  test('a run that is stopped and resumed is the run that is not, bit for bit', async () => {
    const whole = join(folder, 'whole');
    const halves = join(folder, 'halves');
    const flags = ['--data', csv, '--given', '0,area', ...small, '--schedule', 'constant'];
    await call('train', 'realNVP', ...flags, '--steps', '40', '--out', whole, '--json');
    await call('train', 'realNVP', ...flags, '--steps', '20', '--out', halves, '--json');
    const resumed = await call('train', '--resume', halves, '--steps', '40', '--json');
    expect(resumed.code).toBe(0);
    const drawn = await Promise.all([whole, halves].map((r) => call('sample', r, '--given', '0,0', '-n', '5')));
    expect(drawn[1].out).toBe(drawn[0].out);
    expect(drawn[0].out).toMatch(/^x1,x2\n/);
  }, 60_000);

  test.each([
    ['a column that is not there', ['train', 'realNVP', '--data', csv, '--given', 'roms'], /no column "roms"; did you mean "rooms"\?/], // biome-ignore format: one call
    ['a column twice', ['train', 'realNVP', '--data', csv, '--given', 'rooms,0'], /given twice/],
    ['every column', ['train', 'realNVP', '--data', csv, '--given', 'rooms,price,area,age'], /no column is left/],
    ['labels of a table', ['train', 'realNVP', '--data', csv, '--given', 'label'], /has no labels/],
    [
      'a model that reads nothing',
      ['train', 'rbm', '--data', csv, '--given', 'rooms'],
      /no network that reads a context/,
    ],
    ['an energy', ['train', 'energy', '--data', csv, '--given', 'rooms'], /known up to a constant/],
    ['scaling', ['train', 'realNVP', '--data', csv, '--given', 'rooms', '--standardise'], /scale the table before/],
    ['nothing given', ['sample', run], /given \[2\] \(expected --given rooms=…,area=…\)/],
    ['too few numbers', ['sample', run, '--given', '1'], /expected 2 numbers, got 1/],
    ['a strange name', ['sample', run, '--given', 'x=1,area=2'], /"x" was not given in training/],
    ['a missing name', ['sample', run, '--given', 'area=2'], /"rooms" is missing/],
    ['no number', ['sample', run, '--given', '1,two'], /this is no number/],
    ['a class', ['sample', run, '--class', '3'], /not a class/],
    ['an export', ['export', run], /not exported yet/],
  ])('%s is one sentence', async (_, args, says) => {
    const { code, err } = await call(...args);
    expect(err).toMatch(says);
    expect([code > 0, isOneSentence(err)]).toEqual([true, true]);
  });
});

describe('labels that are given', () => {
  const run = join(folder, 'digits');

  test('train, draw one class as a picture, evaluate as a bound', async () => {
    const trained = await call('train', 'vae', '--data', images, '--labels', labels, '--given', 'label', '--steps', '20', '--hidden', '8', '--batch-size', '16', '--out', run, '--json'); // biome-ignore format: one call
    expect([trained.code, trained.err]).toEqual([0, '']);
    const out = join(folder, 'two.png');
    expect((await call('sample', run, '--class', '2', '-n', '4', '--out', out)).code).toBe(0);
    expect(readFileSync(out).subarray(1, 4).toString()).toBe('PNG');
    const drawn = numbers((await call('sample', run, '--class', '2', '-n', '3')).out);
    expect(drawn.flat().every((v) => Number.isInteger(v) && v >= 0 && v <= 255)).toBe(true);
    expect(JSON.parse((await call('evaluate', run, '--json')).out)).toMatchObject({ evidence: 'bound' });
    const { err } = await call('sample', run, '--class', '3');
    expect(err).toMatch(/there is no such class \(expected 0 … 2, got 3\)/);
  }, 60_000);

  test('a model that reads nothing is drawn from without', async () => {
    const plain = join(folder, 'plain');
    await call('train', 'realNVP', '--data', csv, ...small, '--steps', '2', '--out', plain, '--no-report', '--json');
    const { err } = await call('sample', plain, '--given', '1');
    expect(err).toMatch(/reads nothing beside its events/);
    expect((await call('sample', plain, '--class', '1')).err).toMatch(/no model of one class/);
  }, 60_000);
});
