/** A vitest reporter that puts the note of `context.skip(note)` where the JSON reporter writes it out. */
export default class SkipReasons {
  /** @param {import('vitest/node').TestCase} test */
  onTestCaseResult(test) {
    const result = test.result();
    if (result.state === 'skipped' && result.note !== undefined)
      Object.assign(test.meta(), { skipReason: result.note });
  }
}
