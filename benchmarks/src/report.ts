/** Results as tables, for the terminal and for Markdown alike. */
import { OURS, type Ratio, type Results, type Row } from './result';
import { targetOf } from './targets';

const HEAD = ['metric', 'durability', 'engine', 'median', 'min', 'max', 'Leviathan is', 'target', ''];

/** Everything: the machine, and a line per row with its comparison and target. */
export function reportOf(results: Results): string {
  return [
    describe(results),
    '',
    table(
      HEAD,
      results.rows.map((row) => cellsOf(results, row)),
    ),
    ...notes(results),
  ].join('\n');
}

function cellsOf(results: Results, row: Row): string[] {
  const { metric, durability, engine, median, min, max, unit } = row;
  const cells = [metric, durability, engine];
  if (median === null || min === null || max === null) return [...cells, 'failed', '', '', '', '', ''];
  const numbers = [`${shown(median)} ${unit === 'ratio' ? '' : unit}`.trim(), shown(min), shown(max)];
  if (engine !== OURS) return [...cells, ...numbers, comparedWith(results, row, median), '', ''];
  const ratio = results.ratios.find((entry) => entry.metric === metric && entry.durability === durability);
  const target = targetOf(results, metric, durability);
  const verdict = { true: 'pass', false: 'FAIL', undefined: '' }[String(target?.met)] ?? '';
  return [...cells, ...numbers, ratio ? againstBest(ratio) : '', target?.text ?? '', verdict];
}

function againstBest({ ratio, peer }: Ratio): string {
  return `${ratio.toPrecision(3)}× ${peer}`;
}

/** How ours stands to this row: as everywhere, ours divided by theirs. */
function comparedWith({ rows }: Results, { metric, durability }: Row, theirs: number): string {
  const ours = rows.find((row) => row.engine === OURS && row.metric === metric && row.durability === durability);
  return ours?.median == null ? '' : `${(ours.median / theirs).toPrecision(3)}×`;
}

function describe({ machine }: Results): string {
  const { cpu, cores, memory, kernel, fileSystem, disk, node, versions, date, loadAverage, rounds } = machine;
  return [
    `${cpu}, ${cores} cores, ${memory} GiB; ${kernel}; ${fileSystem} on ${disk}`,
    `Node ${node}; ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
    `${date}, load average ${loadAverage.join(' ')}, medians of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}`,
  ].join('  \n');
}

function notes({ machine: { settings, failures } }: Results): string[] {
  const lines = [
    ...Object.entries(failures).map(([where, why]) => `- FAILED ${where}: ${why.split('\n')[0]}`),
    ...Object.entries(settings).map(([where, setting]) => `- ${where}: ${setting}`),
  ];
  return lines.length === 0 ? [] : ['', ...lines];
}

/** A Markdown table whose columns are aligned. */
export function table(head: string[], rows: string[][]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(3, ...all.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: string[]): string => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** A number for people. */
function shown(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString('en') : String(value);
}
