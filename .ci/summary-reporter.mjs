// A vitest reporter that closes a run with plain lines, for readers that know no vitest: what was not tested, a line
// each, and at the very end `N passed, N failed`.
//
// The counts are vitest's own: one per test. A file that could not be loaded, and an error outside of any test, count
// as one failure each, so that the line never says `0 failed` when the run has failed. A test whose name begins with
// `NOT TESTED` stands for a suite that needs what this machine does not have; the quick mode leaves suites out too.

export default class SummaryReporter {
  constructor({ leftOut = [] } = {}) {
    this.leftOut = leftOut
  }

  onTestRunEnd(modules, unhandledErrors, reason) {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    const notTested = new Set(this.leftOut.map((what) => `NOT TESTED in the quick mode: ${what}`))
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const state = test.result().state
        count[state === "pending" ? "failed" : state] += 1
        if (state === "skipped" && test.name.startsWith("NOT TESTED")) notTested.add(test.name)
      }
      count.failed += module.errors().length
      for (const suite of module.children.allSuites()) count.failed += suite.errors().length
    }
    if (reason !== "passed" && count.failed === 0) count.failed = 1
    const skipped = count.skipped === 0 ? "" : `, ${count.skipped} skipped`
    const lines = [...notTested, `${count.passed} passed, ${count.failed} failed${skipped}`]
    // At the exit, because the other reporters and the pool's own messages come before it.
    process.once("exit", () => process.stdout.write(lines.map((line) => `${line}\n`).join("")))
  }
}
