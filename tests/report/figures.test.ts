import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import {
  densityHeatmap,
  gridPoints,
  imageGrid,
  latentSpace,
  lossCurve,
  marginalHistograms,
  pairs,
  rateSweepCurve,
  samplesBesideData,
  toPng,
} from '../../src/report/index.ts';
import { lossInterval, runningMedian } from '../../src/report/loss-curve.ts';
import { find, hasBadNumbers, normals, wellFormed, words } from './helpers.ts';

const pixelsOf = (svg: string, i = 0) => {
  const href = find(svg, 'image')[i].getAttribute('href') ?? '';
  return decode(Buffer.from(href.slice(href.indexOf(',') + 1), 'base64'));
};

describe('lossCurve', () => {
  const train = Array.from({ length: 400 }, (_, i) => ({ step: i, value: i < 3 ? 1e6 : 1 + Math.exp(-i / 20) }));
  const validation = [10, 200, 390].map((step) => ({ step, value: 1.1 }));
  const record = {
    series: [
      { name: 'train', points: train },
      { name: '<b>valid</b>', points: validation },
    ],
    reference: { value: 0.9, label: 'entropy' },
    unit: 'nats',
  };

  it('draws a curve for each series, dots for the short one and one dashed rule', () => {
    const svg = lossCurve(record);
    expect(find(svg, '[aria-description="reference"]')).toHaveLength(1);
    expect(find(svg, '[aria-description="reference"]')[0].getAttribute('stroke-dasharray')).toBe('6 4');
    expect(find(svg, '[aria-label="line"] path')).toHaveLength(3);
    expect(find(svg, '[aria-label="dot"] circle')).toHaveLength(3);
    expect(words(svg)).toContain('loss (nats)');
    expect(words(svg)).toContain('entropy');
    expect(hasBadNumbers(svg)).toBe(false);
  });

  it('has no rule without a reference, and gives the same text twice', () => {
    const { reference: _, ...plain } = record;
    expect(find(lossCurve(plain), '[stroke-dasharray]')).toHaveLength(0);
    expect(lossCurve(record)).toBe(lossCurve(record));
  });

  it('keeps huge first steps out of the frame and says so', () => {
    const [lo, hi] = lossInterval(train, 0.9);
    expect(lo).toBeLessThan(0.9);
    expect(hi).toBeLessThan(3);
    expect(hi).toBeGreaterThan(1.2);
    expect(words(lossCurve(record))).toMatch(/\d above the frame, up to 1e6/);
  });

  it('shows everything where nothing stands out', () => {
    const [lo, hi] = lossInterval([3, 2.5, 2.2, 2.1, 2].map((value, step) => ({ step, value })));
    expect(lo).toBeLessThan(2);
    expect(hi).toBeGreaterThan(3);
  });

  it('smooths by the running median, from the first step to the last', () => {
    const smooth = runningMedian(Array.from({ length: 1000 }, (_, step) => ({ step, value: step === 500 ? 99 : 1 })));
    expect(smooth[0].step).toBe(0);
    expect(smooth[smooth.length - 1].step).toBe(999);
    expect(smooth.every((p) => p.value === 1)).toBe(true);
  });

  it('leaves out what is not finite, and says a sentence where nothing is left', () => {
    const nan = { step: 1, value: Number.NaN };
    expect(words(lossCurve({ series: [{ name: 'a', points: [nan, { step: 2, value: 1 }] }], unit: '' }))).toContain(
      '1 not finite',
    );
    expect(words(lossCurve({ series: [{ name: 'a', points: [nan] }], unit: '' }))).toMatch(/None of the recorded/);
    expect(words(lossCurve({ series: [], unit: 'nats' }))).toBe('No losses were recorded.');
    expect(words(lossCurve({ series: [{ name: 'a', points: [] }], unit: '' }))).toBe('No losses were recorded.');
  });
});

