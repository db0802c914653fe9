/**
 * What the probe task of a domain knows: read by whoever shows it or compares with it.
 */
import { type ProbeRecord, taskPayloads } from "@countersign/core"
import { Schema } from "effect"
import type { TaskRecord } from "../ports/TaskQueue.ts"

/** The least time between two looks at a domain's neighbours while nothing changes, in milliseconds. */
export const neighbourSpacing = 60 * 60 * 1_000

const decode = Schema.decodeUnknownOption(taskPayloads.probe)

/** What is known from the probes so far, by the key of the plan; `undefined` before the first. */
export const readProbed = ({ payload }: TaskRecord): { readonly [plan: string]: ProbeRecord } | undefined => {
  const read = decode(payload)
  return read._tag === "Some" ? read.value.probed : undefined
}
