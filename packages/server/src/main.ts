import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { commandLine, teardown } from "./CommandLine.ts"
import { endAtOnceWhenAskedTwice, endOnHangUp, endWithTheReader, openNoDebugger } from "./Signals.ts"

endAtOnceWhenAskedTwice()
endOnHangUp()
openNoDebugger()
endWithTheReader()
NodeRuntime.runMain(Effect.provide(commandLine, NodeServices.layer), { disableErrorReporting: true, teardown })
