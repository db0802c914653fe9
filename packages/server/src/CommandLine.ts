/**
 * The command line, `countersign`: its commands, and how they end. Whatever goes wrong is one sentence on standard
 * error and exit code 1.
 */
import { Cause, Console, Effect, Exit, type Runtime } from "effect"
import { CliConfig, CliOutput, Command, Flag, GlobalFlag } from "effect/cli"
import { logConfig, variables } from "./Config.ts"
import { Logging } from "./Logging.ts"
import { operatorCommands } from "./OperatorCommands.ts"
import { OperatorError } from "./OperatorError.ts"
import { outliveTheReader } from "./Signals.ts"

const settings = variables.map(({ name, byDefault }) => `    ${name.padEnd(24)}${byDefault.replaceAll("`", "")}`)

const serve = Command.make(
  "serve",
  {
    sandbox: Flag.Boolean("sandbox").pipe(
      Flag.withDescription(
        "Serve on this machine only, with a mail server, a DNS server and a demo account of its own"
      ),
      Flag.withDefault(false)
    ),
    apiOnly: Flag.Boolean("api-only").pipe(
      Flag.withDescription("Serve requests; leave mail, probes and expiry to other processes on the same store"),
      Flag.withDefault(false)
    ),
    workerOnly: Flag.Boolean("worker-only").pipe(
      Flag.withDescription("Send mail, probe domains and expire links; serve only /health, /ready and /metrics"),
      Flag.withDefault(false)
    ),
    relay: Flag.Boolean("relay").pipe(
      Flag.withDescription("Also take mail over SMTP, sign it and pass it to the mail server; the sandbox always does"),
      Flag.withDefault(false)
    )
  },
  Effect.fn(function* ({ sandbox, apiOnly, workerOnly, relay }) {
    if ([sandbox, apiOnly, workerOnly].filter(Boolean).length > 1) {
      return yield* new OperatorError({
        message: "--sandbox, --api-only and --worker-only cannot be combined: give at most one."
      })
    }
    outliveTheReader()
    const log = yield* logConfig(process.stdout.isTTY === true)
    // Loaded for this command only: the others start faster without a server.
    const { serve, serveSandbox } = yield* Effect.promise(() => import("./Serve.ts"))
    const part = apiOnly ? "api" : workerOnly ? "workers" : "all"
    yield* Effect.provide(sandbox ? serveSandbox : serve(part, relay), Logging.layer(log))
  })
).pipe(
  Command.withDescription(
    ["Run the server", "", "  Settings are environment variables, listed with their defaults:", ...settings].join("\n")
  ),
  Command.withShortDescription("Run the server")
)

const countersign = Command.make("countersign").pipe(
  Command.withDescription("Proves that a customer may send mail from their own address"),
  Command.withSubcommands([serve, ...operatorCommands])
)

const presenter = CliOutput.layerPresenter({
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Console.error(
          `${event.errors.map(({ message }) => asSentence(message)).join(" ")} See \`${event.commandPath.join(" ")} --help\`.`
        )
      : CliOutput.defaultPresenter.present(event)
})

// Not `--log-level`: LOG_LEVEL says it.
const flags = CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] })

/** The whole program. It fails only after the reason was said. */
export const commandLine = countersign.pipe(
  Command.run({ version: "0.0.0" }),
  Effect.provide([presenter, flags]),
  Effect.tapCause((cause) => {
    const sentence = sentenceOf(cause)
    return sentence === undefined ? Effect.void : Console.error(sentence)
  })
)

/** What is said about the end; nothing when it was told to stop, or when the presenter has said it. */
const sentenceOf = (cause: Cause.Cause<unknown>): string | undefined => {
  if (Cause.hasInterruptsOnly(cause)) return undefined
  const failure = cause.reasons.find(Cause.isFailReason)
  if (failure === undefined) return `countersign has a fault of its own; please report it:\n${Cause.pretty(cause)}`
  const { error } = failure
  if (typeof error === "object" && error !== null && "_tag" in error && error._tag === "ShowHelp") return undefined
  return asSentence(error instanceof Error ? error.message : String(error))
}

const asSentence = (message: string): string =>
  `${message.slice(0, 1).toUpperCase()}${message.slice(1)}${/[.!?)]$/.test(message) ? "" : "."}`

/** 0 when it ended by itself or was told to stop, else 1. */
export const teardown: Runtime.Teardown = (exit, onExit) =>
  onExit(Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause) ? 1 : 0)
