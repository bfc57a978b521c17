import { describe, expect, it } from 'vitest';
import type { ClaimedJob } from '../store';
import { AnswerBox } from './answer-box';
import { turns } from './testing-kit';

const job = (id: string): ClaimedJob => ({ job: { id } as ClaimedJob['job'], token: id });

function box(isOpen = true) {
  const log: unknown[] = [];
  const answers = new AnswerBox({
    isOpen: () => isOpen,
    send: async (sent) => void log.push(['sent', ...sent.map(({ id }) => id)]),
    before: () => log.push('before'),
    giveBack: (claimed) => log.push(['back', ...claimed.map(({ token }) => token)]),
    fail: (error) => log.push(error),
  });
  return { answers, log };
}

describe('AnswerBox', () => {
  it('sends the first answer within the turn and the others together, after what has to go first', async () => {
    const { answers, log } = box();
    answers.add({ id: 1, ok: 1 }, []);
    await Promise.resolve();
    answers.add({ id: 2, ok: 2 }, []);
    answers.add({ id: 3, ok: 3 }, []);
    await turns();
    expect(log).toEqual(['before', ['sent', 1], 'before', ['sent', 2, 3]]);
  });

  it('gives back at once the jobs in answers that were not sent', async () => {
    const { answers, log } = box();
    answers.add({ id: 1, ok: [] }, [job('a')]);
    await Promise.resolve();
    answers.add({ id: 2, ok: [] }, [job('b')]);
    answers.add({ id: 3, ok: [] }, [job('c')]);
    answers.giveUp();
    expect(log).toEqual(['before', ['sent', 1], ['back', 'b', 'c']]);
    answers.giveUp();
    await turns();
    expect(log.slice(3)).not.toContainEqual(['back']);
  });

  it('gives back what is answered into a closed channel', async () => {
    const { answers, log } = box(false);
    answers.add({ id: 1, ok: [] }, [job('a')]);
    answers.add({ id: 2, ok: 2 }, []);
    await turns();
    expect(log).toEqual([['back', 'a']]);
  });
});
