/**
 * Answers questions about the history.
 *
 * @module
 */
import { type Issue, ValidationError } from '../errors';
import { type HistoryQuery, type HistoryResult, MAX_HISTORY_POINTS } from '../history';
import type { History } from './history';
import { mergeText, newTally, statsOf, type Tally } from './tally';
import { SPAN_NAMES, SPANS, type Span, type SpanList, startOf, type TimeSeries } from './time-series';

const { minute, hour, day } = { minute: SPANS.minute.length, hour: SPANS.hour.length, day: SPANS.day.length };
/** Steps that are chosen for those who ask for none, so that there are not many points. */
const STEPS = [minute, 5 * minute, 15 * minute, hour, 6 * hour, day, 7 * day, 30 * day];
const FEW_POINTS = 120;
/** Tallies that are read in one turn: a few milliseconds. */
const SLICE = 2_000;

const LATEST = 8.64e15;

interface Plan {
  span: Span;
  step: number;
  from: number;
  to: number;
}

/**
 * Reads a part of the history. `pause` is awaited between slices.
 * @throws ValidationError
 */
export async function readHistory(
  history: History,
  query: HistoryQuery,
  now: number,
  pause: () => Promise<void>,
): Promise<HistoryResult> {
  validate(query, now);
  const all = history.read();
  const one = query.type === undefined ? undefined : all.get(query.type);
  const wanted = query.type === undefined ? [...all.values()] : one ? [one] : [];
  const { span, step, from, to } = plan(wanted, query, now);
  const tallies = new Map<number, Tally>();
  const total = newTally();
  let read = 0;
  // Copied first: what happens during a pause is not to be half in it.
  for (const [start, text] of wanted.flatMap((series) => between(series.spans[span], from, to))) {
    if (++read % SLICE === 0) await pause();
    const at = startOf(start, step);
    const tally = tallies.get(at) ?? newTally();
    tallies.set(at, tally);
    mergeText(tally, text);
    mergeText(total, text);
  }
  const nothing = newTally();
  const points = Array.from({ length: (to - from) / step }, (_, i) => {
    const at = from + i * step;
    return { at, ...statsOf(tallies.get(at) ?? nothing) };
  });
  return { from, to, step, points, total: statsOf(total), types: [...all.keys()].sort() };
}

/** The finest spans that are still kept of all the time since `from`; coarser ones where they give the same. */
function plan(wanted: TimeSeries[], query: HistoryQuery, now: number): Plan {
  const to = query.to ?? now;
  const from = query.from ?? to - hour;
  const auto = STEPS.find((length) => (to - from) / length <= FEW_POINTS) ?? Math.ceil((to - from) / FEW_POINTS);
  const asked = query.step ?? auto;
  const isKept = (span: Span): boolean =>
    wanted.every(({ spans }) => spans[span].dropped < startOf(from, SPANS[span].length));
  const kept = SPAN_NAMES.filter(isKept);
  // Where even the days go further back than is kept, they are what there is.
  const finest = kept[0] ?? 'day';
  const step = ceilTo(asked, SPANS[finest].length);
  const span = kept.findLast((name) => step % SPANS[name].length === 0) ?? finest;
  const result = { span, step, from: startOf(from, step), to: ceilTo(to, step) };
  if ((result.to - result.from) / step > MAX_HISTORY_POINTS)
    invalid([{ path: ['step'], message: `gives more than ${MAX_HISTORY_POINTS} points; make it longer` }]);
  return result;
}

function between({ starts, texts }: SpanList, from: number, to: number): [start: number, text: string][] {
  const found: [number, string][] = [];
  for (let i = starts.length - 1; i >= 0 && (starts[i] as number) >= from; i--) {
    const start = starts[i] as number;
    if (start < to) found.push([start, texts[i] as string]);
  }
  return found;
}

function ceilTo(value: number, length: number): number {
  return Math.ceil(value / length) * length;
}

function validate({ from, to, step, type }: HistoryQuery, now: number): void {
  const issues: Issue[] = [];
  const isTime = (value: unknown): boolean =>
    value === undefined || (Number.isFinite(value) && Math.abs(value as number) <= LATEST);
  if (!isTime(from)) issues.push({ path: ['from'], message: 'must be epoch milliseconds' });
  if (!isTime(to)) issues.push({ path: ['to'], message: 'must be epoch milliseconds' });
  if (issues.length === 0 && from !== undefined && from >= (to ?? now))
    issues.push({ path: ['from'], message: 'must be before `to`' });
  if (step !== undefined && !(Number.isFinite(step) && step >= minute && step <= LATEST))
    issues.push({ path: ['step'], message: `must be milliseconds, ${minute} (a minute) or more` });
  if (type !== undefined && typeof type !== 'string') issues.push({ path: ['type'], message: 'must be a text' });
  if (issues.length > 0) invalid(issues);
}

function invalid(issues: Issue[]): never {
  throw new ValidationError('The history query', issues);
}
