/**
 * Events as lines.
 *
 * @module
 */
import type { StoreEvent } from '@leviathan/core';
import type { Colors } from 'picocolors/types';
import { detailOf } from './job';
import { oneLine } from './safe';
import { timeOfDay } from './time';

/** One event as a line: time, kind, id, type and what there is to say. */
export function eventLine(event: StoreEvent, c: Colors): string {
  const kind = event.kind.padEnd(10);
  const coloured =
    event.kind === 'failed' || event.kind === 'crashed'
      ? c.red(kind)
      : event.kind === 'completed'
        ? c.green(kind)
        : kind;
  const what = [
    event.id,
    event.type === undefined ? undefined : oneLine(event.type),
    event.kind === 'progress' ? `${Math.floor(event.progress ?? 0)}%  ${detailOf(event.detail)}`.trim() : undefined,
    event.kind === 'started' ? `attempt ${event.attempt ?? 1}` : undefined,
    event.step === undefined ? undefined : oneLine(event.step),
    event.reason,
    event.error === undefined ? undefined : oneLine(event.error),
    event.runAt === undefined ? undefined : `next ${event.runAt}`,
    ...(event.logs ?? []).map((log) => `${log.level}: ${oneLine(log.message)}`),
  ];
  return [c.dim(timeOfDay(event.at)), coloured, ...what.filter((part) => part !== undefined && part !== '')]
    .join(' ')
    .trimEnd();
}
