/**
 * `dns explain`: why the records of a domain are, or are not, right. It shows what the last probe of a sender's domain
 * saw; given a plan by hand, it needs no store and probes at once.
 */
import { DnsRecord, type DomainName, makeDnsPlan, neighbourQuestions, parseDkimZone, planKey } from "@countersign/core"
import { askNeighbours, DnsResolver, dnsReport, makeSenderDns, probePlan } from "@countersign/engine"
import { Clock, Effect, Option, References, Result, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { json, optionalText, say } from "./CommandAnswers.ts"
import { type Explained, explanationLines, explanationView } from "./DnsExplanation.ts"
import { OperatorError } from "./OperatorError.ts"
import { domainOf, findSenders, ofAccount } from "./SenderLookup.ts"
import { storeWithExecutor } from "./Store.ts"
import { terminalPaint } from "./Terminal.ts"

const planFile = Schema.Struct({ records: Schema.NonEmptyArray(DnsRecord) })
const planForm = 'JSON of the form {"records":[{"type":"CNAME","name":"...","value":"..."}]}'

const planFlags = {
  tokens: optionalText("tokens", "Without a store: the DKIM selectors, separated by commas; needs --zone"),
  zone: optionalText("zone", "Without a store: the zone that the records of --tokens point to"),
  plan: Flag.FileSchema("plan", planFile, { format: "json", errorFormatter: () => planForm }).pipe(
    Flag.withDescription("Without a store: a JSON file with the records, as GET /v1/senders/{id}/dns answers them"),
    Flag.optional
  )
}

interface PlanFlags {
  readonly tokens: Option.Option<string>
  readonly zone: Option.Option<string>
  readonly plan: Option.Option<typeof planFile.Type>
}

const dnsExplain = Command.make(
  "explain",
  {
    subject: Argument.String("subject").pipe(Argument.withDescription("A domain, or the address or id of a sender")),
    account: ofAccount,
    ...planFlags,
    json
  },
  Effect.fn(function* ({ subject, account, json, ...flags }) {
    const explained = [flags.tokens, flags.zone, flags.plan].some((flag) => Option.isSome<unknown>(flag))
      ? [yield* explainPlan(subject, flags)]
      : yield* Effect.provide(explainSenders(subject, account), storeWithExecutor)
    const shown = explained.map((one) => explanationLines(one, terminalPaint).join("\n"))
    yield* say(json, { explained: explained.map(explanationView) }, shown.join("\n\n"))
  })
).pipe(Command.withDescription("Explain what is published for a domain, what is wrong and how to mend it"))

/** One explanation for each plan: the senders of an account on a domain share theirs, as a rule. */
const explainSenders = Effect.fnUntraced(function* (named: string, account: Option.Option<string>) {
  const dns = yield* makeSenderDns
  const alike = Map.groupBy(yield* findSenders(named, account), ({ account, plan }) => `${account} ${planKey(plan)}`)
  const explained: Array<Explained> = []
  for (const senders of alike.values()) {
    const [first] = senders
    if (first !== undefined) explained.push({ report: yield* dns({ account: first.account, id: first.id }), senders })
  }
  return explained
})

const refuse = (message: string) => Effect.fail(new OperatorError({ message }))

/** Probes a plan as the workers do, and reports on it. */
const explainPlan = Effect.fnUntraced(function* (named: string, flags: PlanFlags) {
  const domain = yield* domainOf(named, `"${named}"`)
  const plan = yield* planOf(domain, flags)
  // Loaded for this alone: the other commands start without a resolver.
  const { resolverConfig, resolverLayer } = yield* Effect.promise(() => import("./ServeConfig.ts"))
  const probed = Effect.gen(function* () {
    const resolver = yield* DnsResolver
    const at = yield* Clock.currentTimeMillis
    const evidence = yield* probePlan(resolver, plan, domain)
    const neighbours = yield* askNeighbours(resolver, domain, neighbourQuestions({ plan, domain, evidence }))
    const seen = { at, evidence, neighbours, since: {}, streak: [] }
    const report = dnsReport({ plan, kind: "domain", domain, domainState: "pending" }, seen, undefined)
    return { report, senders: [] } satisfies Explained
  })
  return yield* probed.pipe(
    Effect.provide(resolverLayer(yield* resolverConfig, { ours: plan.zone })),
    // The explanation says it all.
    Effect.provideService(References.MinimumLogLevel, "None")
  )
})

const planOf = Effect.fnUntraced(function* (domain: DomainName, { tokens, zone, plan }: PlanFlags) {
  if (Option.isSome(plan)) return { zone: "", tokens: [], records: plan.value.records }
  if (Option.isNone(tokens) || Option.isNone(zone)) return yield* refuse("--tokens and --zone belong together.")
  const target = parseDkimZone(zone.value)
  if (Result.isFailure(target)) return yield* refuse(`--zone ${target.failure}.`)
  return makeDnsPlan(domain, tokens.value.toLowerCase().split(/[\s,]+/), target.success)
})

/** `dns`. */
export const dnsCommand = Command.make("dns").pipe(
  Command.withDescription("What the DNS says about the records of a domain"),
  Command.withSubcommands([dnsExplain])
)
