import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { expect, it } from "vitest"
import { run, temporaryFolder } from "./Program.ts"
import { add, current, startSandbox } from "./Sandbox.ts"

it("verifies and rebuilds the store of a running server, and says what was wrong", async () => {
  const environment = { COUNTERSIGN_DATA: temporaryFolder() }
  const sandbox = await startSandbox(environment)
  const { id } = await add(sandbox, "ada@acme.example")
  await add(sandbox, "ben@acme.example")
  const verify = () => run(["verify"], environment)
  const sound = {
    code: 0,
    stderr: "",
    stdout: expect.stringMatching(/^Verified .*2 live senders.*: all is well\. [^\n]+\n$/)
  }
  expect(await verify()).toMatchObject(sound)

  const db = new DatabaseSync(join(environment.COUNTERSIGN_DATA, "countersign.db"), { timeout: 5_000 })
  db.exec("DELETE FROM senders WHERE canonical LIKE 'ada@%'; UPDATE sender_counts SET senders = 7")
  db.close()
  const found = await verify()
  expect(found.code).toBe(1)
  expect(found.stderr).toMatch(/^The store has problems: \d+ problems\.\n$/)
  expect(found.stdout).toContain(`the directory has no row of sender ${id}`)
  expect(found.stdout).toMatch(/^the count of pending senders of kind email of account \S+ is 7 and should be 1$/m)
  const told = await run(["verify", "--json"], environment)
  expect(told.code).toBe(1)
  expect(JSON.parse(told.stdout)).toMatchObject({ problem: expect.arrayContaining([expect.stringContaining(id)]) })

  const rebuilt = await run(["rebuild"], environment)
  expect(rebuilt).toMatchObject({ code: 0, stderr: "" })
  expect(rebuilt.stdout).toMatch(
    /^Compared 3 streams with the log: 2 live senders, 1 row and \d+ index entries corrected\./
  )
  expect(await verify()).toMatchObject(sound)
  expect(JSON.parse((await run(["rebuild", "--json"], environment)).stdout)).toMatchObject({
    corrected: 0,
    repaired: 0,
    problems: 0,
    problem: []
  })
  expect(await current(sandbox)).toMatchObject({ email: "ben@acme.example" })
})

it("says whose a task is", async () => {
  const environment = { COUNTERSIGN_DATA: temporaryFolder() }
  const sandbox = await startSandbox(environment)
  await add(sandbox, "ada@acme.example")
  const { account } = sandbox.overview
  const listed = async (...args: ReadonlyArray<string>) =>
    (await run(["tasks", "list", "--state", "all", "--kind", "link-expiry", ...args], environment)).stdout
  expect(await listed()).toContain(`ada@acme.example of account ${account.id}`)
  expect(JSON.parse(await listed("--json"))).toMatchObject({
    tasks: [{ sender: { account: account.id, address: "ada@acme.example" } }]
  })
})

it("lists, revives and drops tasks, several at a time", async () => {
  const environment = { COUNTERSIGN_DATA: temporaryFolder() }
  const account = await run(["account", "create", "--email", "ops@acme.example"], environment)
  expect(account.code).toBe(0)
  const db = new DatabaseSync(join(environment.COUNTERSIGN_DATA, "countersign.db"))
  for (const number of [1, 2, 3]) {
    db.prepare(
      `INSERT INTO tasks (number, kind, key, state, due, attempts, payload, error, fence)
       VALUES (?, 'probe', ?, 2, 0, 30, '{"account":"a","domain":"acme.example"}', 'no answer', 1)`
    ).run(number, `probe:${number}`)
  }
  db.close()
  const task = (number: number) => `000000000000000${number}`
  const list = async (...args: ReadonlyArray<string>) =>
    JSON.parse((await run(["tasks", "list", "--json", ...args], environment)).stdout)
  expect(await list("--limit", "2")).toMatchObject({
    tasks: [{ id: task(1), key: "probe:1", error: "no answer" }, { id: task(2) }],
    next: task(2)
  })
  expect(await list("--limit", "2", "--after", task(2))).toMatchObject({ tasks: [{ id: task(3) }], next: null })
  expect((await run(["tasks", "list", "--limit", "1"], environment)).stdout).toMatch(
    /probe:1 {2}no answer\n.*--after 0+1\n$/
  )
  expect((await run(["tasks", "list", "--limit", "0"], environment)).stderr).toMatch(/^--limit: /)
  const revived = await run(["tasks", "revive", task(1), task(9), task(2)], environment)
  expect(revived).toMatchObject({
    code: 1,
    stdout: `Task ${task(1)} is due now.\nTask ${task(2)} is due now.\n`,
    stderr: `There is no buried task ${task(9)}.\n`
  })
  expect(await list("--state", "waiting")).toMatchObject({ tasks: [{ attempts: 0, error: null }, { attempts: 0 }] })
  const dropped = await run(["tasks", "drop", "--json", task(1), task(3)], environment)
  expect(dropped).toMatchObject({ code: 0, stdout: `{"dropped":["${task(1)}","${task(3)}"]}\n` })
  expect(await list("--state", "all", "--kind", "probe")).toMatchObject({ tasks: [{ id: task(2) }] })
})
