/** What the tests sign with: a domain, its key, and what the DNS says of it. */
import { Effect, Result } from "effect"
import { type DkimSigner, makeKeyPair, prepareMessage, readMessage, signMessage } from "../src/index.ts"
import type { Records } from "./Judges.ts"

export const domain = "example.com"
const selector = "abc.k1"
export const at = Date.UTC(2026, 10, 28)

const { privateKey, publicKey } = await Effect.runPromise(makeKeyPair)

export const signer: DkimSigner = { domain, selector, privateKey, at }
export const records: Records = { [`${selector}._domainkey.${domain}`]: `v=DKIM1; k=rsa; p=${publicKey}` }

/** Checked, completed and signed, or a rejection. */
export const signed = (raw: Uint8Array | string, by: DkimSigner = signer): Promise<Uint8Array> => {
  const message = Result.getOrThrow(readMessage(Buffer.from(raw)))
  return Effect.runPromise(signMessage(prepareMessage(message, { domain: by.domain, at, id: "id-1" }), by))
}

/** Header lines and a body, with CRLF. */
export const mail = (header: ReadonlyArray<string>, body = "Hello\r\n"): string =>
  `${header.join("\r\n")}\r\n\r\n${body}`
