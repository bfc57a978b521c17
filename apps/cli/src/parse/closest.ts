/**
 * "Did you mean …?"
 *
 * @module
 */
import { distance, closest as nearest } from 'fastest-levenshtein';

/** The candidate that differs by a typing error or two, if there is one. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const found = nearest(word.toLowerCase(), candidates as string[]);
  // Two letters that changed places count as two errors.
  const tolerated = found.length < 4 ? 1 : Math.max(2, Math.floor(found.length / 3));
  return distance(word.toLowerCase(), found) <= tolerated ? found : undefined;
}
