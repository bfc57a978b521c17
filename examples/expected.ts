/**
 * Compares what an example printed with the lines it must print: each line of `expected`, in that order, other lines between
 * them allowed. `*` in a line stands for any text.
 *
 * @returns the first expected line that is missing, or undefined
 */
export function missingLine(printed: string, expected: string): string | undefined {
  const lines = printed.split(/\r?\n/);
  let from = 0;
  for (const wanted of expected.split(/\r?\n/).filter((line) => line.trim() !== '')) {
    const pattern = new RegExp(`^${wanted.split('*').map(escaped).join('.*')}$`);
    const at = lines.findIndex((line, index) => index >= from && pattern.test(line));
    if (at === -1) return wanted;
    from = at + 1;
  }
  return undefined;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
