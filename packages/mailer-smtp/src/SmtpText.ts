/**
 * What may stand in an SMTP command or a header, and what may be repeated of a server's words.
 */

const dotAtom = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const hostName = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/
const messageId = /^<[!-;=?-~]+@[!-;=?-~]+>$/
const unprintable = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu
const longestReply = 300

/** Whether a text is a host name (RFC 952, RFC 1123) of at most 253 octets. */
export const isHostName = (text: string): boolean => text.length <= 253 && hostName.test(text)

/**
 * Whether a text can stand between the angle brackets of MAIL and RCPT as it is: a dot-string at a domain, in ASCII,
 * with the lengths of RFC 5321, section 4.5.3.1.
 */
export const isMailbox = (text: string): boolean => {
  const at = text.lastIndexOf("@")
  return (
    at !== -1 && at <= 64 && text.length <= 254 && dotAtom.test(text.slice(0, at)) && isHostName(text.slice(at + 1))
  )
}

/** Whether a text is a Message-ID with its angle brackets (RFC 5322, section 3.6.4) that fits into one line. */
export const isMessageId = (text: string): boolean => text.length <= 900 && messageId.test(text)

/** Whether a text can be the value of a header: nothing in it can end the line, or start another one. */
export const isHeaderText = (text: string): boolean => text.isWellFormed() && !/[\p{Cc}\u2028\u2029]/u.test(text)

/**
 * A server's words, fit to be stored and shown: one line, limited in length, without the secrets, should the server
 * repeat them.
 */
export const quotable = (text: string, secrets: ReadonlyArray<string>): string => {
  const hidden = secrets.reduce((words, secret) => words.replaceAll(secret, "***"), text)
  const line = Array.from(hidden.toWellFormed().replace(unprintable, " ").replace(/\s+/gu, " ").trim())
  return line.length <= longestReply ? line.join("") : `${line.slice(0, longestReply).join("")}…`
}
