/**
 * `npm run test:hosts`: packs the packages, installs them with the ordinary npm into fresh folders, and runs in each host
 * what the documentation tells. A line a host, and `N passed, N failed` at the end. It needs npm's registry, and minutes.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { DnsServer, SmtpSink } from "@countersign/sandbox"
import { Effect } from "effect"
import { bundles } from "./bundles.ts"
import { frameworks } from "./frameworks.ts"
import { newcomers } from "./newcomers.ts"
import { installTools, pack } from "./Packages.ts"

const groups = { newcomers, frameworks, bundles }

const count = { passed: 0, failed: 0 }

const attempt = async <A>(name: string, what: () => Promise<A>): Promise<A | undefined> => {
  const start = performance.now()
  const say = (word: string) => console.log(`${word} ${name} (${((performance.now() - start) / 1_000).toFixed(1)} s)`)
  try {
    const answer = await what()
    say("ok    ")
    return answer
  } catch (error) {
    count.failed += 1
    say("FAILED")
    console.log(`\n${error instanceof Error ? error.message : error}\n`)
    return undefined
  }
}

const folder = mkdtempSync(join(tmpdir(), "countersign-hosts-"))
process.once("exit", () => rmSync(folder, { recursive: true, force: true }))

const everything = Effect.gen(function* () {
  const inbox = yield* SmtpSink.make()
  const dns = yield* DnsServer.make()
  yield* Effect.promise(async () => {
    const tarballs = await attempt("the packages are packed", pack)
    if (tarballs === undefined) return
    const tools = join(folder, "tools")
    const installed = await attempt("the frameworks are installed", async () => {
      await installTools(tools, tarballs)
      return true
    })
    if (installed === undefined) return
    for (const [group, hostsOf] of Object.entries(groups)) {
      const surroundings = { folder: join(folder, group), tools, tarballs, inbox, dns: dns.address }
      const hosts = await attempt(`the ${group} are prepared`, () => hostsOf(surroundings))
      for (const { name, run } of hosts ?? []) {
        await attempt(name, async () => {
          await run()
          count.passed += 1
        })
      }
    }
  })
})

await Effect.runPromise(Effect.scoped(everything))
console.log(`${count.passed} passed, ${count.failed} failed`)
process.exit(count.failed === 0 ? 0 : 1)
