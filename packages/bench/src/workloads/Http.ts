/**
 * Requests per second at 32 connections: POST and GET of an email address, beside a bare `node:http` handler that
 * writes one row with the same durability, or reads one; and GET beside a Fastify application that does the same work
 * over the same store. Then GET through the `fetch` handler, without a socket.
 */
import { join } from "node:path"
import { toFetchHandler } from "@countersign/http"
import { atLeast, type Figure } from "../Figure.ts"
import { alternate, type Contender, perSecond, ratio, type Series } from "../Measure.ts"
import { load } from "../processes/Load.ts"
import { openApplication } from "../processes/OurApplication.ts"
import { type ServerProcess, startServer } from "../processes/ServerProcess.ts"
import type { Surroundings, Workload } from "../Workload.ts"

const connections = 32

export const http: Workload = {
  name: "http",
  run: async (surroundings) => [...(await overSockets(surroundings)), await withoutSocket(surroundings)]
}

const overSockets = async ({ folder, progress, scale }: Surroundings): Promise<ReadonlyArray<Figure>> => {
  const { rounds, seconds } = scale.http
  const file = join(folder, "ours-http.db")
  const ours = await startServer(new URL("../processes/OurServer.ts", import.meta.url), file)
  const raw = await startServer(new URL("../processes/RawServer.ts", import.meta.url), join(folder, "raw-http.db"))
  const fastify = await startServer(new URL("../processes/FastifyServer.ts", import.meta.url), file)
  const { token = "" } = ours.greeting
  let loads = 0
  const under =
    (method: "GET" | "POST", { url }: ServerProcess): Contender =>
    () => {
      loads += 1
      return load({
        url: `${url}/v1/email-address`,
        method,
        headers: { authorization: token },
        connections,
        until: { seconds },
        label: `load-${loads}`
      })
    }
  try {
    progress(`http: POST at ${connections} connections`)
    const post = await alternate({ ours: under("POST", ours), raw: under("POST", raw) }, rounds)
    progress(`http: GET at ${connections} connections`)
    const get = await alternate(
      { ours: under("GET", ours), raw: under("GET", raw), fastify: under("GET", fastify) },
      rounds
    )
    return [
      figure(`POST /v1/email-address, ${connections} connections`, post.ours, post.raw, 0.5),
      figure(`GET /v1/email-address, ${connections} connections`, get.ours, get.raw, 0.5),
      figure("the same, beside Fastify over the same store", get.ours, get.fastify, 0.8)
    ]
  } finally {
    await fastify.stop()
    await raw.stop()
    await ours.stop()
  }
}

const figure = (workload: string, ours: Series, raw: Series, aim: number): Figure => {
  const quotient = ratio(ours, raw)
  return {
    workload,
    ours: perSecond(ours),
    raw: perSecond(raw),
    ratio: quotient,
    aims: [atLeast(quotient, aim, `ratio >= ${aim}`)]
  }
}

/** One request after another: nothing but the handler and its web-standard requests and responses. */
const withoutSocket = async ({ folder, progress, scale }: Surroundings): Promise<Figure> => {
  progress("http: GET by fetch")
  const { close, handler, token } = await openApplication(join(folder, "fetch.db"), toFetchHandler())
  const url = "http://127.0.0.1/v1/email-address"
  const authorization = { authorization: token }
  const answered = async (request: Request) => {
    const response = await handler(request)
    if (response.status !== 200) throw new Error(`answered ${response.status}`)
    await response.text()
  }
  await answered(
    new Request(url, {
      method: "POST",
      headers: { ...authorization, "content-type": "application/json" },
      body: JSON.stringify({ email: "billing@example.com" })
    })
  )
  const round: Contender = async () => {
    const latencies: Array<number> = []
    const began = performance.now()
    let last = began
    while (last - began < scale.http.seconds * 1_000) {
      await answered(new Request(url, { headers: authorization }))
      const now = performance.now()
      latencies.push(now - last)
      last = now
    }
    return {
      operations: latencies.length,
      seconds: (last - began) / 1_000,
      latencies: Float64Array.from(latencies)
    }
  }
  const { ours } = await alternate({ ours: round }, scale.http.rounds)
  await close()
  return { workload: "the same through fetch, without a socket", ours: perSecond(ours), aims: [] }
}
