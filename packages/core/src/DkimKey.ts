/**
 * The public key in a DKIM key record (RFC 6376, section 3.6.1): parsed as tags, so that spaces and the order of tags
 * do not matter.
 */

/** The tags of a key record, each with its value without white space; the first of a name counts. */
export const keyTags = (text: string): ReadonlyMap<string, string> => {
  const tags = new Map<string, string>()
  for (const part of text.split(";")) {
    const at = part.indexOf("=")
    if (at < 0) continue
    const name = part.slice(0, at).trim()
    if (!tags.has(name)) tags.set(name, part.slice(at + 1).replaceAll(/\s/g, ""))
  }
  return tags
}

/** Whether a text is a key record at all: it has a `p=`, which may be empty (the key is revoked). */
export const isKeyRecord = (text: string): boolean => keyTags(text).has("p")

/** Whether two key records carry the same key, and one that is not revoked. */
export const sameKey = (a: string, b: string): boolean => {
  const left = keyTags(a).get("p") ?? ""
  return left !== "" && left === keyTags(b).get("p")
}

/**
 * Whether a verifier of mail trusts a signature of ours by this record: it is of RSA, admits SHA-256 and mail, and is
 * not marked as a test (`t=y`).
 */
export const isSigningKey = (text: string): boolean => {
  const tags = keyTags(text)
  const admits = (tag: string, ...values: ReadonlyArray<string>) => {
    const list = tags.get(tag)
    return list === undefined || list.split(":").some((value) => values.includes(value.toLowerCase()))
  }
  const isTest = tags.get("t")?.split(":").includes("y") ?? false
  return admits("v", "dkim1") && admits("k", "rsa") && admits("h", "sha256") && admits("s", "*", "email") && !isTest
}
