import type { ChangeSkip, MoveTarget } from '../../store';
import { find, type Known, queueOf, type Reference, Refusal, record, waitAnew } from './reference';

/**
 * `change` with `move`: gives what becomes of each target. The moved jobs stand in the order of the queue at their new place; which numbers
 * they get there is the store's affair, which tells it afterwards.
 */
export function moveJobs(
  ref: Reference,
  targets: string[],
  to: MoveTarget,
): (id: string) => 'changed' | ChangeSkip['reason'] {
  const anchor = 'to' in to ? undefined : anchorOf(ref, 'before' in to ? to.before : to.after);
  const queue = queueOf(ref);
  const moving = queue.filter((one) => targets.includes(one.job.id) && one !== anchor);
  const changed: Known[] = [];
  const groups = anchor ? [anchor.job.priority] : [...new Set(moving.map(({ job }) => job.priority))];
  for (const priority of groups) {
    const group = anchor ? moving : moving.filter(({ job }) => job.priority === priority);
    const others = queue.filter((one) => one.job.priority === priority && !group.includes(one));
    const place = placeIn(others, to, anchor);
    const wanted = [...others.slice(0, place), ...group, ...others.slice(place)];
    const present = queue.filter((one) => one.job.priority === priority);
    if (wanted.length === present.length && wanted.every((one, n) => one === present[n])) continue;
    changed.push(...group);
    ref.moved.push({ priority, ids: wanted.map(({ job }) => job.id) });
    for (const { job } of group) {
      if (job.priority !== priority) waitAnew(ref, job);
      job.priority = priority;
      delete job.order;
    }
    for (const one of others) one.roomMade++;
  }
  return (id) => {
    const one = find(ref, id);
    if (!one) return 'not-found';
    if (one.job.status !== 'pending') return one.job.status;
    if (!changed.includes(one)) return 'unchanged';
    record(ref, one, 'edited', () => undefined);
    return 'changed';
  };
}

function anchorOf(ref: Reference, id: string): Known {
  const anchor = find(ref, id);
  if (!anchor) throw new Refusal(['NOT_FOUND']);
  if (anchor.job.status !== 'pending') throw new Refusal(['STATE']);
  return anchor;
}

function placeIn(others: Known[], to: MoveTarget, anchor: Known | undefined): number {
  if (anchor) return others.indexOf(anchor) + ('after' in to ? 1 : 0);
  return 'to' in to && to.to === 'top' ? 0 : others.length;
}
