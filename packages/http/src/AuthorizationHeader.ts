/**
 * Reads the `Authorization` header for the dialects whose clients write an access key into it.
 */

const scheme = /^(bearer|basic) +(.*)$/i

/** Whether the header names one of the schemes. */
export const hasScheme = (header: string): boolean => scheme.test(header.trim())

/** The key in the header: raw, `Bearer <key>`, or `Basic <base64>`, whose longer half is the key. */
export const authorizationKey = (header: string): string => {
  const [, name, rest = ""] = scheme.exec(header.trim()) ?? []
  if (name === undefined) return header.trim()
  return name.toLowerCase() === "bearer" ? rest.trim() : basicKey(rest.trim())
}

const basicKey = (value: string): string => {
  const decoded = Buffer.from(value, "base64").toString("latin1")
  // What does not decode to printable text is the key itself, sent without base64.
  if (!/^[\x20-\x7e]+$/.test(decoded)) return value
  const colon = decoded.indexOf(":")
  const [user, password] = colon === -1 ? [decoded, ""] : [decoded.slice(0, colon), decoded.slice(colon + 1)]
  return user.length > password.length ? user : password
}
