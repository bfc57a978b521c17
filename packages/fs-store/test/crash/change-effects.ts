/** What a change that was asked for means to a job. */
import type { ChangeAction } from '@leviathan/core';
import { cancelled, retried, type Seen } from './seen';

/** The job afterwards; null: it is gone. @param priorityOf That of another job, next to which it may be moved. */
export function changedBy(
  change: ChangeAction,
  seen: Seen,
  priorityOf: (id: string) => number | undefined,
): Seen | null {
  switch (change.action) {
    case 'cancel':
      return cancelled(seen);
    case 'retry':
      return retried(seen);
    case 'approve':
      return { ...seen, held: false };
    case 'remove':
      return null;
    case 'reprioritise':
      return { ...seen, priority: change.priority };
    case 'edit':
      return edited(seen, change.patch);
    case 'move': {
      const { target } = change;
      const next = 'before' in target ? target.before : 'after' in target ? target.after : undefined;
      return { ...seen, priority: (next === undefined ? undefined : priorityOf(next)) ?? seen.priority };
    }
    default:
      return seen;
  }
}

function edited(seen: Seen, patch: Extract<ChangeAction, { action: 'edit' }>['patch']): Seen {
  const { data = seen.data, priority = seen.priority, tags = seen.options.tags, expiresAt } = patch;
  return { ...seen, data, priority, options: { ...seen.options, tags, ...(expiresAt === null && { expiresAt }) } };
}
