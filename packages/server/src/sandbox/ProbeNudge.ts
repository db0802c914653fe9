/**
 * Probes a domain at once when its DNS was changed in the sandbox. It only makes the domain's own probe task due; what
 * the probe finds counts as it would have later.
 */
import { probeTask } from "@countersign/core"
import { AccountAdmin, SenderDirectory, TaskQueue } from "@countersign/engine"
import { Clock, Effect } from "effect"

/** The name and every name above it that has at least two labels, the longest first. */
export const domainsAbove = (name: string): ReadonlyArray<string> => {
  const labels = name.toLowerCase().replace(/\.$/, "").split(".")
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join("."))
}

/** Makes due the probes of all live senders, of any account, whose domain the changed name is in. */
export const nudgeProbes = Effect.fn("nudgeProbes")(function* (name: string) {
  const { listAccounts } = yield* AccountAdmin
  const directory = yield* SenderDirectory
  const queue = yield* TaskQueue
  for (const account of yield* listAccounts) {
    for (const domain of domainsAbove(name)) {
      const [sender] = yield* directory.onDomain(account.id, domain, 0, 1)
      if (sender === undefined) continue
      yield* queue.put(probeTask(sender.account, sender.domain, yield* Clock.currentTimeMillis, 0))
    }
  }
})
