import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { makeFolder } from "../src/Store.ts"
import { run } from "./Program.ts"

const base = mkdtempSync(join(tmpdir(), "countersign-folder-"))
afterAll(() => rmSync(base, { recursive: true }))

describe("the folder of everything that is stored", () => {
  it("is made with those above it, for its owner only, and may be there already", () => {
    const folder = join(base, "a", "b")
    makeFolder(folder)
    makeFolder(folder)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(statSync(join(base, "a")).mode & 0o777).toBe(0o700)
  })

  it("is refused where a file is in its way", () => {
    writeFileSync(join(base, "file"), "")
    expect(() => makeFolder(join(base, "file"))).toThrow(/EEXIST/)
    expect(() => makeFolder(join(base, "file", "below"))).toThrow(/ENOTDIR|EEXIST/)
  })

  // Node's own recursive mkdir never comes back from here.
  it.runIf(process.platform === "linux")("is refused below a folder in which nothing can be made", async () => {
    const ended = await run(["account", "create", "--email", "a@shop.example"], {
      COUNTERSIGN_DATA: "/proc/countersign"
    })
    expect(ended.code).toBe(1)
    expect(ended.stderr).toMatch(/^The folder \/proc\/countersign cannot be created: .*\n$/)
  })
})
