/**
 * Resident memory: of an idle `countersign serve --sandbox`, and of our server before, half-way and after 100,000
 * senders were added over HTTP. That it does not follow the number of senders shows in the second half: by then the
 * caches are full.
 */
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { below, type Figure } from "../Figure.ts"
import { load } from "../processes/Load.ts"
import { type ServerProcess, startSandbox, startServer } from "../processes/ServerProcess.ts"
import type { Workload } from "../Workload.ts"

/** After which a server that was busy is idle: its garbage is collected, its log is copied. */
const settling = 1_000

export const memory: Workload = {
  name: "memory",
  run: async ({ folder, progress, scale }) => {
    progress("memory: an idle sandbox")
    const sandbox = await startSandbox().then(async (server) => {
      const idle = await settled(server)
      await server.stop()
      return idle
    })
    const server = await startServer(new URL("../processes/OurServer.ts", import.meta.url), join(folder, "memory.db"))
    try {
      const idle = await settled(server)
      const half = Math.floor(scale.senders / 2)
      progress(`memory: ${half.toLocaleString("en")} senders are added`)
      await addSenders(server, half, "first")
      const halfway = await settled(server)
      progress("memory: as many again")
      await addSenders(server, half, "second")
      const full = await settled(server)
      const growth = ((full - halfway) * 1e6) / half
      return [
        figure("resident memory, idle `countersign serve --sandbox`", sandbox, [below(sandbox, 120, "< 120 MB")]),
        figure("resident memory, idle server without workers", idle),
        figure(`the same after ${half.toLocaleString("en")} senders were added`, halfway),
        figure(
          `the same after ${(2 * half).toLocaleString("en")} (${growth.toFixed(0)} bytes per sender in the second half)`,
          full,
          [
            // A sender takes some 3,000 bytes in the store: a process that kept them would show it.
            below(growth, 300, "< 300 bytes per sender")
          ]
        )
      ]
    } finally {
      await server.stop()
    }
  }
}

const figure = (workload: string, megabytes: number, aims: Figure["aims"] = []): Figure => ({
  workload,
  ours: { value: megabytes, unit: "MB" },
  aims
})

const settled = async (server: ServerProcess): Promise<number> => {
  await pause(settling)
  return server.residentMegabytes()
}

const addSenders = ({ greeting, url }: ServerProcess, senders: number, label: string) =>
  load({
    url: `${url}/v1/email-address`,
    method: "POST",
    headers: { authorization: greeting.token ?? "" },
    connections: 64,
    until: { requests: senders },
    label
  })
