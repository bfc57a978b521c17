/** Names of types and workers, which come again and again. */
const KEPT = 64;
const quotes = new Map<string, string>();

/** The JSON text of a name. */
export function quoted(name: string): string {
  const known = quotes.get(name);
  if (known !== undefined) return known;
  const quote = JSON.stringify(name);
  if (quotes.size < KEPT && name.length < KEPT) quotes.set(name, quote);
  return quote;
}