describe('densityHeatmap', () => {
  const frame = { x0: -5, x1: 5, y0: -4, y1: 4, nx: 50, ny: 40 };
  const centres = gridPoints(frame);
  const normal = Float64Array.from(
    { length: 2000 },
    (_, i) => -(centres[2 * i] ** 2 + centres[2 * i + 1] ** 2) / 2 - Math.log(2 * Math.PI),
  );

  it('paints the middle bright and the corners dark, with the mass under the picture', () => {
    const svg = densityHeatmap({ grid: { ...frame, logDensity: normal } });
    const { width, height, data } = pixelsOf(svg);
    expect([width, height]).toEqual([50, 40]);
    const colour = (x: number, y: number) => [...data.slice(4 * (y * 50 + x), 4 * (y * 50 + x) + 4)];
    expect(colour(0, 0)).toEqual([68, 1, 84, 255]);
    expect(colour(25, 20)[0]).toBeGreaterThan(200);
    expect(words(svg)).toContain('Mass on this rectangle: 1.000');
  });

  it('counts rows upwards: the first row of the grid is the lowest of the picture', () => {
    const logDensity = new Float32Array(2000).fill(-Infinity);
    logDensity[0] = 0;
    const { data } = pixelsOf(densityHeatmap({ grid: { ...frame, logDensity } }));
    expect([...data.slice(4 * 39 * 50, 4 * 39 * 50 + 3)]).toEqual([253, 231, 37]);
  });

  it('takes NaN as undefined, −∞ as zero, +∞ as brightest, and densities beyond e^700', () => {
    const logDensity = normal.map((l, i) => (i === 0 ? NaN : i === 1 ? -Infinity : i === 2 ? Infinity : l + 900));
    const svg = densityHeatmap({
      grid: { ...frame, logDensity },
      points: [
        [0, 0],
        [NaN, 1],
      ],
      axes: ['<x>', 'y'],
    });
    const { data } = pixelsOf(svg);
    const cell = (i: number) => [...data.slice(4 * (39 * 50 + i), 4 * (39 * 50 + i) + 4)];
    expect(cell(0)[3]).toBe(0);
    expect(cell(1)).toEqual([68, 1, 84, 255]);
    expect(cell(2)).toEqual([253, 231, 37, 255]);
    expect(find(svg, 'circle')).toHaveLength(1);
    expect(words(svg)).toMatch(/density ÷ e\^898/);
    expect(words(svg)).toMatch(/Undefined in/);
    expect(hasBadNumbers(svg)).toBe(false);
  });

  it('says a sentence where there is nothing, and refuses what does not fit', () => {
    const none = new Float32Array(2000).fill(-Infinity);
    expect(words(densityHeatmap({ grid: { ...frame, logDensity: none } }))).toMatch(/zero or undefined everywhere/);
    expect(words(densityHeatmap({ grid: { ...frame, nx: 0, logDensity: new Float32Array(0) } }))).toMatch(/no cells/);
    expect(() => densityHeatmap({ grid: { ...frame, logDensity: new Float32Array(3) } })).toThrow(/2000 values/);
    expect(() => densityHeatmap({ grid: { ...frame, x1: -5, logDensity: none } })).toThrow(/the grid is empty/);
  });
});

describe('samplesBesideData', () => {
  it('draws both clouds on the same axes with equal units', () => {
    const svg = samplesBesideData({ data: normals(200), samples: normals(100, 2), labels: { data: '<script>' } });
    const groups = find(svg, '[aria-label="dot"]');
    expect(groups.map((g) => [...g.querySelectorAll('circle')].length)).toEqual([100, 50]);
    const frames = find(svg, 'rect[aria-label="frame"]').map((f) => [
      f.getAttribute('width'),
      f.getAttribute('height'),
    ]);
    expect(frames).toHaveLength(2);
    expect(frames[0]).toEqual(frames[1]);
    expect(words(svg)).toContain('<script>');
    expect(svg).not.toContain('<script>');
  });

  it('draws at most 2000 dots a cloud and ignores far and undefined samples', () => {
    const samples = normals(10_000, 3);
    samples[0] = 1e9;
    samples[2] = NaN;
    const svg = samplesBesideData({ data: normals(10_000), samples });
    expect(find(svg, 'circle').length).toBeLessThanOrEqual(4000);
    expect(words(svg)).toMatch(/of the samples lie outside the frame/);
    expect(hasBadNumbers(svg)).toBe(false);
  });

  it('stands empty and constant data', () => {
    const none = new Float32Array(0);
    expect(words(samplesBesideData({ data: none, samples: none }))).toMatch(/no data and no samples/);
    for (const svg of [
      samplesBesideData({ data: normals(20), samples: none }),
      samplesBesideData({ data: new Float32Array(20), samples: new Float32Array(20) }),
      samplesBesideData({ data: none, samples: new Float32Array(4).fill(NaN) }),
    ])
      expect(hasBadNumbers(svg)).toBe(false);
    expect(() => samplesBesideData({ data: normals(3), samples: none })).toThrow(/do not divide/);
  });
});

