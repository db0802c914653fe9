/**
 * The commands MAIL and RCPT as the client typed them (RFC 5321, section 4.1.2).
 *
 * smtp-server decodes the domain of an address and merges addresses that differ in case; the mail server is to get what
 * the client typed. It also ignores parameters that it does not know, and a client must hear that they have no effect.
 */
import { type Refused, refused } from "./SmtpReply.ts"

const command = /^(?:MAIL FROM|RCPT TO)\s*:\s*<([^<>]*)>\s*(.*)$/i

/** What follows the address: names in upper case, with their values. */
type Parameters = ReadonlyMap<string, string>

export interface TypedCommand {
  readonly address: string
  readonly parameters: Parameters
}

/** Parameters of MAIL that are understood. AUTH, which comes with its offer (RFC 4954, section 5), has no effect. */
const ofMail = ["BODY", "SIZE", "AUTH"]
const ofDsn = ["RET", "ENVID", "NOTIFY", "ORCPT"]

/** Reads the line, or says why it is refused. */
export const readCommand = (line: string, verb: "MAIL" | "RCPT"): TypedCommand | Refused => {
  const [, address, rest = ""] = command.exec(line) ?? []
  if (address === undefined) return refused(501, "5.5.4 the address belongs between < and >")
  if (!/^[!-~]*$/.test(address)) return refused(553, "5.6.7 an address must be ASCII here: SMTPUTF8 is not offered")
  const parameters = new Map(
    rest
      .split(/\s+/)
      .filter((parameter) => parameter !== "")
      .map((parameter) => {
        const [name = "", ...value] = parameter.split("=")
        return [name.toUpperCase(), value.join("=")] as const
      })
  )
  const flaw = flawOf([...parameters.keys()].find((name) => verb === "RCPT" || !ofMail.includes(name)))
  return flaw ?? { address, parameters }
}

const flawOf = (name: string | undefined): Refused | undefined => {
  if (name === undefined) return undefined
  if (name === "SMTPUTF8") return refused(555, "5.6.7 SMTPUTF8 is not offered")
  if (ofDsn.includes(name)) return refused(555, `5.5.4 ${name} is not offered: the relay asks for no delivery reports`)
  return refused(555, "5.5.4 the command has a parameter that is not offered")
}
