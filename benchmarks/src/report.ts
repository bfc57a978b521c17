/** Results as tables, for the terminal and for Markdown alike. */
import type { Durability } from './engines/engine';
import { OURS, type Results, type Row } from './result';
import { targetOf } from './targets';

const SUMMARY = ['metric', 'durability', 'Leviathan', 'min – max', 'best peer', 'ours / best', 'target', ''];

/** Everything: the machine, ours against the best peer and the targets, every engine in every metric, what failed, what was chosen. */
export function reportOf(results: Results): string {
  return [describe(results), summary(results), ...everyEngine(results), notes(results)].filter(Boolean).join('\n\n');
}

function describe({ machine }: Results): string {
  const { cpu, cores, memory, kernel, fileSystem, disk, node, versions, date, loadAverage, rounds, baseline } = machine;
  const programs = Object.entries({ Node: node, ...versions }).map(([name, version]) => `${name} ${version}`);
  return [
    `${cpu}, ${cores} cores, ${memory} GiB; ${kernel}; ${fileSystem} on ${disk}`,
    programs.join(', '),
    ...(baseline === undefined ? [] : [`"baseline" is commit ${baseline.slice(0, 12)}`]),
    `${date}, load average ${loadAverage.join(' ')}, medians of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}`,
  ].join('  \n');
}

function summary(results: Results): string {
  const lines = results.rows
    .filter(({ engine }) => engine === OURS)
    .map((row) => {
      const { metric, durability, unit, median, min, max } = row;
      if (median === null || min === null || max === null) return [metric, durability, 'failed', '', '', '', '', ''];
      const ratio = results.ratios.find((entry) => entry.metric === metric && entry.durability === durability);
      const target = targetOf(results, metric, durability);
      return [
        metric,
        durability,
        `${shown(median)} ${unit === 'ratio' ? '' : unit}`.trim(),
        `${shown(min)} – ${shown(max)}`,
        ratio ? `${shown(ratio.best)} ${ratio.peer}` : '',
        ratio ? `${ratio.ratio.toPrecision(3)}×` : '',
        target?.text ?? '',
        target?.met === undefined ? '' : target.met ? 'pass' : 'FAIL',
      ];
    });
  return lines.length === 0 ? '' : table(SUMMARY, lines);
}

/** A table for each metric that several engines were measured in. */
function everyEngine({ rows }: Results): string[] {
  const metrics = [...new Set(rows.map(({ metric }) => metric))];
  return metrics.flatMap((metric) => {
    const ofMetric = rows.filter((row) => row.metric === metric);
    const engines = [...new Set(ofMetric.map(({ engine }) => engine))];
    if (engines.length === 1 && engines[0] === OURS) return [];
    const cell = (engine: string, durability: Durability): string =>
      rangeOf(ofMetric.find((row) => row.engine === engine && row.durability === durability));
    const lines = engines.map((engine) => [engine, cell(engine, 'process'), cell(engine, 'power')]);
    return [table([`${metric} (${ofMetric[0]?.unit})`, 'process', 'power'], lines)];
  });
}

function rangeOf(row: Row | undefined): string {
  if (row === undefined) return '';
  const { median, min, max } = row;
  return median === null || min === null || max === null
    ? 'failed'
    : `${shown(median)} (${shown(min)} – ${shown(max)})`;
}

function notes({ machine: { settings, failures } }: Results): string {
  return [
    ...Object.entries(failures).map(([where, why]) => `- FAILED ${where}: ${why.split('\n')[0]}`),
    ...Object.entries(settings).map(([where, setting]) => `- ${where}: ${setting}`),
  ].join('\n');
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
