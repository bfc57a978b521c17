import { type Known, type Reference, tell, tellDrained } from './reference';
import { closeWindow } from './reference-unique';

/** It leaves, by hand: whoever adds it again means it. */
export function removeOne(ref: Reference, one: Known): void {
  const busy = ref.known.some(({ job }) => job.status === 'pending' || job.status === 'active');
  ref.known = ref.known.filter((other) => other !== one);
  closeWindow(ref, one.job.key, one.job.id);
  tell(ref, one, 'removed');
  tellDrained(ref, busy);
}
