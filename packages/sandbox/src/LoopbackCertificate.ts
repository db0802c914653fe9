/**
 * A self-signed certificate for 127.0.0.1 and localhost, made in memory: what an SMTP sink with TLS presents, and what
 * a client that shall trust it is given. Every call makes a new key, so that no private key has to lie in a repository.
 * Fit for loopback only.
 */
import { generateKeyPairSync, sign } from "node:crypto"

/** Key and certificate as PEM texts (RFC 7468). */
export interface LoopbackCertificate {
  readonly key: string
  readonly cert: string
}

/** One DER element (X.690 section 8.1): tag, length, content. */
const der = (tag: number, ...parts: ReadonlyArray<Uint8Array>): Buffer => {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
const sequence = (...parts: ReadonlyArray<Uint8Array>) => der(0x30, ...parts)
const objectId = (hex: string) => der(0x06, Buffer.from(hex, "hex"))
const utcYear = (year: string) => der(0x18, Buffer.from(`${year}0101000000Z`))
const extension = (id: string, value: Uint8Array) => sequence(objectId(id), der(0x04, value))

const commonName = objectId("550403")
const ecdsaWithSha256 = sequence(objectId("2a8648ce3d040302"))
const name = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from("countersign sandbox")))))
const alternativeNames = sequence(der(0x82, Buffer.from("localhost")), der(0x87, Buffer.from([127, 0, 0, 1])))

/** Makes a certificate (RFC 5280 section 4.1) on P-256, valid from 2020 to 2099. */
export const makeLoopbackCertificate = (): LoopbackCertificate => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    ecdsaWithSha256,
    name,
    sequence(utcYear("2020"), utcYear("2099")),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(extension("551d11", alternativeNames)))
  )
  const signature = der(0x03, Buffer.from([0]), sign("sha256", toBeSigned, privateKey))
  const body = sequence(toBeSigned, ecdsaWithSha256, signature)
    .toString("base64")
    .replace(/(.{64})(?=.)/g, "$1\n")
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`
  }
}