describe('latentSpace', () => {
  it('draws circles of 1, 2 and 3 sigma on both panels and the shares inside', () => {
    const svg = latentSpace({ codes: normals(4000) });
    expect(find(svg, '[aria-description="2 sigma"]')).toHaveLength(2);
    expect(find(svg, '[aria-description$="sigma"]')).toHaveLength(6);
    expect(words(svg)).toContain('39.3 %');
    expect(words(svg)).toMatch(/Codes inside 1σ, 2σ, 3σ: (3[89]|40|41)/);
  });

  it('colours classes and names them', () => {
    const svg = latentSpace({
      codes: normals(40),
      classes: Array.from({ length: 20 }, (_, i) => i % 2),
      classNames: ['a', 'b'],
    });
    expect(find(svg, '.legend circle')).toHaveLength(2);
    expect(new Set(find(svg, '[aria-label="dot"] circle').map((c) => c.getAttribute('fill'))).size).toBe(2);
  });

  it('compares lengths in other dimensions', () => {
    for (const dimension of [1, 3, 64]) {
      const svg = latentSpace({ codes: normals(64 * 30), dimension });
      expect(words(svg)).toContain('length of the code');
      expect(hasBadNumbers(svg)).toBe(false);
    }
    expect(words(latentSpace({ codes: new Float32Array(0) }))).toMatch(/no codes/);
    expect(words(latentSpace({ codes: new Float32Array(2).fill(NaN) }))).toMatch(/None of the codes/);
  });
});

describe('marginalHistograms and pairs', () => {
  it('overlays two histograms for each of the first eight dimensions', () => {
    for (const [dimension, shown] of [
      [1, 1],
      [3, 3],
      [8, 8],
      [11, 8],
    ] as const) {
      const svg = marginalHistograms({ data: normals(dimension * 90), samples: normals(dimension * 50, 5), dimension });
      expect(find(svg, '[aria-description="histogram"]')).toHaveLength(2 * shown);
      expect(hasBadNumbers(svg)).toBe(false);
      expect(/The first 8 of 11/.test(words(svg))).toBe(dimension === 11);
    }
  });

  it('draws one plane for two columns and three for more', () => {
    const record = (dimension: number) => ({
      data: normals(dimension * 30),
      samples: normals(dimension * 30, 2),
      dimension,
    });
    expect(find(pairs(record(2)), '.panel')).toHaveLength(1);
    expect(find(pairs(record(5)), '.panel')).toHaveLength(3);
    expect(find(pairs(record(2)), '[aria-label="dot"] circle')).toHaveLength(60);
    expect(words(pairs(record(1)))).toMatch(/no pairs/);
  });

  it('stands empty, constant and undefined data', () => {
    const none = new Float32Array(0);
    expect(words(marginalHistograms({ data: none, samples: none, dimension: 3 }))).toMatch(/no data/);
    expect(words(pairs({ data: none, samples: none, dimension: 3 }))).toMatch(/no data/);
    for (const data of [new Float32Array(6), new Float32Array(6).fill(NaN), none]) {
      const record = { data, samples: new Float32Array(6).fill(Infinity), dimension: 3 };
      expect(hasBadNumbers(marginalHistograms(record))).toBe(false);
      expect(hasBadNumbers(pairs(record))).toBe(false);
    }
    expect(() => pairs({ data: none, samples: none, dimension: 0 })).toThrow(/positive integer/);
  });
});

