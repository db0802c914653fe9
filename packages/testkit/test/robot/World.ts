/**
 * A shop's zone with one of the mistakes in it, the panels in which the shop edits it, and the diagnosis that is asked.
 */
import { type DnsPlan, diagnose, makeDnsPlan, neighbourQuestions } from "@countersign/core"
import { DnsTransport, WireResolver } from "@countersign/dns"
import { askNeighbours, DnsResolver, probePlan } from "@countersign/engine"
import { decode, encode } from "dns-packet"
import { Clock, Effect, Layer } from "effect"
import { SimulatedDns, type SimulatedZone } from "../../src/Dns.ts"
import type { Mistake } from "./Mistakes.ts"
import { DnsPanel, type PanelDialect, PanelRefused, type TypedEdit } from "./Panels.ts"

const servers = ["198.51.100.1", "198.51.100.2"] as const
const keysZone = "_domainkey.shop.example"

const recursive = "203.0.113.53"

/** The zone in which our keys are. */
const ours = "dkim.sender.example"

/** The simulated DNS on the way that packets take: an answer takes no time, and silence lasts for ever. */
const transportOf = (dns: SimulatedDns): Layer.Layer<DnsTransport> =>
  Layer.succeed(DnsTransport, {
    exchange: (server, packet, via, accept) =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => {
        const answer = dns.exchange(server.replace(/:53$/, ""), via, packet, at)
        return answer !== undefined && accept(answer) ? Effect.succeed(answer) : Effect.never
      })
  })

/** A panel that shows the CNAME records of the plan, whose switch makes it answer with its own addresses. */
class ProxyingPanel extends DnsPanel {
  readonly #plan: DnsPlan

  constructor(dialect: PanelDialect, zone: SimulatedZone, plan: DnsPlan) {
    super(dialect, zone)
    this.#plan = plan
  }

  override submit(edit: TypedEdit): Effect.Effect<void, PanelRefused> {
    const name = `${edit.host}.${this.zone.apex}`
    const record = this.#plan.records.find((one) => one.name === name)
    if (record === undefined || !this.zone.at(name).some(({ type }) => type === "A")) return super.submit(edit)
    if (edit.type !== "CNAME") return Effect.fail(new PanelRefused({ message: `There is no ${edit.type} record.` }))
    if (edit.action === "add") return Effect.fail(new PanelRefused({ message: "There is a CNAME record already." }))
    return Effect.orDie(Effect.andThen(this.zone.put(name, "A", []), this.zone.put(name, "CNAME", record.value)))
  }
}

/** Makes the zone as it comes of a mistake. */
export const makeWorld = (mistake: Mistake, dialect: PanelDialect) => {
  const dns = new SimulatedDns()
  const names =
    mistake.proxy === undefined
      ? ["ns1.host.example", "ns2.host.example"]
      : ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"]
  const at = servers.map((address, index) => ({
    name: names[index] ?? "",
    address,
    delay: `${index} minutes` as const
  }))
  const domain = mistake.domain ?? "shop.example"
  const plan = makeDnsPlan(domain, ["k1aa11", "k2bb22", "k3cc33"], ours)
  const zone = dns.zone({ name: "shop.example", servers: at })
  const zones = [zone]
  if (mistake.keysDelegated === true) zones.push(dns.zone({ name: keysZone, servers: at }))
  dns.zone({ name: "sender.example", servers: [{ name: "ns1.host.example", address: servers[0] }] })
  const own = dns.zone({
    name: ours,
    servers: [
      { name: `ns1.${ours}`, address: "192.0.2.53" },
      { name: `ns2.${ours}`, address: "192.0.2.54" }
    ]
  })
  const keys = plan.tokens.map((token) => `v=DKIM1; k=rsa; p=${Buffer.from(token).toString("base64")}`)
  for (const [index, { value }] of plan.records.entries()) own.always(value, "TXT", [keys[index] ?? ""])
  dns.resolver(recursive)
  for (const [name, type, ...values] of mistake.published({ plan, domain, zone: zone.apex })) {
    if (mistake.proxy === undefined) zone.always(name, type, values, { allowConflict: true })
    else zone.always(name, "A", mistake.proxy)
  }
  const panels = zones.map((one) =>
    mistake.proxy === undefined ? new DnsPanel(dialect, one) : new ProxyingPanel(dialect, one, plan)
  )
  const diagnosis = Effect.gen(function* () {
    const resolver = yield* DnsResolver
    const evidence = yield* probePlan(resolver, plan, domain)
    const questions = neighbourQuestions({ plan, domain, evidence, kind: "domain" })
    const neighbours = yield* askNeighbours(resolver, domain, questions)
    return diagnose({ plan, domain, evidence, neighbours, kind: "domain" })
  })
  const resolver = Layer.provide(WireResolver.layerTransport({ servers: [`${recursive}:53`], ours }), transportOf(dns))
  /** The keys that a receiver of mail finds at the names of the records. */
  const keysSeen = Effect.map(Clock.currentTimeMillis, (at): ReadonlyArray<string> => {
    dns.flush(recursive)
    return plan.records.map(({ name }) => {
      const question = encode({ type: "query", id: 1, questions: [{ name, type: "TXT" }] })
      const { answers = [] } = decode(dns.exchange(recursive, "tcp", question, at) ?? Buffer.alloc(12))
      const aliases = answers.filter(({ type }) => type === "CNAME")
      // Which of two aliases a resolver takes is chance.
      if (new Set(aliases.map((alias) => alias.name)).size < aliases.length) return "several aliases"
      return answers.flatMap((one) => (one.type === "TXT" ? [[one.data].flat().join("")] : [])).join()
    })
  })
  return { keys, keysSeen, panels, diagnose: Effect.orDie(Effect.provide(diagnosis, resolver)) }
}
