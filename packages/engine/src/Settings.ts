/**
 * What the engine has to be told by whoever runs it.
 */
import type { LinkKeys } from "@countersign/core"
import { Context } from "effect"

/** What holds for the whole installation. */
export class Settings extends Context.Service<
  Settings,
  {
    /** Where the confirmation pages are reached, without a trailing slash. The only source of a link's host. */
    readonly publicUrl: string
    /** Keys of verification links, the newest first. */
    readonly linkKeys: LinkKeys
    /** Whether names under `.test` and `.example` are allowed. For the sandbox only. */
    readonly allowTestNames: boolean
  }
>()("countersign/Settings") {}

/**
 * How often the workers look at the task queue when nothing wakes them, in milliseconds: no work depends on a hint of
 * the storage's. A store that is watched by no other process may be looked at less often.
 */
export class SlowPoll extends Context.Reference<number>("countersign/SlowPoll", { defaultValue: () => 30_000 }) {}
