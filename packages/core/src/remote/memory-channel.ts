/**
 * A channel between two parts of one program: for tests, and for a window and an engine that share a process.
 *
 * @module
 */

import { nextTurn } from '../next-turn';
import { type Channel, ChannelEvents } from './channel';

/** How a pair carries its messages. */
export interface MemoryChannelOptions {
  /** `json` (default) carries what a socket carries, `clone` what a MessagePort carries. */
  format?: 'json' | 'clone';
  /**
   * Cuts the pair after this many messages were delivered, both directions counted, or after the first one for which this is true; what
   * is under way then is lost.
   */
  cutAfter?: number | ((message: unknown, delivered: number) => boolean);
}

/** Two ends, and a pair of scissors. */
export interface MemoryChannelPair {
  a: Channel;
  b: Channel;
  /** Messages delivered so far, both directions counted. */
  readonly delivered: number;
  /** Closes both ends at once; what is under way is lost. */
  cut(error?: Error): void;
}

/** Makes a connected pair. Messages are copied when they are sent and delivered on a later turn, in order. */
export function memoryChannelPair(options: MemoryChannelOptions = {}): MemoryChannelPair {
  const { format = 'json', cutAfter = Number.POSITIVE_INFINITY } = options;
  const isLast =
    typeof cutAfter === 'number' ? (_message: unknown, delivered: number) => delivered >= cutAfter : cutAfter;
  const link = new Link(format, isLast);
  return {
    a: link.a,
    b: link.b,
    get delivered() {
      return link.delivered;
    },
    cut: (error) => link.cut(error),
  };
}

class Link {
  delivered = 0;
  severed = false;
  readonly a: MemoryEnd;
  readonly b: MemoryEnd;

  constructor(
    readonly format: 'json' | 'clone',
    private readonly isLast: (message: unknown, delivered: number) => boolean,
  ) {
    this.a = new MemoryEnd(this, () => this.b);
    this.b = new MemoryEnd(this, () => this.a);
  }

  counted(message: unknown): void {
    this.delivered++;
    if (!this.isLast(message, this.delivered)) return;
    this.severed = true;
    // As with a socket, the close is told on a turn of its own: the last message has been handled by then.
    nextTurn(() => this.cut());
  }

  cut(error?: Error): void {
    this.a.events.close(error);
    this.b.events.close(error);
  }
}

class MemoryEnd implements Channel {
  readonly events = new ChannelEvents();
  pending = 0;

  constructor(
    private readonly link: Link,
    private readonly peer: () => MemoryEnd,
  ) {}

  send(message: unknown): void {
    if (this.events.closed) return;
    const text = this.link.format === 'json' ? JSON.stringify(message) : undefined;
    const copy: unknown = text === undefined ? structuredClone(message) : undefined;
    const size = text?.length ?? 1;
    this.pending += size;
    nextTurn(() => {
      this.pending -= size;
      if (this.link.severed || this.peer().events.closed) return;
      const message = text === undefined ? copy : JSON.parse(text);
      this.peer().events.deliver(message);
      this.link.counted(message);
    });
  }

  close(error?: Error): void {
    if (this.events.closed) return;
    this.events.close(error);
    // What was sent before still arrives: the turn of the close comes after theirs.
    nextTurn(() => this.peer().events.close());
  }

  onMessage(receive: (message: unknown) => void): void {
    this.events.onMessage(receive);
  }

  onClose(closed: (error?: Error) => void): void {
    this.events.onClose(closed);
  }
}
