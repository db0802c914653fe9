/**
 * Messages that try to pass for somebody else's: each way of writing a From that some program reads as `as`, by one
 * whose own address is `own`.
 */

export interface Pretence {
  /** The address that is to be seen. */
  readonly as: string
  /** The address of the one who sends. */
  readonly own: string
}

const parts = (address: string): readonly [string, string] => {
  const at = address.lastIndexOf("@")
  return [address.slice(0, at), address.slice(at + 1)]
}
const base64 = (text: string) => `=?utf-8?b?${Buffer.from(text).toString("base64")}?=`
const quoted = (text: string) => `=?utf-8?q?${text.replaceAll("@", "=40")}?=`
const from = (...values: ReadonlyArray<string>) => values.map((value) => `From: ${value}`)

const headers: ReadonlyArray<readonly [name: string, write: (pretence: Pretence) => ReadonlyArray<string>]> = [
  ["plain", ({ as }) => from(as)],
  ["angle", ({ as }) => from(`<${as}>`)],
  ["upper case", ({ as }) => [`FROM:${as.toUpperCase()}`]],
  ["subdomain", ({ as }) => from(`${parts(as)[0]}@mail.${parts(as)[1]}`)],
  ["parent", ({ as }) => from(`${parts(as)[0]}@${parts(as)[1].split(".").slice(1).join(".")}`)],
  ["subdomain of one's own", ({ as, own }) => from(`${parts(as)[0]}@${parts(as)[1]}.${parts(own)[1]}`)],
  ["look-alike letter", ({ as }) => from(as.replace("o", "\u043e"))],
  ["look-alike A-label", ({ as }) => from(`${parts(as)[0]}@xn--${parts(as)[1].replace(".", "-9za.")}`)],
  ["look-alike digit", ({ as }) => from(as.replace(/[io]/, (letter) => (letter === "i" ? "1" : "0")))],
  ["trailing dot", ({ as }) => from(`${as}.`)],
  ["address as name", ({ as, own }) => from(`"${as}" <${own}>`)],
  ["address as encoded name", ({ as, own }) => from(`${base64(as)} <${own}>`)],
  ["address as name in Q", ({ as, own }) => from(`${quoted(as)} <${own}>`)],
  ["address in two words", ({ as, own }) => from(`${base64(as.slice(0, 5))} ${base64(as.slice(5))} <${own}>`)],
  ["full-width at sign", ({ as, own }) => from(`${base64(as.replace("@", "\uff20"))} <${own}>`)],
  ["reversed text", ({ as, own }) => from(`${base64(`\u202e${as}`)} <${own}>`)],
  ["angle in the name", ({ as, own }) => from(`"<${as}>" <${own}>`)],
  ["two, theirs first", ({ as, own }) => from(as, own)],
  ["two, theirs last", ({ as, own }) => from(own, as)],
  ["two, folded", ({ as, own }) => [`From: ${own}`, "from:", ` ${as}`]],
  ["colon behind a space", ({ as, own }) => [`From : ${as}`, `From: ${own}`]],
  ["list", ({ as, own }) => from(`${own}, ${as}`)],
  ["list, theirs first", ({ as, own }) => from(`${as}, ${own}`)],
  ["group", ({ as }) => from(`Us: ${as};`)],
  ["group and own", ({ as, own }) => from(`Us: ${as};, ${own}`)],
  ["comment", ({ as, own }) => from(`${own} (${as})`)],
  ["comment first", ({ as, own }) => from(`(${own}) ${as}`)],
  ["comment within", ({ as }) => from(`${as.replace("@", "(x)@")}`)],
  ["encoded address", ({ as }) => from(quoted(as))],
  ["encoded address in the angle", ({ as }) => from(`<${quoted(as)}>`)],
  ["route", ({ as, own }) => from(`<@${parts(own)[1]}:${as}>`)],
  ["quoted local part", ({ as }) => from(`"${parts(as)[0]}"@${parts(as)[1]}`)],
  ["own in the local part", ({ as, own }) => from(`"${own}"@${parts(as)[1]}`)],
  ["percent hack", ({ as, own }) => from(`${as.replace("@", "%")}@${parts(own)[1]}`)],
  ["two angles", ({ as, own }) => from(`<${as}> <${own}>`)],
  ["angle in the angle", ({ as, own }) => from(`<<${as}>${own}>`)],
  ["bare LF", ({ as, own }) => [`From: ${own}`, `Subject: a\nFrom: ${as}`]],
  ["bare CR", ({ as, own }) => [`From: ${own}`, `Subject: a\rFrom: ${as}`]],
  ["bare LF before", ({ as, own }) => [`Subject: a\nFrom: ${as}`, `From: ${own}`]],
  ["bare CR in From", ({ as, own }) => [`From: ${own}\r ${as}`]],
  ["NUL", ({ as, own }) => [`From: ${own}\0, ${as}`]],
  ["fold of spaces only", ({ as, own }) => [`From: ${own}`, " ", `From: ${as}`]],
  ["early end of the header", ({ as, own }) => [`X: a\n\nFrom: ${as}`, `From: ${own}`]],
  ["sender", ({ as, own }) => [`From: ${as}`, `Sender: ${own}`]],
  ["sender, theirs", ({ as, own }) => [`From: ${own}`, `Sender: ${as}`]],
  ["resent", ({ as, own }) => [`From: ${as}`, `Resent-From: ${own}`]],
  [
    "forged signature",
    ({ as }) => [`DKIM-Signature: v=1; a=rsa-sha256; d=${parts(as)[1]}; s=x; h=from; bh=; b=`, `From: ${as}`]
  ],
  ["8-bit name", ({ as, own }) => from(`\u00e9 ${as} <${own}>`)],
  ["line of 999", ({ as, own }) => [`From: ${own}`, `X: ${"x".repeat(996)}`, `Cc: ${as}`]]
]

/** How many there are. */
export const waysToPretend = headers.length

const bodies: ReadonlyArray<(pretence: Pretence) => string> = [
  () => "Hello\r\n",
  ({ as }) => `a\n.\nMAIL FROM:<${as}>\nDATA\nFrom: ${as}\n\nb\r\n`,
  ({ as }) => `a\r.\rFrom: ${as}\r\n`,
  () => ""
]

/** A message in one of the ways; `attempt` is its own header field. */
export const hostileMail = (way: number, body: number, attempt: string, pretence: Pretence): Uint8Array => {
  const lines = [
    ...(headers[way % headers.length]?.[1](pretence) ?? []),
    `X-Attempt: ${attempt}`,
    "To: bob@example.org"
  ]
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${bodies[body % bodies.length]?.(pretence) ?? ""}`)
}

/** An ordinary message. */
export const honestMail = (attempt: string, address: string): Uint8Array =>
  Buffer.from(`From: "Accounts" <${address}>\r\nX-Attempt: ${attempt}\r\nSubject: Invoice\r\n\r\nHello\r\n`)
