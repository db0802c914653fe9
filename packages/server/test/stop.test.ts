import { existsSync, readdirSync } from "node:fs"
import { createServer, request } from "node:http"
import { createConnection } from "node:net"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { start, temporaryFolder, until } from "./Program.ts"
import { startSandbox, stopped } from "./Sandbox.ts"

it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
  "ends with exit code 0 on %s, and its temporary folder goes",
  async (signal) => {
    const temporary = temporaryFolder()
    const sandbox = await startSandbox({ TMPDIR: temporary })
    const folder = await until("the folder", () => {
      return readdirSync(temporary).find((name) => name.startsWith("countersign-sandbox-"))
    })
    sandbox.kill(signal)
    expect(await sandbox.ended).toMatchObject({ code: 0, stderr: "" })
    expect(existsSync(join(temporary, folder))).toBe(false)
  }
)

it("opens no debugger on SIGUSR1", async () => {
  const sandbox = await startSandbox()
  sandbox.kill("SIGUSR1")
  // A signal and a request arrive in no order: the debugger would be there before the second of them ends.
  for (let turn = 0; turn < 20; turn++) expect((await fetch(`${sandbox.url}/health`)).status).toBe(200)
  const ended = await stopped(sandbox)
  expect(ended).toMatchObject({ code: 0, stderr: "" })
})

it("finishes the requests in flight, and takes no new ones", async () => {
  const sandbox = await startSandbox()
  const { port } = new URL(sandbox.url)
  const body = JSON.stringify({ email: "ada@shop.example" })
  const answer = new Promise<number>((resolve, reject) => {
    const post = request(`${sandbox.url}/v1/email-address`, {
      method: "POST",
      headers: {
        authorization: sandbox.overview.accessToken,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        expect: "100-continue"
      }
    })
    post.once("error", reject)
    post.once("response", (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    // The server asks for the body, so it has begun with the request; the body comes when it was told to stop.
    post.once("continue", () => {
      sandbox.kill("SIGTERM")
      until("a closed port", () => refuses(Number(port))).then(() => post.end(body), reject)
    })
    post.flushHeaders()
  })
  expect(await answer).toBe(200)
  expect(await sandbox.ended).toMatchObject({ code: 0 })
})

const refuses = (port: number): Promise<true | undefined> =>
  new Promise((resolve) => {
    const socket = createConnection({ port, host: "127.0.0.1" })
    socket.once("error", () => resolve(true))
    socket.once("connect", () => {
      socket.destroy()
      resolve(undefined)
    })
  })

it("ends at once when it is asked twice", async () => {
  const sandbox = await startSandbox()
  const { port } = new URL(sandbox.url)
  const half = createConnection({ port: Number(port), host: "127.0.0.1" })
  onTestFinished(() => void half.destroy())
  half.on("error", () => undefined)
  half.write("POST /v1/email-address HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\n{")
  await until("the request to be in flight", async () => ((await fetch(`${sandbox.url}/health`)).ok ? true : undefined))
  sandbox.kill("SIGINT")
  await until("a closed port", () => refuses(Number(port)))
  // Signals within half a second count as one: npm passes on what the terminal has sent already.
  await new Promise((resolve) => setTimeout(resolve, 600))
  sandbox.kill("SIGINT")
  expect(await sandbox.ended).toMatchObject({ code: 130 })
})

it("says in one sentence that the port is taken", async () => {
  const other = createServer()
  onTestFinished(() => void other.close())
  const port = await new Promise<number>((resolve) => {
    other.listen(0, "127.0.0.1", () => {
      const address = other.address()
      resolve(typeof address === "object" && address !== null ? address.port : 0)
    })
  })
  const ended = await start(["serve", "--sandbox"], { PORT: String(port) }).ended
  expect(ended).toMatchObject({ code: 1, stdout: "" })
  expect(ended.stderr).toBe(
    `PORT ${port} on 127.0.0.1 is in use: stop what listens there, or set PORT to another one.\n`
  )
})

it("lets one sandbox at a time work in a folder, and is not kept out by one that was killed", async () => {
  const environment = { COUNTERSIGN_DATA: temporaryFolder() }
  const first = await startSandbox(environment)
  const second = await start(["serve", "--sandbox"], { PORT: "0", ...environment }).ended
  expect(second).toMatchObject({ code: 1, stdout: "" })
  expect(second.stderr).toMatch(/^Another sandbox is running on COUNTERSIGN_DATA [^\n]+\.\n$/)
  first.kill("SIGKILL")
  await first.ended
  const third = await startSandbox(environment)
  expect(third.overview.account).toEqual(first.overview.account)
  expect((await stopped(third)).code).toBe(0)
})
