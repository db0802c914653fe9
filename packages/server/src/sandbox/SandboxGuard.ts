/**
 * Keeps other web sites out of the sandbox, which hands its access token to whoever asks on this machine.
 *
 * A page elsewhere can make a browser send requests here, but not with a foreign Host header that is ours (so a name
 * that was rebound to loopback is refused), and it cannot hide its Origin when it changes something.
 */
import { isLoopback } from "@countersign/engine"

/** Why a request is refused, in one sentence; `undefined` lets it in. `publicUrl` is the sandbox's own URL. */
export const refusalOf = (
  request: { readonly method: string; readonly headers: { readonly [name: string]: string | undefined } },
  publicUrl: string
): string | undefined => {
  const host = request.headers.host
  const target = host === undefined ? null : URL.parse(`http://${host}`)
  if (
    target === null ||
    (!isLoopback(target.hostname.replace(/^\[|\]$/g, "")) && target.host !== URL.parse(publicUrl)?.host)
  ) {
    return "The sandbox answers only to a name of this machine, such as localhost or 127.0.0.1."
  }
  if (request.method === "GET" || request.method === "HEAD") return undefined
  const origin = request.headers.origin
  const foreign = origin !== undefined && URL.parse(origin)?.host !== target.host
  return foreign ? "Only the sandbox's own page and programs on this machine may change it." : undefined
}
