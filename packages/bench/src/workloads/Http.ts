/**
 * Requests per second at 32 connections: POST and GET of an email address, beside a bare `node:http` handler that
 * writes one row with the same durability, or reads one.
 */
import { join } from "node:path"
import { atLeast, type Figure } from "../Figure.ts"
import { alternate, perSecond, ratio } from "../Measure.ts"
import { load } from "../processes/Load.ts"
import { type ServerProcess, startServer } from "../processes/ServerProcess.ts"
import type { Scale, Workload } from "../Workload.ts"

const connections = 32

export const http: Workload = {
  name: "http",
  run: async ({ folder, progress, scale }) => {
    const ours = await startServer(new URL("../processes/OurServer.ts", import.meta.url), join(folder, "ours-http.db"))
    const raw = await startServer(new URL("../processes/RawServer.ts", import.meta.url), join(folder, "raw-http.db"))
    try {
      const figures: Array<Figure> = []
      for (const method of ["POST", "GET"] as const) {
        progress(`http: ${method} at ${connections} connections`)
        figures.push(await measure(method, { ours, raw }, scale))
      }
      return figures
    } finally {
      await ours.stop()
      await raw.stop()
    }
  }
}

const measure = async (
  method: "GET" | "POST",
  servers: { readonly ours: ServerProcess; readonly raw: ServerProcess },
  { http: { rounds, seconds } }: Scale
): Promise<Figure> => {
  let loads = 0
  const under =
    ({ greeting, url }: ServerProcess) =>
    () => {
      loads += 1
      return load({
        url: `${url}/v1/email-address`,
        method,
        headers: greeting.token === undefined ? {} : { authorization: greeting.token },
        connections,
        until: { seconds },
        label: `load-${loads}`
      })
    }
  const series = await alternate({ ours: under(servers.ours), raw: under(servers.raw) }, rounds)
  const quotient = ratio(series.ours, series.raw)
  return {
    workload: `${method} /v1/email-address, ${connections} connections`,
    ours: perSecond(series.ours),
    raw: perSecond(series.raw),
    ratio: quotient,
    aims: [atLeast(quotient, 0.5, "ratio >= 0.5")]
  }
}
