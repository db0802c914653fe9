/**
 * A program: our HTTP application over the store at the path that it is given, on a free port of loopback.
 */
import { toNodeListener } from "@countersign/http"
import { openApplication } from "./OurApplication.ts"
import { serveUntilInputEnds } from "./UntilInputEnds.ts"

const [file = ""] = process.argv.slice(2)
const { close, handler, token } = await openApplication(file, toNodeListener())
await serveUntilInputEnds(handler, { token }, close)
