/**
 * The `Idempotency-Key` header as every definition describes it. No server in here; a client may import it.
 */
import { Schema } from "effect"

export const idempotencyHeader = {
  "idempotency-key": Schema.optionalKey(
    Schema.String.check(Schema.isPattern(/^[\x20-\x7e]{1,255}$/u)).annotate({
      description:
        "1 to 255 printable ASCII characters. Makes the call repeatable for 24 hours: the same key with the same body answers the first outcome; with another body 422, while the first is still in flight 409. Counts per account, method and path.",
      examples: ["8e03978e-40d5-43dd-bc93-6894a57f9324"]
    })
  )
}
