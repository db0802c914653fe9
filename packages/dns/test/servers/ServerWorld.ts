/**
 * A small internet of real name servers: two that a customer's zones are at (BIND and NSD), another provider's (NSD),
 * one for the root and the top level domains (BIND), and a recursive resolver with its cache (Unbound). All of them are
 * child processes; they and their folder are gone when the scope closes.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { WireResolver } from "@countersign/dns"
import { Context, Effect, Layer, type Scope } from "effect"
import { namedConf, nsdConf, unboundConf } from "./Configurations.ts"
import { Daemon, freePort, loopback } from "./Daemon.ts"
import { askServer, serialAt, until } from "./DirectQuestion.ts"
import { addresses, type HostName, hostNames, programOf } from "./Hosts.ts"
import { type Program, pathOf } from "./Programs.ts"
import { sign } from "./Signing.ts"
import { resolvedFrom, serversOf, withParents, type Zone, zoneText } from "./Zones.ts"

export class ServerWorld extends Context.Service<
  ServerWorld,
  {
    /** Where the recursive resolver is. */
    readonly resolver: number
    /** Where the host of an address really is, as `host:port`. */
    readonly route: (address: string) => string | undefined
    readonly port: (host: HostName) => number
    /** Adds lines to the zone, and waits until its servers have them: all of them, or these. */
    readonly publish: (apex: string, lines: ReadonlyArray<string>, at?: ReadonlyArray<HostName>) => Effect.Effect<void>
    /** With its cache. */
    readonly kill: (server: HostName | "resolver") => Effect.Effect<void>
    readonly start: (server: HostName | "resolver") => Effect.Effect<void>
  }
>()("countersign/test/ServerWorld") {
  /** The world, and the resolver of the product over it. `ours` is the zone that the records point into. */
  static readonly layer = (zones: ReadonlyArray<Zone>, ours: string) =>
    Layer.unwrap(
      Effect.map(makeWorld(zones), (world) =>
        Layer.merge(
          Layer.succeed(ServerWorld, world),
          Layer.orDie(WireResolver.layer({ servers: [`${loopback}:${world.resolver}`], route: world.route, ours }))
        )
      )
    )
}

const makeWorld = (given: ReadonlyArray<Zone>): Effect.Effect<ServerWorld["Service"], never, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "countersign-servers-"))),
      (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true, maxRetries: 5 }))
    )
    /** A copy: AppArmor keeps the programs in their own places from reading anything here. */
    const copyOf = (program: Program) => {
      const copy = join(folder, program)
      if (!existsSync(copy)) copyFileSync(pathOf(program), copy)
      return copy
    }
    const zones = withParents(given)
    const serials = new Map<string, number>()
    const trustAnchors: Array<string> = []
    const fileOf = (apex: string) => join(folder, `${apex === "." ? "root" : apex}.zone`)

    const write = (zone: Zone) => {
      const serial = (serials.get(zone.apex) ?? 0) + 1
      serials.set(zone.apex, serial)
      writeFileSync(fileOf(zone.apex), zoneText(zone, serial))
    }
    for (const zone of zones) {
      write(zone)
      if (zone.signed !== undefined) trustAnchors.push(sign(folder, zone.apex, fileOf(zone.apex), zone.signed))
    }

    const isServed = (port: number, of: ReadonlyArray<Zone>) =>
      Effect.map(
        Effect.forEach(of, ({ apex }) => Effect.map(serialAt(port, apex), (serial) => serial === serials.get(apex))),
        (each) => each.every((is) => is)
      )

    const startHost = Effect.fnUntraced(function* (host: HostName) {
      const port = yield* freePort
      const program = programOf[host]
      const home = mkdtempSync(join(folder, `${host}-`))
      const own = zones.filter((zone) => serversOf(zone).includes(host))
      const served = own.map(({ apex }) => ({ apex, file: fileOf(apex) }))
      const file = join(home, "server.conf")
      writeFileSync(file, program === "named" ? namedConf(home, port, served) : nsdConf(home, port, served))
      const args = program === "named" ? ["-g", "-4", "-n", "1", "-c", file] : ["-d", "-c", file]
      return yield* Daemon.make({ program: copyOf(program), args, port, isReady: isServed(port, own) })
    })

    const daemons = new Map<HostName, Daemon>()
    for (const host of hostNames) daemons.set(host, yield* startHost(host))
    const daemon = (host: HostName): Daemon => {
      const found = daemons.get(host)
      if (found === undefined) throw new Error(`there is no host ${host}`)
      return found
    }

    const startResolver = Effect.gen(function* () {
      const port = yield* freePort
      const home = mkdtempSync(join(folder, "unbound-"))
      const file = join(home, "unbound.conf")
      const stubs = zones.map((zone) => ({
        apex: zone.apex,
        ports: resolvedFrom(zone).map((host) => daemon(host).port)
      }))
      writeFileSync(file, unboundConf(home, port, stubs, trustAnchors))
      // It answers for the root, and so it has found a server that was started before.
      const isReady = Effect.map(serialAt(port, "."), (serial) => serial !== undefined)
      return yield* Daemon.make({ program: copyOf("unbound"), args: ["-d", "-c", file], port, isReady })
    })
    const resolver = yield* startResolver

    return ServerWorld.of({
      resolver: resolver.port,
      route: (address) => {
        const host = hostNames.find((name) => addresses[name] === address)
        return host === undefined ? undefined : `${loopback}:${daemon(host).port}`
      },
      port: (host) => daemon(host).port,
      publish: Effect.fnUntraced(function* (apex, lines, at) {
        const zone = zones.find((each) => each.apex === apex)
        if (zone === undefined) return yield* Effect.die(new Error(`there is no zone ${apex}`))
        write({ ...zone, lines: [...(zone.lines ?? []), ...lines] })
        const servers = (at ?? serversOf(zone)).map(daemon)
        for (const each of servers) yield* each.reload
        for (const each of servers) yield* until(() => `${apex} is published`, isServed(each.port, [zone]))
      }),
      kill: (server) => (server === "resolver" ? resolver : daemon(server)).kill,
      start: (server) => (server === "resolver" ? resolver : daemon(server)).start
    })
  })

/** What the recursive resolver says to somebody else. */
export const askResolver = (name: string, type: "CNAME" | "TXT" = "CNAME") =>
  Effect.flatMap(ServerWorld, ({ resolver }) => askServer(resolver, name, type))
