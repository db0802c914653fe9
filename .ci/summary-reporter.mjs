// A vitest reporter that closes a run with one plain line, `N passed, N failed`, for readers that know no vitest.
//
// The counts are vitest's own: one per test. A file that could not be loaded, and an error outside of any test, count as
// one failure each, so that the line never says `0 failed` when the run has failed.

export default class SummaryReporter {
  onTestRunEnd(modules, unhandledErrors, reason) {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const state = test.result().state
        count[state === "pending" ? "failed" : state] += 1
      }
      count.failed += module.errors().length
      for (const suite of module.children.allSuites()) count.failed += suite.errors().length
    }
    if (reason !== "passed" && count.failed === 0) count.failed = 1
    const skipped = count.skipped === 0 ? "" : `, ${count.skipped} skipped`
    // At the exit, because the other reporters and the pool's own messages come before it.
    process.once("exit", () => process.stdout.write(`${count.passed} passed, ${count.failed} failed${skipped}\n`))
  }
}
