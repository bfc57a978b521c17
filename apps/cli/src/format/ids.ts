/**
 * Short forms of ids that are still unique on the screen.
 *
 * @module
 */

const MADE_BY_LEVIATHAN = /^job_\d{4}-\d{2}-\d{2}_[0-9a-f-]{36}$/;
const SHORTEST = 8;

/**
 * The short form of each id: generated ids by as many of their last characters (8 at least) as make them differ from each
 * other; ids that a person chose in full. `show`, `cancel` and the rest take these forms.
 */
export function shortIds(ids: readonly string[]): Map<string, string> {
  const made = ids.filter((id) => MADE_BY_LEVIATHAN.test(id));
  let length = SHORTEST;
  while (length < 36 && new Set(made.map((id) => id.slice(-length))).size < new Set(made).size) length += 1;
  return new Map(ids.map((id) => [id, MADE_BY_LEVIATHAN.test(id) ? id.slice(-length) : id]));
}

/** The short form of one id. */
export function shortId(id: string): string {
  return shortIds([id]).get(id) ?? id;
}
