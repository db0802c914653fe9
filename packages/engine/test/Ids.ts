/**
 * Texts as ids, for tests that do not care how an id looks.
 */
import type { SenderId } from "@countersign/core"
import { Brand } from "effect"

export const senderId = Brand.nominal<SenderId>()
