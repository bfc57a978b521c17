/**
 * Batches by turn of the event loop: what is said within one turn travels as one message.
 *
 * @module
 */
import { oncePerTurn } from '../next-turn';

/** Collects items and hands them over together. */
export class TurnBatch<Item> {
  /** Makes a flush happen soon, also without items. */
  readonly schedule: () => void;
  private items: Item[] = [];

  constructor(private readonly deliver: (items: Item[]) => void) {
    this.schedule = oncePerTurn(() => this.flush());
  }

  add(item: Item): void {
    this.items.push(item);
    this.schedule();
  }

  /** Hands over now what is there, if only an empty list. */
  flush(): void {
    this.deliver(this.take());
  }

  /** Takes the items away. */
  take(): Item[] {
    const { items } = this;
    this.items = [];
    return items;
  }
}
