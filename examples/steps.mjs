/** Steps outlive their process: the next program does not do again what was done, though nobody wrote a checkpoint. */
import { defineProcessor, Leviathan } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';
import { z } from 'zod';

/** @param {(signal: AbortSignal) => Promise<unknown>} ship */
const order = (ship) =>
  defineProcessor({
    type: 'order',
    input: z.object({ item: z.string(), price: z.number() }),
    async run({ input, step, signal }) {
      const payment = await step('charge', () => {
        console.log(`charging ${input.price} for the ${input.item}`);
        return { receipt: `r-${input.price}` };
      });
      const [label, letter] = await Promise.all([
        step('label', () => `label of the ${input.item}`),
        step('letter', () => `paid: ${payment.receipt}`),
      ]);
      await ship(signal);
      console.log('shipped');
      return { label, letter };
    },
  });

let arrive = () => {};
const atTheHarbour = new Promise((resolve) => {
  arrive = () => resolve(undefined);
});
const slow = order((signal) => {
  arrive();
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
});
const first = new Leviathan({ store: fsStore(), processors: [slow] });
await first.start();
const { id } = await first.add('order', { item: 'lamp', price: 30 });
await atTheHarbour;
await first.stop({ timeout: 0 }); // its signal aborts: the job goes back

const second = new Leviathan({ store: fsStore(), processors: [order(async () => {})] });
const stored = await second.get(id);
console.log('done so far:', stored?.metadata.steps?.map(({ name }) => name).join(', '));
await second.start();
console.log(JSON.stringify(await second.handle(id).result()));
await second.stop();
