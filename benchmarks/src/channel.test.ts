import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { messagesOf } from './channel';

test('messages that come before they are asked for are kept, in order', async () => {
  const port = new EventEmitter();
  const channel = messagesOf(port);
  port.emit('message', 1);
  port.emit('message', 2);
  expect([await channel.receive(), await channel.receive()]).toEqual([1, 2]);
});

test('who asks first gets the first message', async () => {
  const port = new EventEmitter();
  const channel = messagesOf(port);
  const asked = Promise.all([channel.receive(), channel.receive()]);
  port.emit('message', 'a');
  port.emit('message', 'b');
  expect(await asked).toEqual(['a', 'b']);
});

test('without a channel a message cannot be sent', async () => {
  await expect(messagesOf(new EventEmitter()).send(1)).rejects.toThrow('There is no channel');
});
