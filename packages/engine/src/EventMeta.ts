/**
 * What is kept beside every event: who caused it, by which command, for which request.
 */
import { Schema } from "effect"

/** `actor` is whoever the caller says it is, for example `key:<id>`, `mailbox`, `operator` or `worker`. */
const EventMeta = Schema.Struct({ actor: Schema.String, command: Schema.String, correlation: Schema.String })
export type EventMeta = typeof EventMeta.Type

/** As it is stored: a JSON text. */
export const encodeEventMeta = ({ actor, command, correlation }: EventMeta): string =>
  JSON.stringify({ actor, command, correlation })

/** We wrote it ourselves: one that cannot be read is a broken store. */
export const decodeEventMeta = Schema.decodeUnknownEffect(Schema.fromJsonString(EventMeta))
