/**
 * The `Idempotency-Key` header as every definition describes it. No server in here; a client may import it.
 */
import { Schema } from "effect"

export const idempotencyHeader = {
  "idempotency-key": Schema.optionalKey(
    Schema.String.check(Schema.isMinCodePoints(1), Schema.isMaxCodePoints(255)).annotate({
      description:
        "Makes the call repeatable for 24 hours: the same key with the same body answers the first outcome; with another body 422, while the first is still in flight 409. Counts per account, method and path.",
      examples: ["8e03978e-40d5-43dd-bc93-6894a57f9324"]
    })
  )
}
