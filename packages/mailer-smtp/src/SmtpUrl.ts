/**
 * Where the mail server is and how it is talked to, as one URL:
 * `smtp://user:password@host:587?tls=required` or `smtps://user:password@host`.
 *
 * Read once, when the mailer is built; a mistake is told in one sentence, which never repeats the URL.
 */
import { isIPv6 } from "node:net"
import { isLoopback } from "@countersign/engine"
import { Redacted, Result } from "effect"
import { SmtpSettingInvalid } from "./SmtpSettingInvalid.ts"
import { isHostName } from "./SmtpText.ts"

/**
 * How a connection is encrypted. `implicit`: TLS from the first byte (RFC 8314). `required`: STARTTLS (RFC 3207), or
 * nothing is sent. `opportunistic`: STARTTLS when the server offers it; it must work then. `none`: never.
 */
export type SmtpEncryption = "implicit" | "required" | "opportunistic" | "none"

/** What an SMTP URL says. */
export interface SmtpServer {
  /** A host name or an IP address, without brackets. */
  readonly host: string
  readonly port: number
  readonly encryption: SmtpEncryption
  /** Whether the server's certificate must be valid for the host. */
  readonly verify: boolean
  readonly credentials: { readonly user: string; readonly pass: Redacted.Redacted } | undefined
  /** How the client calls itself in EHLO; absent: the machine's name. */
  readonly name: string | undefined
}

const known = ["tls", "verify", "name"]
const encryptions = ["required", "opportunistic", "none"] as const

/**
 * Reads the URL. Port: 465 for `smtps`, else 587. User and password are percent-encoded. Parameters:
 *
 * - `tls`, for `smtp` only: `required`, `opportunistic` or `none`. Without it `required` when there are credentials
 *   that would leave the machine, so that nobody can ask for them in the clear; else `opportunistic`.
 * - `verify=false` accepts any certificate.
 * - `name`: the client's name in EHLO, for servers that insist on a good one.
 */
export const parseSmtpUrl = (input: Redacted.Redacted): Result.Result<SmtpServer, SmtpSettingInvalid> => {
  const text = Redacted.value(input)
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) return refuse("it is not a URL such as smtp://user:password@mail.example.com:587")
  const implicit = url.protocol === "smtps:"
  if (!implicit && url.protocol !== "smtp:") return refuse("it begins with neither smtp:// nor smtps://")
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1")
  if (!isHostName(host) && !isIPv6(host)) return refuse("it names no host")
  if (url.port === "0") return refuse("its port is 0")
  if (!["", "/"].includes(url.pathname) || url.hash !== "") return refuse("something follows the host and port")

  const stranger = [...url.searchParams.keys()].find((key) => !known.includes(key))
  if (stranger !== undefined) return refuse(`it has a parameter other than ${known.join(", ")}`)
  const [tls, verify, name] = known.map((key) => url.searchParams.get(key) ?? undefined)
  if (verify !== undefined && verify !== "true" && verify !== "false") return refuse("verify is neither true nor false")
  if (name !== undefined && !isHostName(name)) return refuse("name is not a host name")

  const credentials = parseCredentials(url)
  if (Result.isFailure(credentials)) return Result.fail(credentials.failure)
  const fallback = credentials.success === undefined || isLoopback(host) ? "opportunistic" : "required"
  const startTls = tls === undefined ? fallback : encryptions.find((one) => one === tls)
  if (startTls === undefined) return refuse(`tls is none of ${encryptions.join(", ")}`)
  if (implicit && tls !== undefined) return refuse("smtps is always encrypted and takes no parameter tls")
  return Result.succeed({
    host,
    port: url.port === "" ? (implicit ? 465 : 587) : Number(url.port),
    encryption: implicit ? "implicit" : startTls,
    verify: verify !== "false",
    credentials: credentials.success,
    name
  })
}

const refuse = (reason: string) => Result.fail(new SmtpSettingInvalid({ setting: "url", reason }))

const parseCredentials = (url: URL): Result.Result<SmtpServer["credentials"], SmtpSettingInvalid> => {
  if (url.username === "" && url.password === "") return Result.succeed(undefined)
  if (url.username === "" || url.password === "") return refuse("it has a user or a password, but not both")
  return Result.try({
    try: () => ({
      user: decodeURIComponent(url.username),
      pass: Redacted.make(decodeURIComponent(url.password))
    }),
    catch: () => new SmtpSettingInvalid({ setting: "url", reason: "its user or password is not percent-encoded" })
  })
}
