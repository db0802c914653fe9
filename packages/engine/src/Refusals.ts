/**
 * The refusals of a sender's decider, for those who ask what it never refuses.
 */
import type { Rejection } from "@countersign/core"
import { Effect } from "effect"

/** A refusal that the command cannot meet is a fault. Take out the ones that it can. */
export const neverRefused = {
  SenderNotFound: Effect.die,
  TooSoon: Effect.die,
  LinkVoid: Effect.die,
  LinkExpired: Effect.die,
  LinkDeclined: Effect.die
} satisfies { readonly [Tag in Rejection["_tag"]]: unknown }

/** Nor can one without an idempotency key be a repetition. */
export const neverRepeated = { CommandIdReused: Effect.die, CommandInFlight: Effect.die }
