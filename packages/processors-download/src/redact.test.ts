import { describe, expect, it } from 'vitest';
import { redactUrl } from './redact';

describe('redactUrl', () => {
  it('removes credentials and the fragment', () => {
    expect(redactUrl('https://ann:s3cret@example.com/a?b=1#access')).toBe('https://example.com/a?b=1');
  });

  it('hides the values of parameters that grant access, and keeps the others as they were written', () => {
    expect(redactUrl('https://h/x?v=a%20b&X-Amz-Signature=abc&X-Amz-Credential=AK%2F1&token=t&page=2')).toBe(
      'https://h/x?v=a%20b&X-Amz-Signature=***&X-Amz-Credential=***&token=***&page=2',
    );
  });

  it('shows nothing of a text that is no URL', () => {
    expect(redactUrl('not a URL')).toBe('(not a URL)');
    expect(redactUrl('user:secret at nowhere')).toBe('user:***');
  });
});
