/** Names that were nearly right; the functions live in `core/names.ts`. */
export { nearestName, unknownName } from '../core/names.ts';
