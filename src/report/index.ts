/** Pictures of a training run and the page that holds them: plain data in, SVG, PNG and HTML out. */
export { type ChainsRecord, rankPlots, tracePlots } from './chains.ts';
export { type DensityGrid, type DensityRecord, densityHeatmap, gridPoints } from './density-heatmap.ts';
export type { GraphEdge, GraphNode, GraphRecord } from './graph-layout.ts';
export { graphOf } from './graph-of.ts';
export { type ImagesRecord, imageGrid, type Picture } from './image-grid.ts';
export { type LatentRecord, latentSpace } from './latent-space.ts';
export { latentUnits, type UnitsRecord } from './latent-units.ts';
export { type LossPoint, type LossRecord, lossCurve } from './loss-curve.ts';
export { type MarginalsRecord, marginalHistograms, pairs } from './marginals.ts';
export { toPng } from './png.ts';
export { type RateDistortionRecord, rateDistortionCurve } from './rate-distortion.ts';
export { type RateSweepRecord, rateSweepCurve } from './rate-sweep.ts';
export { type ReportRecord, reportHtml } from './report-html.ts';
export { type SamplesRecord, samplesBesideData } from './samples-beside-data.ts';
export { sentenceFigure } from './svg.ts';
export { showNumber, showShare } from './theme.ts';
export { type TrajectoriesRecord, trajectories } from './trajectories.ts';
