/**
 * What every API document of Countersign says of itself, whichever dialects it describes. No server in here; a client
 * may import it.
 */
import { OpenApi } from "effect/http-api"
import { completeDocument } from "./OpenApiDocument.ts"

export const apiAnnotations = OpenApi.annotations({
  title: "Countersign",
  version: "0.0.0",
  description:
    "Proves that a customer may send mail as an address of their domain: the owner of the mailbox confirms a mailed link, the owner of the domain publishes CNAME records.\n\nThe same senders are served in several dialects, each in the form that the clients of its vendor expect. One access key works in all of them. Paths match in any case and with or without a slash at the end, and GET answers HEAD. Another method than a path has answers 405, with `Allow`, and an unknown path 404, both in the form of errors of the dialect that owns the path.",
  license: { name: "MIT" },
  transform: completeDocument
})
