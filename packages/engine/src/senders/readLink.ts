/**
 * What the page of a link shows. Changes nothing.
 */
import type { Sender } from "@countersign/core"
import { Effect } from "effect"
import { LinkRefused } from "../SenderErrors.ts"
import { LinkInput, type LinkView, makeAuthenticateLink, makeFindTarget } from "./Link.ts"
import { useCase } from "./UseCase.ts"

export const readLink = useCase(
  "readLink",
  LinkInput,
  Effect.gen(function* () {
    const authenticateLink = yield* makeAuthenticateLink
    const findTarget = yield* makeFindTarget
    const view = (sender: Sender, state: LinkView["state"]) =>
      Effect.map(findTarget(sender), (target): LinkView => ({ ...target, state }))
    return Effect.fnUntraced(function* ({ token }) {
      const { link, loaded, sender } = yield* authenticateLink(token)
      const { address, mailbox } = sender
      if (sender.removed) return yield* new LinkRefused({ reason: "removed", address })
      if (sender.link?.verificationId !== link.verificationId)
        return yield* new LinkRefused({ reason: "void", address })
      if (mailbox === "verified") return yield* view(sender, "verified")
      if (mailbox === "declined") return yield* new LinkRefused({ reason: "declined", address })
      if (mailbox === "expired" || loaded.at >= sender.link.expiresAt) {
        return yield* new LinkRefused({ reason: "expired", address })
      }
      return yield* view(sender, "open")
    })
  })
)