describe('imageGrid', () => {
  it('lays grey images out in rows with clear gaps', () => {
    const images = Float32Array.from({ length: 3 * 4 }, (_, i) => (i < 4 ? 1 : i < 8 ? 0.5 : NaN));
    const { png, svg } = imageGrid({ images, height: 2, width: 2, channels: 1, columns: 2, scale: 3 });
    const { width, height, data, channels } = decode(png);
    expect([width, height, channels]).toEqual([14, 14, 2]);
    const at = (x: number, y: number) => [...data.slice(2 * (y * 14 + x), 2 * (y * 14 + x) + 2)];
    expect([at(0, 0), at(8, 0), at(0, 8), at(6, 0), at(8, 8)]).toEqual([
      [255, 255],
      [128, 255],
      [0, 255],
      [0, 0],
      [0, 0],
    ]);
    expect(wellFormed(svg)).toEqual(['svg', 'image']);
  });

  it('keeps colours, channels last, and clamps', () => {
    const { png } = imageGrid({ images: Float32Array.of(2, 0.2, -1), height: 1, width: 1, channels: 3, scale: 1 });
    expect([...decode(png).data]).toEqual([255, 51, 0, 255]);
  });

  it('says a sentence for none and refuses a part of an image', () => {
    const none = imageGrid({ images: new Float32Array(0), height: 2, width: 2, channels: 1 });
    expect(words(none.svg)).toMatch(/no images/);
    expect(decode(none.png).width).toBe(640);
    expect(() => imageGrid({ images: new Float32Array(5), height: 2, width: 2, channels: 1 })).toThrow(/divide/);
    expect(() => imageGrid({ images: new Float32Array(4), height: 2, width: 2, channels: 1, scale: 0 })).toThrow(
      /scale/,
    );
  });
});

describe('toPng', () => {
  it('has the width asked for and draws something on white', () => {
    const png = toPng(lossCurve({ series: [], unit: '' }), { width: 320 });
    const { width, data } = decode(png);
    expect(width).toBe(320);
    expect([...data.slice(4 * 320 * 10 + 400, 4 * 320 * 10 + 403)]).toEqual([255, 255, 255]);
    expect(new Set(data).size).toBeGreaterThan(5);
  });

  it('refuses what is no SVG and a width of nothing', () => {
    expect(() => toPng('<p>', { width: 100 })).toThrow(/cannot be drawn/);
    expect(() => toPng('<svg xmlns="http://www.w3.org/2000/svg"/>', { width: 0 })).toThrow(/width/);
  });
});

describe('rateSweepCurve', () => {
  const points = Array.from({ length: 60 }, (_, i) => ({
    rate: 10 ** (i / 10 - 6),
    loss: i === 59 ? 1e9 : 2 + Math.sin(i),
    smoothed: 2,
  }));

  it('draws the losses, their average and a dashed rule at the suggestion, against powers of ten', () => {
    const svg = rateSweepCurve({ points, suggestion: 1e-3, unit: 'nats' });
    wellFormed(svg);
    expect(hasBadNumbers(svg)).toBe(false);
    expect(find(svg, '[aria-label="dot"] circle').length).toBeGreaterThanOrEqual(59);
    expect(find(svg, '[aria-description="suggestion"]')).toHaveLength(1);
    for (const text of ['learning rate', 'loss (nats)', '0.001', '0.01', 'Steepest at 0.001'])
      expect(words(svg)).toContain(text);
    expect(find(rateSweepCurve({ points, unit: '' }), '[stroke-dasharray]')).toHaveLength(0);
  });

  it('says where there is nothing to draw', () => {
    expect(words(rateSweepCurve({ points: points.slice(0, 1), unit: '' }))).toContain('There is no curve to draw.');
  });
});
