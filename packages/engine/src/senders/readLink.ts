/**
 * What the page of a link shows. Changes nothing.
 */
import { Effect } from "effect"
import { LinkRefused } from "../SenderErrors.ts"
import { LinkInput, makeReadGenuine, makeShowLink } from "./Link.ts"
import { useCase } from "./UseCase.ts"

export const readLink = useCase(
  "readLink",
  LinkInput,
  Effect.gen(function* () {
    const readGenuine = yield* makeReadGenuine
    const show = yield* makeShowLink
    return Effect.fnUntraced(function* ({ token }) {
      const { link, loaded, sender } = yield* readGenuine(token)
      const { address, mailbox } = sender
      if (sender.removed) return yield* new LinkRefused({ reason: "removed", address })
      if (sender.link?.verificationId !== link.verificationId)
        return yield* new LinkRefused({ reason: "void", address })
      if (mailbox === "verified") return yield* show(sender, "verified")
      if (mailbox === "declined") return yield* new LinkRefused({ reason: "declined", address })
      if (mailbox === "expired" || loaded.at >= sender.link.expiresAt) {
        return yield* new LinkRefused({ reason: "expired", address })
      }
      return yield* show(sender, "open")
    })
  })
)
