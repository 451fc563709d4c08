/** Laws: properties that every part of the library is held to, as functions a user can hold their own parts to. */

export { arbitraryDist, arbitraryDistribution, type DistCheckLike, type RandomDist } from './arbitrary-dist.ts';
export {
  type ArbitraryTransportOptions,
  arbitraryTransport,
  type FastCheckLike,
  type RandomTransport,
} from './arbitrary-transport.ts';
export * from './bound-laws.ts';
export * from './composition-laws.ts';
export { absence, type ConformanceOptions, conformance, type Row } from './conformance.ts';
export { type Case, type CaseInput, caseId, type Domain } from './conformance-case.ts';
export { conformanceCases, derivedCases, primitiveCases } from './conformance-cases.ts';
export { type Kind, kinds } from './conformance-kinds.ts';
export { type BackendRows, conformanceCounts, conformanceReport } from './conformance-report.ts';
export { definitionLaws } from './definition-laws.ts';
export { logAbsDet, logVolume } from './determinant.ts';
export { checkAgainstDifferences, type Deviation } from './differences.ts';
export * from './dist-laws.ts';
export { distParameters, logDensities, type Parameters, samples, scoredSamples } from './dist-values.ts';
export * from './integral-laws.ts';
export { gaussLegendre, panelRule, productRule } from './quadrature.ts';
export { type PlainRegion, pointsIn, type RandomisedOptions, type Region, randomised } from './region.ts';
export * from './transport-laws.ts';
export * from './verdict.ts';
