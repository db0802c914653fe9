/** A key pair, and its private half as it is stored. */
import { createPublicKey, sign, verify } from "node:crypto"
import { KeyId, parseLinkSecrets } from "@countersign/core"
import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import {
  isWrappedByNewest,
  type KeyPlace,
  makeKeyPair,
  makeWrappingKeys,
  publicKeyOf,
  unwrapKey,
  wrapKey
} from "../src/index.ts"

const older = "an older secret of at least 32 characters"
const newer = "a newer secret of at least 32 characters"
const keysOf = (secrets: string) => makeWrappingKeys(Result.getOrThrow(parseLinkSecrets(secrets)))
const place: KeyPlace = { installation: "an-installation", slot: 1, keyId: KeyId.make("key-1") }
const { privateKey, publicKey } = await Effect.runPromise(makeKeyPair)
const wrapped = wrapKey(keysOf(older), place, privateKey)
const failure = (secrets: string, at: KeyPlace, text: string) => {
  const opened = unwrapKey(keysOf(secrets), at, text)
  return Result.isFailure(opened) ? opened.failure : undefined
}

it("makes pairs of RSA with 2048 bits whose `p=` fits the private key", async () => {
  expect(privateKey.asymmetricKeyDetails).toMatchObject({ modulusLength: 2_048, publicExponent: 65_537n })
  const shown = createPublicKey({ key: Buffer.from(publicKey, "base64"), format: "der", type: "spki" })
  expect(verify("sha256", Buffer.from("a"), shown, sign("sha256", Buffer.from("a"), privateKey))).toBe(true)
  expect((await Effect.runPromise(makeKeyPair)).publicKey).not.toBe(publicKey)
})

it("makes them beside the event loop", () => {
  expect(() => Effect.runSync(makeKeyPair)).toThrow(/async/i)
})

describe("a wrapped key", () => {
  it("opens with its secret, whichever place that has in the list", () => {
    for (const secrets of [older, `${newer},${older}`, `${older},${newer}`]) {
      expect(publicKeyOf(Result.getOrThrow(unwrapKey(keysOf(secrets), place, wrapped)))).toBe(publicKey)
    }
  })

  it("is wrapped with the newest secret, and says when it is not", () => {
    const both = keysOf(`${newer},${older}`)
    expect(isWrappedByNewest(both, wrapped)).toBe(false)
    const again = wrapKey(both, place, privateKey)
    expect(isWrappedByNewest(both, again)).toBe(true)
    expect(failure(newer, place, again)).toBeUndefined()
  })

  it("is printable, short, and another one each time", () => {
    expect(wrapped).toMatch(/^[!-~]{1,2000}$/)
    expect(wrapKey(keysOf(older), place, privateKey)).not.toBe(wrapped)
  })

  it("holds nothing of the key in the clear", () => {
    const der = privateKey.export({ type: "pkcs8", format: "der" })
    const stored = Buffer.from(wrapped.split(".")[2] ?? "", "base64url")
    for (let at = 0; at + 16 <= der.length; at += 16) expect(stored.includes(der.subarray(at, at + 16))).toBe(false)
  })

  it.each([
    ["another installation", { ...place, installation: "another" }],
    ["another slot", { ...place, slot: 2 }],
    ["another id", { ...place, keyId: KeyId.make("key-2") }],
    ["the same text in other fields", { ...place, installation: "an-installation1", keyId: KeyId.make("ey-1") }]
  ] as const)("does not open for %s", (_, other) => {
    expect(failure(older, other, wrapped)?.code).toBe("does-not-open")
  })

  it("does not open when a bit of it is another one", () => {
    const [version, id, text = ""] = wrapped.split(".")
    const octets = Buffer.from(text, "base64url")
    for (const at of [0, 11, 12, 600, octets.length - 17, octets.length - 16, octets.length - 1]) {
      const changed = Buffer.from(octets)
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      expect(failure(older, place, `${version}.${id}.${changed.toString("base64url")}`)?.code).toBe("does-not-open")
    }
  })

  it.each(["", "1", wrapped.slice(0, 12), wrapped.replace("1.", "2."), `${wrapped} `, "1.00000000.AAAA"])(
    "is not the text %j",
    (text) => {
      expect(failure(older, place, text)?.code).toBe("malformed")
    }
  )

  it("needs a secret that is listed, and the sentence names none", () => {
    const { code, message } = failure(newer, place, wrapped) ?? {}
    expect(code).toBe("secret-missing")
    expect(message).toMatch(/^The signing key .*\.$/)
    for (const word of ["older secret", "newer secret", "key-1", "an-installation"]) expect(message).not.toContain(word)
  })
})
