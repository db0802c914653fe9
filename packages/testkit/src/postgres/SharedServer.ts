/**
 * One server of each version per test run, started when the first test file asks for it. The files run in processes of
 * their own, so they ask the one process that lives as long as the run: VitestSetup serves there, and this is the
 * question.
 */
import { createServer } from "node:http"
import { findPostgres, type PostgresMajor, postgresMajors } from "./Installation.ts"
import { PostgresCluster } from "./PostgresCluster.ts"
import { type PostgresAddress, PostgresServer } from "./PostgresServer.ts"

/** What the run's process answers for a version. */
type Reply = { readonly address: PostgresAddress } | { readonly fault: string }

/** Serves the addresses of the run's servers, and says loudly, once, what is not here. */
export const serveSharedServers = async (): Promise<{ readonly url: string; readonly close: () => Promise<void> }> => {
  const clusters = new Map<PostgresMajor, Promise<PostgresCluster>>()
  const clusterOf = (major: PostgresMajor): Promise<PostgresCluster> => {
    const cluster = clusters.get(major) ?? PostgresCluster.make({ major })
    clusters.set(major, cluster)
    return cluster
  }
  const replyTo = async (path: string): Promise<Reply> => {
    const major = postgresMajors.find((each) => path === `/${each}`)
    if (major === undefined) return { fault: `no tests run on PostgreSQL ${path}` }
    try {
      return { address: (await clusterOf(major)).address }
    } catch (cause) {
      return { fault: cause instanceof Error ? cause.message : String(cause) }
    }
  }
  const service = createServer((request, response) => {
    void replyTo(request.url ?? "").then((reply) => response.end(JSON.stringify(reply)))
  })
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve))
  const address = service.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const close = async () => {
    service.closeAllConnections()
    service.close()
    const started = await Promise.allSettled(clusters.values())
    await Promise.all(started.map((each) => (each.status === "fulfilled" ? each.value.close() : undefined)))
  }
  return { url: `http://127.0.0.1:${port}`, close }
}

/** The server of the run, when `url` says where to ask; else one that this process starts and takes with it. */
export const sharedServer = async (major: PostgresMajor, url: string | undefined): Promise<PostgresServer> => {
  if (url === undefined) return PostgresCluster.make({ major })
  // Written by `serveSharedServers`, of the same package.
  const reply = (await (await fetch(`${url}/${major}`)).json()) as Reply
  if ("fault" in reply) throw new Error(reply.fault)
  return new PostgresServer(reply.address)
}

/** One line for each version that is not here; they go to the output of the run. */
export const missingVersions = (): ReadonlyArray<string> =>
  postgresMajors.flatMap((major) => {
    const found = findPostgres(major)
    return "reason" in found ? [`NOT TESTED: ${found.reason}`] : []
  })
