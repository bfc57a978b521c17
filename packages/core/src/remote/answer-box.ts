/**
 * Answers on their way to a client: together, once per turn of the event loop, and no claimed job lost on the way.
 *
 * @module
 */
import type { ClaimedJob } from '../store';
import { MessageTooLargeError } from './channel';
import type { Answer } from './protocol';
import { TurnBatch } from './turn-batch';
import { toWire } from './wire-error';

/** What an {@link AnswerBox} needs. */
export interface AnswerBoxOptions {
  isOpen(): boolean;
  /** Sends one frame; rejects when it cannot be carried. */
  send(answers: Answer[]): Promise<void>;
  /** Sends what has to go before the answers. */
  before(): void;
  /** Not even the error can be sent: nobody would ever get an answer. */
  fail(error: unknown): void;
  /** Jobs that cannot be delivered. */
  giveBack(claimed: ClaimedJob[]): void;
}

/** An answer, and the jobs in it. */
interface Item {
  answer: Answer;
  claimed: ClaimedJob[];
}

/** Collects answers. */
export class AnswerBox {
  private readonly batch = new TurnBatch<Item>((items) => this.deliver(items));

  constructor(private readonly options: AnswerBoxOptions) {}

  add(answer: Answer, claimed: ClaimedJob[]): void {
    this.batch.add({ answer, claimed });
  }

  /** Something else has to go out with the next frame. */
  schedule(): void {
    this.batch.schedule();
  }

  flush(): void {
    this.batch.flush();
  }

  /** Gives back the jobs in the answers that were not sent. */
  giveUp(): void {
    const claimed = this.batch.take().flatMap((item) => item.claimed);
    if (claimed.length > 0) this.options.giveBack(claimed);
  }

  private deliver(items: Item[]): void {
    if (!this.options.isOpen()) {
      const claimed = items.flatMap((item) => item.claimed);
      if (claimed.length > 0) this.options.giveBack(claimed);
      return;
    }
    this.options.before();
    if (items.length === 0) return;
    this.options.send(items.map((item) => item.answer)).catch(() => this.deliverSingly(items));
  }

  /** One answer was too large or cannot be encoded: the others have no part in that. */
  private async deliverSingly(items: Item[]): Promise<void> {
    for (const item of items) {
      try {
        await this.options.send([item.answer]);
      } catch (error) {
        await this.deliverPart(item, error);
      }
    }
  }

  /** Of claimed jobs as many as fit; for anything else the error is the answer. */
  private async deliverPart({ answer, claimed }: Item, error: unknown): Promise<void> {
    let some = claimed;
    while (error instanceof MessageTooLargeError && some.length > 1) {
      some = some.slice(0, some.length >> 1);
      const sent = await this.options.send([{ id: answer.id, ok: some }]).then(
        () => true,
        () => false,
      );
      if (sent) {
        this.options.giveBack(claimed.slice(some.length));
        return;
      }
    }
    if (claimed.length > 0) this.options.giveBack(claimed);
    await this.options.send([{ id: answer.id, error: toWire(error) }]).catch((reason) => this.options.fail(reason));
  }
}
